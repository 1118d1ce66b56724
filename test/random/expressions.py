"""Random expressions of the language: reals, integers, truth values, over the ranks in scope.

Where a value decides something (a comparison, a selection, a rounding) it is made of operations that are exact
in every precision, so that rounding never decides differently: see `Expressions.exact`.
"""

import random

RANKS = ["b", "m", "n", "k", "f"]
UNARY = ["exp(-abs({}))", "tanh({})", "sigmoid({})", "abs({})", "relu({})", "sqrt(abs({}))",
         "log1p(abs({}))", "sin({})", "cos({})", "exp2(-abs({}))", "softplus({})", "-({})", "silu({})",
         "gelu({})", "erf({})", "rsqrt(1.5 + abs({}))", "log2(1.0 + abs({}))", "expm1(-abs({}))"]
BINARY = ["({} + {})", "({} - {})", "({} * {})", "max({}, {})", "min({}, {})", "({} / (1.5 + abs({})))"]
REDUCTIONS = ["sum", "sum", "sum", "max", "max", "min", "mean"]


class Expressions:
    """Expects `tensors` (name -> kind, ranks), `ranks`, `scalars` (name -> kind) and `random` of its user."""

    random: random.Random

    def pick(self, items):
        return self.random.choice(list(items))

    def chance(self, probability):
        return self.random.random() < probability

    # Reads ---------------------------------------------------------------------------------

    def fitting(self, kind, scope, exact=False):
        return [name for name, (k, ranks) in self.tensors.items()
                if k == kind and set(ranks) <= set(scope) and (not exact or name in self.exact_tensors)]

    def at(self, name, subscripts=None):
        subscripts = self.tensors[name][1] if subscripts is None else subscripts
        text = f"{name}[{','.join(subscripts)}]" if subscripts else name
        return f"T({text})" if name in self.narrow else text

    def read(self, name, scope):
        """The tensor at its own ranks, some of them shifted or gathered."""
        return self.at(name, [self.subscript(r, scope) if self.chance(0.12) else r for r in self.tensors[name][1]])

    def subscript(self, rank, scope):
        choices = [f"{rank} - 1", f"{rank} + 1", f"{rank} // 2", f"#{rank} - 1 - {rank}", f"{rank} // 2 * 2"]
        others = [r for r in scope if r != rank]
        if others:
            choices.append(self.pick(others))
        integers = self.fitting("int", scope)
        if integers:
            choices += [self.at(self.pick(integers)), f"{rank} + {self.at(self.pick(integers))} % 2"]
        return self.pick(choices)

    # Values --------------------------------------------------------------------------------

    def leaf(self, scope):
        names = self.fitting("real", scope)
        if names and not self.chance(0.1):
            return self.read(self.pick(names), scope)
        scalars = [n for n, kind in self.scalars.items() if kind == "real"]
        if scalars and self.chance(0.3):
            return self.pick(scalars)
        if self.chance(0.6) or not scope:
            return str(round(self.random.uniform(-2, 2), 2))
        return f"T({self.integer(scope, 1)}) * 0.25"

    def real(self, scope, depth):
        roll = self.random.random()
        if depth == 0 or roll < 0.15:
            return self.leaf(scope)
        if roll < 0.35:
            return self.pick(UNARY).format(self.real(scope, depth - 1))
        if roll < 0.68:
            return self.pick(BINARY).format(self.real(scope, depth - 1), self.real(scope, depth - 1))
        if roll < 0.76:
            return f"(if {self.truth(scope)} then {self.real(scope, depth - 1)} else {self.real(scope, depth - 1)})"
        if roll < 0.83:
            return f"(({self.real(scope, depth - 1)} where {self.truth(scope)}) else {self.leaf(scope)})"
        if roll < 0.88 and scope:
            return self.prefix(scope, depth - 1)
        free = [r for r in self.ranks if r not in scope]
        return self.reduction(scope, self.pick(free), depth - 1) if free else self.leaf(scope)

    def guard(self, scope, probability=0.35):
        if not self.chance(probability):
            return ""
        return f" | {self.solvable(scope) if self.chance(0.4) else self.truth(scope)}"

    def solvable(self, scope):
        """A comparison that bounds the last rank, or that it decides another rank by."""
        *others, rank = scope
        forms = [rank, f"{rank} // 2", f"{rank} // 3", f"{rank} % 2", f"2 * {rank}", f"({rank} - 1) // 2",
                 f"max({rank}, 2)", f"({rank} + {self.integer(others, 0)})", self.integer(scope, 0)]
        left, right = self.pick(forms), self.integer(others, 1)
        return f"{left} {self.pick(['==', '==', '==', '<=', '<', '>=', '>'])} {right}"

    def reduction(self, scope, rank, depth):
        inner = [*scope, rank]
        kind = self.pick(REDUCTIONS)
        text = f"{kind}[{rank}{self.guard(inner)}]({self.real(inner, depth)})"
        return f"({text} else 0.5)" if kind in ("max", "min", "mean") else text

    def prefix(self, scope, depth):
        """A prefix form along a rank in scope; factors of products are at most 1."""
        rank, kind = self.pick(scope), self.pick(["cumsum", "cumsum", "cummax", "cumprod"])
        options = "".join(f", {o}" for o in ("exclusive", "reverse") if self.chance(0.3))
        body = self.real(scope, depth)
        body = f"tanh({body})" if kind == "cumprod" else body
        text = f"{kind}[{rank}{options}]({body})"
        return f"({text} else 0.25)" if kind == "cummax" else text

    def exact(self, scope, depth):
        """A real that every precision computes exactly: inputs, chosen among, negated, doubled."""
        names = self.fitting("real", scope, exact=True)
        if not names:
            return f"T({self.integer(scope, 1)})"
        if depth == 0 or self.chance(0.4):
            return self.read(self.pick(names), scope)
        form = self.pick(["abs({})", "-({})", "2.0 * {}", "max({}, {})", "min({}, {})", "({} where {})",
                          "(if {} then {} else {})"])
        if form.startswith("({} where"):
            return form.format(self.exact(scope, depth - 1), self.truth(scope, 0))
        if form.startswith("(if"):
            return form.format(self.truth(scope, 0), self.exact(scope, depth - 1), self.exact(scope, depth - 1))
        return form.format(*(self.exact(scope, depth - 1) for _ in range(form.count("{}"))))

    def integer(self, scope, depth):
        names = self.fitting("int", scope)
        roll = self.random.random()
        if depth > 0 and roll < 0.45:
            form = self.pick(["({} + {})", "({} - {})", "max({}, {})", "min({}, {})", "abs({})", "{} * 2", "{} // 2",
                              "{} % 3", "(if ? then {} else {})"])
            form = form.replace("?", self.truth(scope, 0))
            return form.format(*(self.integer(scope, depth - 1) for _ in range(form.count("{}"))))
        if depth > 0 and roll < 0.6:
            free = [r for r in self.ranks if r not in scope]
            if free:
                return self.integer_reduction(scope, self.pick(free))
        if names and roll < 0.85:
            return self.read(self.pick(names), scope)
        scalars = [n for n, kind in self.scalars.items() if kind == "int"]
        return str(self.pick([*scope, *scope, *scalars, 1, 2, 3]))

    def integer_reduction(self, scope, rank):
        inner = [*scope, rank]
        kind = self.pick(["sum", "max", "min", "count", "argmax", "argmin"])
        body = (self.truth(inner, 0) if kind == "count" else self.exact(inner, 1) if kind.startswith("arg")
                else self.integer(inner, 1))
        text = f"{kind}[{rank}{self.guard(inner)}]({body})"
        return text if kind in ("sum", "count") else f"({text} else 1)"

    def truth(self, scope, depth=1):
        names, selections = self.fitting("bool", scope), self.memberships(scope)
        roll = self.random.random()
        if names and roll < 0.2:
            return self.read(self.pick(names), scope)
        if selections and roll < 0.3:
            return self.pick(selections)
        if roll < 0.4 and self.fitting("real", scope):
            return f"present({self.read(self.pick(self.fitting('real', scope)), scope)})"
        if depth > 0 and roll < 0.5:
            return f"({self.truth(scope, 0)} {self.pick(['and', 'or'])} {self.truth(scope, 0)})"
        if depth > 0 and roll < 0.55:
            return f"not ({self.truth(scope, 0)})"
        if depth > 0 and roll < 0.62:
            free = [r for r in self.ranks if r not in scope]
            if free:
                rank = self.pick(free)
                return f"{self.pick(['any', 'all'])}[{rank}]({self.truth([*scope, rank], 0)})"
        if roll < 0.72 and self.fitting("real", scope, exact=True):
            return f"{self.exact(scope, 1)} {self.pick(['<', '>='])} {self.pick(['0.0', self.exact(scope, 0)])}"
        if roll < 0.77:
            return f"{self.pick([0, 1])} <= {self.integer(scope, 0)} < {self.pick([2, 3, 5])}"
        return f"{self.integer(scope, 0)} {self.pick(['<', '<=', '>=', '!=', '=='])} {self.integer(scope, 0)}"

    def memberships(self, scope):
        """Tests of an integer against the last rank of an integer tensor."""
        rows = [(name, ranks) for name, (kind, ranks) in self.tensors.items()
                if kind == "int" and len(ranks) > 1 and set(ranks[:-1]) <= set(scope)]
        if not rows or not scope:
            return []
        name, ranks = self.pick(rows)
        return [f"{self.pick(scope)} in {name}[{','.join(ranks[:-1])},:]"]
