"""Parses the equations of the catalogue's three families into small tuples.

A node is ('num', x), ('name', n), ('read', tensor, indices), ('call', f, args),
('bin', op, a, b), ('neg', a), ('not', a), ('cmp', ops, operands),
('and'|'or', a, b), ('if', cond, then, otherwise) or
('fold', op, ranks, cond, body, extra): a reduction or a scan along ranks.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|[<>=!]=|//|[-+*/%^<>=()\[\],|])")
FOLDS = {
    "softmax": "sum max min prod any all cumsum argtopk topk_mask sortdesc argmax".split(),
    "sparse": "sum max min count any all rank topk argmax".split(),
    "scan": "sum prod max min mean logsumexp softmax".split(),
}


@dataclass
class Equation:
    """`name[left] = body [where cond]`; `start` is the rank whose value before index 0 it gives."""
    name: str
    left: list
    body: tuple
    where: tuple | None = None
    start: str | None = None
    loop: str | None = None
    text: str = field(default="", repr=False)

    def ranks(self):
        return [i[1] for i in self.left if i[0] == "name"]


class Parser:
    def __init__(self, text, family):
        self.tokens, self.at, self.family = self._split(text), 0, family

    @staticmethod
    def _split(text):
        tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise SyntaxError(f"cannot read {text[at:]!r} in {text!r}")
            tokens.append(match[1])
            at = match.end()
        return tokens

    def peek(self, *wanted):
        return self.at < len(self.tokens) and self.tokens[self.at] in wanted

    def take(self, *wanted):
        if self.at >= len(self.tokens) or (wanted and self.tokens[self.at] not in wanted):
            raise SyntaxError(f"expected {wanted} at {self.tokens[self.at:]} of {' '.join(self.tokens)}")
        self.at += 1
        return self.tokens[self.at - 1]

    def listed(self, close, item):
        items = []
        while not self.peek(close):
            items.append(item())
            if not self.peek(close):
                self.take(",")
        self.take(close)
        return items

    def equation(self):
        name, start, left = self.take(), None, []
        if self.peek("["):
            self.take("[")
            while not self.peek("]"):
                left.append(self.sum())
                if self.peek("="):
                    self.take("="), self.take("-"), self.take("1")
                    start = left[-1][1]
                if self.peek(","):
                    self.take(",")
            self.take("]")
        self.take("=")
        body = self.expression()
        where = self.take("where") and self.expression() if self.peek("where") else None
        if self.at != len(self.tokens):
            raise SyntaxError(f"left over: {self.tokens[self.at:]}")
        return Equation(name, left, body, where, start)

    def expression(self):
        value = self.disjunction()
        if self.family == "softmax" and self.peek("if"):
            self.take("if")
            cond = self.disjunction()
            self.take("else")
            return ("if", cond, value, self.expression())
        return value

    def disjunction(self):
        left = self.conjunction()
        while self.peek("or"):
            self.take()
            left = ("or", left, self.conjunction())
        return left

    def conjunction(self):
        left = self.negation()
        while self.peek("and"):
            self.take()
            left = ("and", left, self.negation())
        return left

    def negation(self):
        if self.peek("not"):
            self.take()
            return ("not", self.negation())
        return self.comparison()

    def comparison(self):
        operands, ops = [self.sum()], []
        while self.peek("<", ">", "<=", ">=", "==", "!="):
            ops.append(self.take())
            operands.append(self.sum())
        return ("cmp", ops, operands) if ops else operands[0]

    def sum(self):
        left = self.product()
        while self.peek("+", "-"):
            left = ("bin", self.take(), left, self.product())
        return left

    def product(self):
        left = self.unary()
        while self.peek("*", "/", "//", "%"):
            left = ("bin", self.take(), left, self.unary())
        return left

    def unary(self):
        if self.peek("-"):
            self.take()
            return ("neg", self.unary())
        base = self.atom()
        if self.peek("^"):
            self.take()
            return ("bin", "^", base, self.unary())
        return base

    def atom(self):
        token = self.take()
        if token == "(":
            inner = self.expression()
            self.take(")")
            return inner
        if token[0].isdigit():
            return ("num", float(token) if re.search(r"[.eE]", token) else int(token))
        if token in FOLDS[self.family] and self.peek("("):
            return self.keyword_fold(token) if self.family == "softmax" else self.prefix_fold(token)
        if self.peek("["):
            self.take("[")
            return ("read", token, self.listed("]", self.expression))
        if self.peek("("):
            self.take("(")
            return ("call", token, self.listed(")", self.expression))
        return ("name", token)

    def keyword_fold(self, op):
        """`sum(n, body, where=cond)`, `sum((i,j), body)`, `argtopk(n, body, j)`."""
        self.take("(")
        if self.peek("("):
            self.take("(")
            ranks = self.listed(")", self.take)
        else:
            ranks = [self.take()]
        self.take(",")
        body, extra, cond = self.expression(), None, None
        while self.peek(","):
            self.take(",")
            if self.peek("where"):
                self.take(), self.take("=")
                cond = self.expression()
            else:
                extra = self.expression()
        self.take(")")
        return ("fold", op, ranks, cond, body, extra)

    def prefix_fold(self, op):
        """`sum(i,j | cond) body`: the body is all that follows (sparse) or the product (scan)."""
        self.take("(")
        ranks, cond = [self.take()], None
        while self.peek(","):
            self.take(",")
            ranks.append(self.take())
        if self.peek("|"):
            self.take("|")
            cond = self.disjunction()
        self.take(")")
        extra = ("name", ranks.pop()) if op == "topk" else None
        body = self.disjunction() if self.family == "sparse" else self.product()
        return ("fold", op, ranks, cond, body, extra)


def parse(lines, family):
    """The equations of a row, in order; `loop` names the rank of an explicit loop, if any."""
    equations, loop = [], None
    for line in lines:
        head, _, scan = line.partition(";")
        if family == "sparse" and line.startswith("loop "):
            loop = line.split()[1]
        elif family == "sparse" and line.strip() == "end":
            loop = None
        else:
            equation = Parser(head, family).equation()
            equation.loop = scan.split()[1] if scan else loop
            equation.text = line
            equations.append(equation)
    return equations


def reads(node):
    """Names of the tensors that a node reads, indices included."""
    if isinstance(node, list):
        return set().union(*map(reads, node)) if node else set()
    if not isinstance(node, tuple):
        return set()
    own = {node[1]} if node[0] in ("read", "name") else set()
    return own.union(*(reads(part) for part in node[1:]))
