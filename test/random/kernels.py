"""Random well-typed kernels: inputs of every storage type, equations of every form, several outputs."""

import random

from expressions import RANKS, Expressions

NARROW = ["f16", "bf16", "f8e4m3", "f8e5m2", "f32"]
INTEGERS = ["i32", "i32", "i64", "i16", "i8", "u8", "i4"]


class Kernel(Expressions):
    def __init__(self, seed, forms=None):
        self.random = random.Random(seed)
        self.seed, self.forms = seed, forms or FORMS
        self.tensors, self.scalars, self.narrow, self.exact_tensors = {}, {}, set(), set()
        self.ranks, self.rank_lines, self.inputs, self.lines = list(RANKS), [], [], []
        if self.chance(0.25):
            self.ranks.append("s")
            self.rank_lines.append(f"rank s like {self.pick(RANKS)}")
        self.add_inputs()
        for i in range(self.random.randint(1, 6)):
            getattr(self, "add_" + self.pick(self.forms))(i)

    def some(self, least, most, without=()):
        ranks = [r for r in RANKS if r not in without]
        return sorted(self.random.sample(ranks, min(len(ranks), self.random.randint(least, most))), key=RANKS.index)

    # Arguments -----------------------------------------------------------------------------

    def add_inputs(self):
        for name in "XYWV"[: self.random.randint(1, 4)]:
            self.add_input(name, self.pick(NARROW) if self.chance(0.15) else "T")
        for name in "GP"[: self.random.randint(0, 2)]:
            kind = self.pick(INTEGERS)
            bound = self.pick(["", f" in 0..{self.pick([2, 4])}", f" in 0..#{self.pick(RANKS)}", " in -1..3"])
            if kind in ("i4", "u8") and "#" in bound or kind == "u8" and "-" in bound:
                bound = ""
            self.add_input(name, kind, bound)
        if self.chance(0.4):
            self.add_input("B", "bool")
        for name, kind, text in (("c", "real", "c: T = 0.75"), ("w", "int", "w: i32 = 2"), ("e", "int", "e: const i32 = 3")):
            if self.chance(0.2):
                self.scalars[name] = kind
                self.inputs.append((None, text))

    def add_input(self, name, kind, bound=""):
        ranks = self.some(1, 3)
        self.tensors[name] = ("bool" if kind == "bool" else "int" if kind in INTEGERS else "real", ranks)
        if kind not in ("T", "bool", *INTEGERS):
            self.narrow.add(name)
        if self.tensors[name][0] == "real":
            self.exact_tensors.add(name)
        self.inputs.append((name, f"{name}: {kind}[{', '.join(ranks)}]{bound}"))

    # Equations -----------------------------------------------------------------------------

    def define(self, name, kind, ranks, text, clauses="", type_of=""):
        left = f"{name}: {type_of}" if type_of else name
        left += f"[{','.join(ranks)}]" if ranks else ""
        self.lines.append(f"{left} = {text}{clauses}")
        self.tensors[name] = (kind, ranks)

    def where(self, ranks, probability):
        return f"  where {self.truth(ranks)}" if ranks and self.chance(probability) else ""

    def add_real(self, i):
        ranks = self.some(0, 3)
        self.define(f"T{i}", "real", ranks, self.real(ranks, 3), self.where(ranks, 0.25))

    def add_integer(self, i):
        ranks = self.some(0, 3)
        self.define(f"I{i}", "int", ranks, self.integer(ranks, 2), self.where(ranks, 0.2))

    def add_truth(self, i):
        ranks = self.some(1, 3)
        self.define(f"B{i}", "bool", ranks, self.truth(ranks))

    def add_chain(self, i):
        """Reductions over the same ranks, each reading the ones before it: what derivations work on."""
        over = self.some(1, 2) if self.chance(0.3) else [self.pick(RANKS)]
        outer = [r for r in self.some(0, 2) if r not in over]
        scope = outer + over
        rank = ",".join(over)
        s, m, z = f"S{i}", f"M{i}", f"Z{i}"
        self.define(s, "real", scope, self.real(scope, 2), self.where(scope, 0.4))
        kind = self.pick(["max", "max", "min", "mean", "sum"])
        self.define(m, "real", outer, f"{kind}[{rank}]({self.at(s)}) else 0.0")
        gap = f"({self.at(s)} - {self.at(m)})"
        weight = self.pick([f"exp(-abs{gap})", f"exp(min({gap}, 0.0))", gap, f"{gap}^2", f"exp({gap} * 0.5)",
                            f"exp({gap}) * {gap}", f"(1.0 + {self.at(s)}) * exp({gap})", f"sigmoid{gap}"])
        if kind != "max" and "exp(" in weight and "-abs" not in weight and "min" not in weight:
            weight = weight.replace(gap, f"min({gap}, 4.0)")
        self.define(z, "real", outer, f"sum[{rank}]({weight})")
        value = self.pick([n for n, (k, _) in self.tensors.items() if k == "real"])
        ranks = outer + [r for r in self.tensors[value][1] if r not in scope]
        self.define(f"O{i}", "real", ranks, f"sum[{rank}]({weight} / (0.5 + abs({self.at(z)})) * {self.at(value)})")

    def add_prefix(self, i):
        ranks = self.some(1, 3)
        self.define(f"C{i}", "real", ranks, self.prefix(ranks, 2), self.where(ranks, 0.15))

    def add_selection(self, i):
        """Positions of the best, and what lies there."""
        rank, outer = self.pick(RANKS), []
        outer = self.some(0, 2, without=[rank])
        score = self.exact([*outer, rank], 2)
        if self.chance(0.25):
            self.define(f"R{i}", "int", [*outer, rank], f"rank_of[{rank}]({score})", self.where([rank], 0.2))
            place, count = self.at(f"R{i}"), self.pick(["1", "2", "3", "#" + self.pick(RANKS), *(s for s in self.scalars if s in "we")])
            chosen = self.pick([f"{place} < {count}", f"{count} > {place}", f"{place} <= {count}"])
            return self.add_best(i, rank, outer, chosen) if self.chance(0.7) else None
        into = f"j{i}"
        whole = self.chance(0.3)
        self.rank_lines.append(f"rank {into} = {'#' + rank if whole else self.pick([1, 2, 3, 7])}")
        self.define(f"J{i}", "int", [*outer, into], f"{'sort' if whole else 'topk'}[{rank} -> {into}]({score})")
        if self.chance(0.3):
            return self.add_best(i, rank, outer, f"{rank} in {self.at(f'J{i}', [*outer, ':'])}")
        holders = [n for n, (k, r) in self.tensors.items() if k == "real" and rank in r]
        if not holders:
            return None
        name = self.pick(holders)
        place = self.at(f"J{i}")
        ranks = outer + [r for r in self.tensors[name][1] if r != rank and r not in outer]
        read = self.at(name, [place if r == rank else r for r in self.tensors[name][1]])
        if self.chance(0.5):
            return self.define(f"V{i}", "real", ranks, f"sum[{into}]({read} * {self.real([*outer, into], 1)})")
        return self.define(f"V{i}", "real", [*ranks, into], f"{read} + {self.leaf([*outer, into])}")

    def add_best(self, i, rank, outer, chosen):
        """A reduction of selected points, in one equation or seen through another."""
        value = f"{self.real([*outer, rank], 2)} where {chosen}"
        if self.chance(0.4):
            self.define(f"F{i}", "real", [*outer, rank], value)
            value = self.at(f"F{i}")
        return self.define(f"W{i}", "real", outer, self.pick([
            f"sum[{rank}]({value})", f"max[{rank}]({value})", f"mean[{rank}]({value})", f"min[{rank}]({value})",
            f"sum[{rank}](softmax[{rank}]({value}) * {self.real([*outer, rank], 1)})",
            f"T(count[{rank}](present({value})))"]))

    # Recurrences ---------------------------------------------------------------------------

    def step(self, rank):
        """An earlier point of an iterative rank, and whether it is the one before."""
        return self.pick([f"{rank} - 1"] * 5 + [f"{rank} - 2", f"{rank} // 2 * 2 - 1", f"{rank} // 3 - 1"])

    def start(self, ranks, real=True):
        if self.chance(0.4):
            return ""
        if self.chance(0.15):
            return "  from absent"
        return f"  from {self.real(ranks, 1) if real else self.integer(ranks, 1)}"

    def own(self, name, ranks, rank, step):
        return f"{name}[{','.join(step if r == rank else r for r in ranks)}]"

    def gate(self, scope):
        return self.pick(["sigmoid({})", "tanh({})", "exp(-abs({}))"]).format(self.real(scope, 1))

    def add_recurrence(self, i):
        ranks, name = self.some(1, 3), f"H{i}"
        rank = self.pick(ranks)
        outer = [r for r in ranks if r != rank]
        descends = self.chance(0.25)
        step = f"{rank} + 1" if descends else self.step(rank)
        before = self.own(name, ranks, rank, step)
        free = [r for r in RANKS if r not in ranks]
        forms = [f"{self.gate(ranks)} * {before} + {self.real(ranks, 1)}", f"max({before}, {self.real(ranks, 1)})",
                 f"tanh({before} + {self.real(ranks, 1)})",
                 f"(if {self.truth(ranks)} then {before} else {self.real(ranks, 1)})"]
        if outer and len(outer) < len(RANKS) - 1:
            mixed = self.own(name, [f"#{outer[0]} - 1 - {outer[0]}" if r == outer[0] else r for r in ranks], rank, step)
            forms.append(f"0.5 * {mixed} + 0.5 * {before} + {self.leaf(ranks)}")
        if free:
            forms.append(f"{self.reduction(ranks, self.pick(free), 1)} + 0.5 * {before}")
        text = self.pick(forms)
        self.define(name, "real", ranks, text, (f"  descending {rank}" if descends else "") + self.start(outer))
        if self.chance(0.4):
            end = f"{'0' if descends else f'#{rank} - 1'}"
            self.define(f"E{i}", "real", outer, f"{self.own(name, ranks, rank, end)} else 0.125")

    def add_group(self, i):
        """Two tensors that read each other; one of them over the ranks of the other and one more."""
        ranks = self.some(1, 2)
        rank = self.pick(ranks)
        a, b = f"A{i}", f"D{i}"
        free = [r for r in RANKS if r not in ranks]
        inner = [self.pick(free)] if self.chance(0.5) else []
        wide = ranks + inner
        before_a, before_b = self.own(a, ranks, rank, f"{rank} - 1"), self.own(b, wide, rank, f"{rank} - 1")
        sum_b = f"sum[{inner[0]}]({before_b} * {self.leaf(wide)})" if inner else before_b
        text_a = f"0.5 * {before_a} + tanh({sum_b}) + {self.real(ranks, 1)}"
        self.define(b, "real", wide, f"{self.gate(wide)} * {before_b} + {self.own(a, ranks, rank, rank)}",
                    self.start([r for r in wide if r != rank]))
        self.define(a, "real", ranks, text_a)

    def add_nested(self, i):
        """An inner iterative rank that starts from the end of the one before."""
        outer, inner = self.random.sample(RANKS, 2)
        rest = self.some(0, 1, without=[outer, inner])
        ranks, name = [outer, inner, *rest], f"N{i}"
        before = self.own(name, ranks, inner, f"{inner} - 1")
        last = self.own(name, [f"#{inner} - 1" if r == inner else r for r in ranks], outer, f"{outer} - 1")
        clauses = f"  from {inner}: {self.gate([outer, *rest])} * {last}"
        if self.chance(0.7):
            clauses += f"  from {outer}: {self.real(rest, 1)}"
        self.define(name, "real", ranks, f"{self.gate(ranks)} * {before} + {self.leaf(ranks)}", clauses)

    def add_count(self, i):
        """Integers and truth values that are carried along a rank."""
        ranks = self.some(1, 2)
        rank = self.pick(ranks)
        outer = [r for r in ranks if r != rank]
        name = f"K{i}"
        before = self.own(name, ranks, rank, self.step(rank))
        if self.chance(0.3):
            return self.define(name, "bool", ranks, f"{before} {self.pick(['or', 'and', '!='])} ({self.truth(ranks)})")
        text = self.pick([f"if {self.truth(ranks)} then {before} + 1 else 0", f"max({before}, {self.integer(ranks, 1)})",
                          f"({before} + {self.integer(ranks, 0)}) % 7"])
        return self.define(name, "int", ranks, text, self.start(outer, real=False), "i32")

    # Text ----------------------------------------------------------------------------------

    def output(self, name):
        kind, ranks = self.tensors[name]
        stored = {"real": ["T"] * 8 + ["f16", "bf16"], "int": ["i32", "i64"], "bool": ["bool"]}[kind]
        fill = self.pick(["", "", "", " else 7" if kind == "int" else " else -2.5" if kind == "real" else ""])
        return f"{name}: {self.pick(stored)}" + (f"[{', '.join(ranks)}]" if ranks else "") + fill

    def text(self, real="f32"):
        results = [n for n in self.tensors if not any(n == name for name, _ in self.inputs)]
        chosen = self.random.sample(results, min(len(results), self.random.randint(1, 3)))
        chosen += [results[-1]] if results[-1] not in chosen else []
        given = [f"rank {r} = {self.pick([1, 2, 3, 5])}" for r in RANKS
                 if not any(name and r in self.tensors[name][1] for name, _ in self.inputs)]
        return (f"kernel r{self.seed}[T: {real}]({', '.join(text for _, text in self.inputs)})\n"
                f"    -> ({', '.join(self.output(n) for n in chosen)})\n{{\n"
                + "".join(f"  {line}\n" for line in given + self.rank_lines + self.lines) + "}\n")


FORMS = ["real"] * 4 + ["chain"] * 4 + ["integer", "truth", "prefix", "prefix", "selection", "selection", "recurrence",
                                        "recurrence", "group", "nested", "count"]
