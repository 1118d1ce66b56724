"""Random well-typed cascades: generate.py --seed S --count N DIR writes DIR/r<seed>.weir, one a seed.

Each file is a kernel over a few small ranks whose equations draw on the whole term language of maps and
reductions: chains of dependent reductions, predicates, absent points, integers, several outputs. The same
seed gives the same text; a failing file is its own reproducer.
"""
import argparse
import random
from pathlib import Path

RANKS = ["b", "m", "n", "k", "f"]
UNARY = ["exp(-abs({}))", "tanh({})", "sigmoid({})", "abs({})", "relu({})", "sqrt(abs({}))",
         "log1p(abs({}))", "sin({})", "cos({})", "exp2(-abs({}))", "softplus({})", "-({})", "silu({})"]
BINARY = ["({} + {})", "({} - {})", "({} * {})", "max({}, {})", "min({}, {})", "({} / (1.5 + abs({})))"]
REDUCTIONS = ["sum", "sum", "sum", "max", "max", "min", "mean"]


class Kernel:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.reals, self.lines, self.inputs = {}, [], []
        for name in "XYWV"[: self.random.randint(2, 4)]:
            self.add_input(name, "T")
        if self.random.random() < 0.5:
            self.add_input("G", "i32", " in 0..4")
        if self.random.random() < 0.4:
            self.add_input("B", "bool")
        for i in range(self.random.randint(2, 7)):
            self.add_equations(i)

    def pick(self, items):
        return self.random.choice(list(items))

    def some(self, least, most):
        return sorted(self.random.sample(RANKS, self.random.randint(least, most)), key=RANKS.index)

    def add_input(self, name, kind, suffix=""):
        ranks = self.some(1, 3)
        self.inputs.append((name, kind, ranks, suffix))
        if kind == "T":
            self.reals[name] = ranks

    def extra(self, kind):
        return [i for i in self.inputs if i[1] == kind]

    # Expressions over the ranks in scope.

    def read(self, scope):
        fitting = [(name, ranks) for name, ranks in self.reals.items() if set(ranks) <= set(scope)]
        if not fitting or self.random.random() < 0.1:
            return str(round(self.random.uniform(-2, 2), 2)) if self.random.random() < 0.7 or not scope \
                else f"f32({self.pick(scope)}) * 0.25"
        name, ranks = self.pick(fitting)
        return self.at(name, [self.shifted(r) if self.random.random() < 0.1 else r for r in ranks])

    def shifted(self, rank):
        return self.pick([f"{rank} - 1", f"{rank} + 1", f"{rank} // 2", f"#{rank} - 1 - {rank}"])

    def condition(self, scope):
        integers = [f"{n}[{','.join(r)}]" for n, _, r, _ in self.extra("i32") if set(r) <= set(scope)]
        bools = [f"{n}[{','.join(r)}]" for n, _, r, _ in self.extra("bool") if set(r) <= set(scope)]
        terms = list(scope) + integers
        if bools and self.random.random() < 0.4:
            return self.pick(bools)
        if not terms:
            return "1 < 2"
        left, right = self.pick(terms), self.pick(terms + ["1", "2", "3"])
        test = f"{left} {self.pick(['<', '<=', '>=', '!=', '=='])} {right}"
        return f"{test} {self.pick(['and', 'or'])} {self.condition(scope)}" if self.random.random() < 0.15 else test

    def expression(self, scope, depth):
        roll = self.random.random()
        if depth == 0 or roll < 0.15:
            return self.read(scope)
        if roll < 0.35:
            return self.pick(UNARY).format(self.expression(scope, depth - 1))
        if roll < 0.7:
            return self.pick(BINARY).format(self.expression(scope, depth - 1), self.expression(scope, depth - 1))
        if roll < 0.78:
            return f"(if {self.condition(scope)} then {self.expression(scope, depth - 1)} " \
                   f"else {self.expression(scope, depth - 1)})"
        if roll < 0.84:
            return f"(({self.expression(scope, depth - 1)} where {self.condition(scope)}) else {self.read(scope)})"
        free = [r for r in RANKS if r not in scope]
        return self.reduction(scope, self.pick(free), depth - 1) if free else self.read(scope)

    def reduction(self, scope, rank, depth):
        inner = self.expression(list(scope) + [rank], depth)
        guard = f" | {self.condition(list(scope) + [rank])}" if self.random.random() < 0.25 else ""
        kind = self.pick(REDUCTIONS)
        text = f"{kind}[{rank}{guard}]({inner})"
        return f"({text} else 0.5)" if kind in ("max", "min", "mean") else text

    # Equations.

    def define(self, name, ranks, text, guard=None):
        where = f"  where {guard}" if guard else ""
        self.lines.append(f"  {name}[{','.join(ranks)}] = {text}{where}" if ranks else f"  {name} = {text}{where}")
        self.reals[name] = ranks

    def add_equations(self, i):
        if self.random.random() < 0.45:
            return self.add_chain(i)
        ranks = self.some(0, 3)
        guard = self.condition(ranks) if ranks and self.random.random() < 0.25 else None
        self.define(f"T{i}", ranks, self.expression(ranks, 3), guard)

    def add_chain(self, i):
        """Reductions over one rank, each reading the ones before it: what derivations work on."""
        rank = self.pick(RANKS)
        outer = [r for r in self.some(0, 2) if r != rank]
        scope = outer + [rank]
        guard = self.condition(scope) if self.random.random() < 0.4 else None
        s, m, z = f"S{i}", f"M{i}", f"Z{i}"
        self.define(s, scope, self.expression(scope, 2), guard)
        self.define(m, outer, f"{self.pick(['max', 'max', 'min', 'mean', 'sum'])}[{rank}]({self.at(s, scope)}) else 0.0")
        gap = f"({self.at(s, scope)} - {self.at(m, outer)})"
        weight = self.pick([f"exp(-abs{gap})", f"exp(min({gap}, 0.0))", gap, f"{gap}^2", f"exp({gap} * 0.5)",
                            f"exp({gap}) * {gap}", f"(1.0 + {self.at(s, scope)}) * exp({gap})", f"sigmoid{gap}"])
        self.define(z, outer, f"sum[{rank}]({weight})")
        free = [r for r in RANKS if r not in scope]
        value = self.read(scope + [self.pick(free)])
        ranks = outer + [r for r in free if f"{r}" in value.replace("f32", "").replace("[", " ").replace(",", " ").split()
                         or any(f"{c}{r}{d}" in value for c in "[,(# " for d in "],) ")]
        self.define(f"O{i}", ranks, f"sum[{rank}]({weight} / (0.5 + abs({self.at(z, outer)})) * {value})")

    @staticmethod
    def at(name, ranks):
        return f"{name}[{','.join(ranks)}]" if ranks else name

    def text(self, real="f32"):
        results = [n for n in self.reals if not any(n == i[0] for i in self.inputs)]
        outputs = self.random.sample(results, min(len(results), self.random.randint(1, 3)))
        if results[-1] not in outputs:
            outputs.append(results[-1])
        carried = {r for _, _, ranks, _ in self.inputs for r in ranks}
        given = [f"  rank {r} = {self.random.choice([1, 2, 3, 5])}" for r in RANKS
                 if r not in carried and any(r in line for line in self.lines)]
        arguments = ", ".join(f"{n}: {k}[{', '.join(r)}]{s}" for n, k, r, s in self.inputs)
        signature = ", ".join(f"{n}: T[{', '.join(self.reals[n])}]" if self.reals[n] else f"{n}: T" for n in outputs)
        return (f"# A random cascade, seed {self.seed}.\nkernel r{self.seed}[T: {real}]({arguments})\n"
                f"    -> ({signature})\n{{\n" + "\n".join(given + self.lines).replace("f32(", f"{real}(") + "\n}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--type", default="f32", help="of real tensors")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seed, options.seed + options.count):
        (options.folder / f"r{seed}.weir").write_text(Kernel(seed).text(options.type))


if __name__ == "__main__":
    main()
