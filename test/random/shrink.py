"""Shrinks a kernel for as long as a test of it fails in the same way.

    python shrink.py FILE [--kernel NAME] [--weir PATH] -- ARGUMENTS OF weir verify

Deletes outputs, equations, arguments, ranks and clauses, and puts operands in the place of operations, one at a time,
until no deletion is left after which the kernel still fails alike: with the same outcome, and where it was refused
with the same diagnostic. The result replaces nothing: it is printed.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

OPERATORS = {"+", "-", "*", "/", "//", "%", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or", "where", "else", "then",
             "in", "|"}
TOKEN = re.compile(r"\s*(\d+\.\d+|\w+|//|->|<=|>=|==|!=|\.\.|\S)")
CLOSING = {"(": ")", "[": "]"}


class Kernel:
    """The parts of a kernel's text: one argument, output or line each."""

    def __init__(self, text):
        head = re.search(r"kernel (\w+\[[^\]]*\]|\w+)\(", text)
        self.name = head[1]
        end = matching(text, head.end() - 1)
        self.arguments = split(text[head.end():end])
        begin = text.index("(", end + 1)
        end = matching(text, begin)
        self.outputs = split(text[begin + 1:end])
        self.lines = [line.strip() for line in text[text.index("{", end) + 1:text.rindex("}")].splitlines()]
        self.lines = [line for line in self.lines if line]

    def text(self):
        return (f"kernel {self.name}({', '.join(self.arguments)})\n    -> ({', '.join(self.outputs)})\n{{\n"
                + "".join(f"  {line}\n" for line in self.lines) + "}\n")

    def with_part(self, field, index, new):
        """A copy in which one part is another, or is gone."""
        copy = Kernel.__new__(Kernel)
        copy.__dict__.update(self.__dict__)
        setattr(copy, field, [x for i, old in enumerate(getattr(self, field))
                              for x in ([old] if i != index else [] if new is None else [new])])
        return copy

    def candidates(self):
        """Smaller kernels, the smallest first."""
        for field in ("outputs", "lines", "arguments"):
            for i in range(len(getattr(self, field))):
                if field != "outputs" or len(self.outputs) > 1:
                    yield self.with_part(field, i, None)
        ranks = dict.fromkeys(r.strip() for a in self.arguments + self.lines for g in re.findall(r"\[([^\[\]]*)\]", a)
                              for r in g.split(","))
        for rank in ranks:
            if re.fullmatch(r"\w+", rank):
                yield self.without_rank(rank)
        for i, line in enumerate(self.lines):
            for new in smaller_lines(line):
                yield self.with_part("lines", i, new)
        for field in ("arguments", "outputs"):
            for i, part in enumerate(getattr(self, field)):
                for new in smaller_arguments(part):
                    yield self.with_part(field, i, new)

    def without_rank(self, rank):
        drop = lambda text: re.sub(r"\[([^\[\]]*)\]", lambda g: bracketed(
            [x for x in g[1].split(",") if x.strip() != rank]), text)
        copy = Kernel.__new__(Kernel)
        copy.name = self.name
        copy.arguments, copy.outputs = list(map(drop, self.arguments)), list(map(drop, self.outputs))
        copy.lines = [drop(line) for line in self.lines if not line.startswith(f"rank {rank} ")]
        return copy


def bracketed(items):
    return f"[{','.join(items)}]" if items else ""


def matching(text, begin):
    depth = 0
    for i in range(begin, len(text)):
        depth += (text[i] in "([") - (text[i] in ")]")
        if depth == 0:
            return i
    raise ValueError("brackets that do not match")


def split(text):
    """At the commas outside brackets."""
    parts, depth, begin = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            parts.append(text[begin:i].strip())
            begin = i + 1
    return [p for p in parts + [text[begin:].strip()] if p]


def smaller_arguments(text):
    for pattern, new in ((r" in .*", ""), (r" else .*", ""), (r"const ", ""),
                         (r": (f16|bf16|f8e4m3|f8e5m2|f32|f64)\b", ": T"), (r": (i64|i16|i8|u8|i4)\b", ": i32")):
        found = re.sub(pattern, new, text)
        if found != text:
            yield found


def smaller_lines(line):
    if line.startswith("rank "):
        if not line.endswith("= 1"):
            yield re.sub(r"=.*", "= 1", line)
        return
    left, _, right = line.partition(" = ")
    clause = re.search(r"  (where|from|descending) ", right)
    if clause:
        for found in re.finditer(r"  (?:where|from|descending) ", right):
            rest = re.search(r"  (?:where|from|descending) ", right[found.end():])
            end = found.end() + rest.start() if rest else len(right)
            yield f"{left} = {right[:found.start()]}{right[end:]}"
    for new in smaller(right):
        yield f"{left} = {new}"


def smaller(text):
    """Expressions with one operation less, whole operands first."""
    items = tokens(text)
    for begin, end in segments(items):
        whole = text[items[begin][1]:items[end - 1][2]]
        before, after = text[:items[begin][1]], text[items[end - 1][2]:]
        alternatives = []
        for i in range(begin, end):
            word = items[i][0]
            if word in OPERATORS and depth_between(items, begin, i) == 0:
                alternatives += [text[items[begin][1]:items[i][1]].strip(), text[items[i][2]:items[end - 1][2]].strip()]
        for new in alternatives + ["0.5", "1"]:
            if new and len(new) < len(whole):
                yield before + new.removeprefix("if ") + after
    for i, (word, start, end) in enumerate(items):
        if word in CLOSING and re.fullmatch(r"\w+", items[i - 1][0] if i else ""):
            close = closing(items, i)
            if word == "[" and close + 1 < len(items) and items[close + 1][0] == "(":
                yield text[:items[i - 1][1]] + text[items[close + 1][1]:]
            if word == "(":
                for part in split(text[end:items[close][1]]):
                    yield text[:items[i - 1][1]] + "(" + part + ")" + text[items[close][2]:]
        if word == "(" and not (i and re.fullmatch(r"\w+|\]", items[i - 1][0])):
            close = closing(items, i)
            yield text[:start] + text[end:items[close][1]] + text[items[close][2]:]


def tokens(text):
    return [(m[1], m.start(1), m.end(1)) for m in TOKEN.finditer(text)]


def closing(items, i):
    depth = 0
    for k in range(i, len(items)):
        depth += (items[k][0] in CLOSING) - (items[k][0] in CLOSING.values())
        if depth == 0:
            return k
    raise ValueError("brackets that do not match")


def depth_between(items, begin, end):
    return sum((items[k][0] in CLOSING) - (items[k][0] in CLOSING.values()) for k in range(begin, end))


def segments(items):
    """Runs of tokens between brackets and commas, the longest first."""
    found, stack = [], [0]
    for i, (word, _, _) in enumerate(items):
        if word in CLOSING:
            stack.append(i + 1)
        elif word in CLOSING.values() or word == ",":
            found.append((stack.pop(), i))
            if word == ",":
                stack.append(i + 1)
    found.append((0, len(items)))
    return sorted((s for s in found if s[0] < s[1]), key=lambda s: s[0] - s[1])


class Test:
    """Runs `weir verify` on a text and says how it fails: None, or an outcome with what identifies it."""

    def __init__(self, weir, arguments, timeout=20):
        self.command = [weir, "verify", "--json", "--jobs", "1", *arguments]
        self.timeout = timeout

    def __call__(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "case.weir"
            file.write_text(text)
            try:
                done = subprocess.run([*self.command, str(file)], capture_output=True, text=True, timeout=self.timeout)
            except subprocess.TimeoutExpired:
                return "hang"
        if done.returncode == 0:
            return None
        if done.returncode not in (1, 3):
            return f"crash {done.returncode}"
        for verdict in json.loads(done.stdout):
            if verdict["outcome"] != "same":
                return f"{verdict['outcome']} {verdict['precision']} {self.reason(verdict, done.stderr)}".strip()
        return None

    @staticmethod
    def reason(verdict, stderr):
        if verdict["outcome"] == "different":
            return ""
        if verdict["detail"] == "is no valid source":
            found = re.search(r"error: (.*)", stderr)
            return re.sub(r"'[^']*'", "''", found[1]) if found else ""
        return re.sub(r"'[^']*'|\d+", "", verdict["detail"])


def shrink(text, test, budget=2000):
    """The smallest kernel found that fails as `text` does, and how it fails."""
    failure = test(text)
    if failure is None:
        return text, None
    kernel, tried, seen = Kernel(text), 0, set()
    progress = True
    while progress and tried < budget:
        progress = False
        for candidate in kernel.candidates():
            smaller_text = candidate.text()
            if smaller_text in seen or tried >= budget:
                continue
            seen.add(smaller_text)
            tried += 1
            if test(smaller_text) == failure:
                kernel, progress = candidate, True
                break
    return kernel.text(), failure


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--kernel", help="where the file has several")
    parser.add_argument("--weir", default="weir")
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options = parser.parse_args(sys.argv[1:end])
    options.arguments = sys.argv[end + 1:]
    text = options.file.read_text()
    if options.kernel:
        text = re.search(rf"^kernel {options.kernel}\b.*?^\}}\n", text, re.S | re.M)[0]
    small, failure = shrink(text, Test(options.weir, options.arguments))
    print(f"# {failure}\n{small}" if failure else "# does not fail")
    return 0 if failure else 1


if __name__ == "__main__":
    sys.exit(main())
