"""Evaluates the catalogue's equations in numpy f64: what every `.weir` row is checked against.

A value is a pair (array, presence); presence None means that every point is present. Arrays
have one axis a bound index variable, in the order of binding, and broadcast. Only the sparse
family has absent points; in the others a subscript out of range reads 0.

    python evaluator.py sparse/moba --size 1 --seed 0 --out DIR
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import notation
import rows
from folds import Folds
from values import ARITHMETIC, COMPARE, MAPS, both, number, whole


class Tensor:
    """A named array; along axes in `base` position 0 holds the value at index -1."""

    def __init__(self, shape, base=(), presence=False):
        self.shape, self.base = tuple(shape), set(base)
        full = tuple(n + (i in self.base) for i, n in enumerate(shape))
        self.values = None
        self.present = np.zeros(full, bool) if presence else None
        self.full = full

    def store(self, place, value, present):
        """Writes a slice; the first one decides the element type."""
        place = tuple(p + 1 if i in self.base and not isinstance(p, slice) else
                      slice(1, None) if i in self.base else p for i, p in enumerate(place))
        value = np.asarray(value)
        if self.values is None:
            self.values = np.zeros(self.full, value.dtype)
        elif value.dtype.kind == "f" and self.values.dtype.kind != "f":
            self.values = self.values.astype(float)
        self.values[place] = value
        if self.present is not None:
            self.present[place] = True if present is None else present


class Evaluator(Folds):
    def __init__(self, family, row, size, seed=0):
        self.family, self.row, self.partial = family, row, family == "sparse"
        self.extents, self.params, self.overrides = rows.scope(family, row, size)
        self.inputs = rows.generate(family, row, self.extents, self.params, seed)
        self.tensors = {}
        for name, array in self.inputs.items():
            exact = array if array.dtype == bool else array.astype(np.int64 if array.dtype.kind == "i" else float)
            self.define(name, array.shape).store((slice(None),) * array.ndim, exact, None)
        self.equations = notation.parse(row["equations"], family)
        self.fixed = {}   # iterative ranks at their current point
        self.axes = []    # bound index variables, one axis each

    def define(self, name, shape, base=()):
        self.tensors[name] = Tensor(shape, base, self.partial)
        return self.tensors[name]

    def extent(self, index):
        return self.extents[rows.rank_of(index, self.extents)]

    # Order of evaluation -------------------------------------------------------------------

    def run(self):
        """Evaluates all equations and gives the outputs as f64 arrays."""
        with np.errstate(all="ignore"):
            self.allocate()
            for group in self.groups():
                self.iterate(group, self.iterative(group))
        outputs = {}
        for name in self.row["outputs"]:
            tensor = self.tensors[name]
            values = tensor.values[tuple(slice(1, None) if i in tensor.base else slice(None)
                                         for i in range(tensor.values.ndim))]
            outputs[name] = np.asarray(values if tensor.present is None else np.where(tensor.present, values, 0), float)
        return outputs

    def allocate(self):
        for name in dict.fromkeys(e.name for e in self.equations):
            own = [e for e in self.equations if e.name == name]
            ranks = next(([i[1] if i[0] == "name" else i[2][1] for i in e.left] for e in own
                          if all(i[0] in ("name", "bin") for i in e.left)), None)
            grown = {i for e in own for i, x in enumerate(e.left) if x[0] == "bin"}
            base = {i for e in own if e.start for i, x in enumerate(e.left) if x[1] == e.start}
            self.define(name, [self.extent(r) + (i in grown) for i, r in enumerate(ranks)], base)

    def groups(self):
        """Equations in an order of dependence; those that depend on each other stay together."""
        if self.family != "scan":
            ordered = []
            for equation in self.equations:
                if ordered and equation.loop and ordered[-1][-1].loop == equation.loop:
                    ordered[-1].append(equation)
                else:
                    ordered.append([equation])
            return ordered
        names = list(dict.fromkeys(e.name for e in self.equations))
        needs = {n: set().union(*(notation.reads(e.body) for e in self.equations if e.name == n)) & set(names)
                 for n in names}
        reach = {n: set(needs[n]) for n in names}
        for k in names:
            for n in names:
                if k in reach[n]:
                    reach[n] |= reach[k]
        ordered, done = [], set()
        while len(done) < len(names):
            for n in names:
                cycle = {m for m in names if m in reach[n] and n in reach[m]} | {n}
                if n not in done and all(m in done or m in cycle for m in reach[n]):
                    done |= cycle
                    ordered.append([e for e in self.equations if e.name in cycle])
        return ordered

    def iterative(self, group):
        if self.family != "scan":
            return [group[0].loop] if group[0].loop else []
        names = {e.name for e in group}
        cyclic = any(names & notation.reads(e.body) for e in group) or any(e.start for e in group)
        return [r for r in self.row["scan"] if any(r in e.ranks() for e in group)] if cyclic else []

    def iterate(self, group, ranks):
        """Runs the group for all points of the iterative ranks, the outermost first."""
        starts = [e for e in group if e.start and (not ranks or e.start == ranks[0])]
        for equation in starts:
            self.assign(equation)
        rest = [e for e in group if e not in starts]
        if not ranks:
            for equation in rest:
                self.assign(equation)
            return
        for point in range(self.extent(ranks[0])):
            self.fixed[ranks[0]] = point
            self.iterate(rest, ranks[1:])
        del self.fixed[ranks[0]]

    def assign(self, equation):
        place, axes = [], []
        for index in equation.left:
            if index[0] == "name" and index[1] == equation.start:
                place.append(-1)
            elif index[0] == "name" and index[1] not in self.fixed:
                axes.append(index[1])
                place.append(slice(0, self.extent(index[1])))
            else:
                place.append(int(self.value(index)[0]))
        self.axes = axes
        value, present = self.value(equation.body)
        if equation.where is not None:
            cond = self.truth(equation.where)
            present = both(present, cond)
        shape = [self.extent(a) for a in axes]
        present = None if present is None else np.broadcast_to(present, shape)
        self.tensors[equation.name].store(place, np.broadcast_to(value, shape), present)
        self.axes = []

    # Expressions ---------------------------------------------------------------------------

    def value(self, node):
        return getattr(self, "on_" + node[0])(*node[1:])

    def truth(self, node):
        """A condition; absent counts as false."""
        value, present = self.value(node)
        value = np.asarray(value).astype(bool)
        return value if present is None else value & present

    def on_num(self, x):
        return np.asarray(x), None

    def on_name(self, name):
        if name in self.axes:
            shape = [1] * len(self.axes)
            shape[self.axes.index(name)] = -1
            return np.arange(self.extent(name)).reshape(shape), None
        upper = {k.upper(): v for k, v in self.extents.items()} if self.family == "scan" else {}
        constants = {"inf": np.inf, "pi": np.pi, "true": True}
        for known in (self.fixed, self.params, self.extents, upper, constants):
            if name in known:
                return np.asarray(known[name]), None
        return self.on_read(name, [])

    def on_neg(self, a):
        value, present = self.value(a)
        return -number(value), present

    def on_not(self, a):
        return ~self.truth(a), None

    def on_and(self, a, b):
        return self.truth(a) & self.truth(b), None

    def on_or(self, a, b):
        return self.truth(a) | self.truth(b), None

    def on_bin(self, op, a, b):
        (x, p), (y, q) = self.value(a), self.value(b)
        return ARITHMETIC[op](number(x), number(y)), both(p, q)

    def on_cmp(self, ops, operands):
        values = [self.value(o) for o in operands]
        result = np.asarray(True)
        for op, (x, _), (y, _) in zip(ops, values, values[1:]):
            result = result & COMPARE[op](x, y)
        present = both(*(p for _, p in values))
        return (result if present is None else result & present), None

    def on_if(self, cond, a, b):
        (x, p), (y, q), c = self.value(a), self.value(b), self.truth(cond)
        present = None if p is None and q is None else np.where(c, True if p is None else p, True if q is None else q)
        return np.where(c, x, y), present

    def on_call(self, name, arguments):
        if name == "size":
            return np.asarray(self.extent(arguments[0][1])), None
        if name in ("if", "where"):
            return self.on_if(*arguments)
        values = [self.value(a) for a in arguments]
        if name == "absent":
            return np.asarray(False if values[0][1] is None else ~values[0][1]), None
        if name == "coalesce":
            (x, p), (y, q) = values
            return (x, None) if p is None else (np.where(p, x, y), None if q is None else p | q)
        if self.partial and name in ("maximum", "minimum"):
            neutral = -np.inf if name == "maximum" else np.inf
            filled = [x if p is None else np.where(p, x, neutral) for x, p in values]
            present = None if any(p is None for _, p in values) else values[0][1] | values[1][1]
            return MAPS[name](*filled), present
        return MAPS[name](*(number(x) for x, _ in values)), both(*(p for _, p in values))

    def on_read(self, name, indices):
        tensor = self.tensors[name]
        subscripts, valid = [], None
        for axis, (index, extent) in enumerate(zip(indices, tensor.shape, strict=True)):
            value, present = self.value(index)
            value = np.asarray(value)
            value = value if value.dtype.kind == "i" else whole(np.floor(value))
            low = -1 if axis in tensor.base else 0
            inside = (value >= low) & (value < extent)
            if not inside.all():
                present = both(present, inside)
            valid = both(valid, present)
            subscripts.append(np.clip(value, low, max(extent - 1, low)) - low)
        if tensor.values is None or 0 in tensor.full:
            shape = np.broadcast_shapes(*(s.shape for s in subscripts))
            return np.zeros(shape), np.zeros(shape, bool) if self.partial else None
        value = tensor.values[tuple(subscripts)]
        if not self.partial:
            return (value if valid is None else np.where(valid, value, np.zeros_like(value))), None
        present = both(valid, tensor.present[tuple(subscripts)])
        return value, None if present.all() else present


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row", nargs="*", help="family, row or family/row (all rows if none)")
    parser.add_argument("--size", type=int, help="index of the small size (all if not given)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="writes NAME.npy for the inputs and outputs of one row and size")
    options = parser.parse_args()
    cases = [(family, row, i, size) for family, row in rows.select(options.row)
             for i, size in enumerate(row["small"]) if options.size in (None, i)]
    if options.out and len(cases) != 1:
        parser.error(f"--out takes one row and one size; these are {len(cases)} cases")
    begun, bad = time.perf_counter(), 0
    for family, row, i, size in cases:
        evaluator = Evaluator(family, row, size, options.seed)
        outputs = evaluator.run()
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            for name, array in {**evaluator.inputs, **outputs}.items():
                np.save(options.out / f"{name}.npy", array)
        for name, array in outputs.items():
            if np.isnan(array).any():
                bad += 1
                print(f"{family}/{row['name']} size {i}: nan in {name}")
    print(f"{len(cases)} evaluations in {time.perf_counter() - begun:.1f} s, {bad} with nan")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
