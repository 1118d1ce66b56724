"""Runs rows at their large sizes and compares sampled output rows with numpy in f64.

    python large.py [ROW]... [--whole] [--samples 64] [--set T=f64] [--target host] [--threads 2]

A row of an output is all of its last rank at one point of the others; of a last rank that is long, as in
statistics of queries, single points are taken. The numbers are reached from the outputs: an equation is
evaluated at the points at which another reads it and at no others, so that no full score matrix is held.
Errors are relative to the largest magnitude among the samples. Without names, the rows in ROWS are run. These
have fewer batches and heads than the catalogue's large sizes, unless --whole is given; all other extents are large.
"""

import argparse
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import rows
from evaluator import Evaluator

ROOT = Path(__file__).resolve().parents[2]
HEADS = {"b": 1, "h": 2}
GROUPS = {"b": 1, "h": 4, "g": 2}
ROWS = {  # and what their batch-like ranks are reduced to
    "sdpa": HEADS, "sdpa_causal": HEADS, "sdpa_cross_causal": {"b": 1, "h": 8}, "mqa": {"b": 2}, "gqa": GROUPS,
    "mla_absorbed": {"b": 1, "h": 16}, "gated_sdpa": GROUPS, "sigmoid_attention": HEADS, "rope": HEADS,
    "attention_sink": GROUPS, "stat_lse": HEADS, "stat_entropy": HEADS, "stat_max_weight": HEADS, "softcap": HEADS,
    "alibi": HEADS, "t5_relative_bias": {"b": 1}, "prefix_lm": HEADS, "sliding_window": HEADS, "document_mask": HEADS,
    "varlen_packed": {"h": 2}, "differential_transformer": HEADS, "softmax_off_by_one": HEADS,
    "cosine_attention": {"b": 4}, "qk_norm": GROUPS, "sdpa_mask": HEADS}
# Four times the error of the interpreter rounding every operation, where that is more than 1e-6: angles of
# thousands of radians keep few digits of their sines in f32, and these sums are over 65,600 products and 32,768 keys.
LIMITS = {"rope": 1e-4, "mla_absorbed": 2e-5, "sdpa_cross_causal": 1.2e-5}
LONG = 512          # a last rank that is longer is sampled too
MEMORY = 22 << 30   # of this process
AT_A_TIME = 4       # sampled rows; each holds a row of scores with its products


class Sampler(Evaluator):
    """Evaluates tensors on demand at arrays of indices. Axes of outer equations keep their places, unnamed."""

    def __init__(self, family, row, size, seed):
        super().__init__(family, row, size, seed)
        self.bound = {}
        self.own = {e.name: e for e in self.equations}
        if len(self.own) != len(self.equations) or any(e.loop for e in self.equations):
            raise ValueError("a recurrence cannot be sampled")

    def sample(self, name, points):
        """The values at points given as one array a rank."""
        ranks = [index[1] for index in self.own[name].left]
        self.axes, self.bound = [f"@{i}" for i in range(points[0].ndim)], dict(zip(ranks, points))
        with np.errstate(all="ignore"):
            value = self.value(self.own[name].body)[0]
        return np.broadcast_to(value, np.broadcast_shapes(*(p.shape for p in points)))

    def grown(self, array):
        return np.asarray(array).reshape(np.shape(array) + (1,) * (len(self.axes) - np.ndim(array)))

    def on_name(self, name):
        if name in self.bound and name not in self.axes:
            return self.grown(self.bound[name]), None
        return super().on_name(name)

    def on_read(self, name, indices):
        equation = self.own.get(name)
        if equation is None:
            return super().on_read(name, indices)
        subscripts, valid = [], np.asarray(True)
        for index, left in zip(indices, equation.left, strict=True):
            value, extent = np.asarray(self.value(index)[0]), self.extent(left[1])
            valid = valid & (value >= 0) & (value < extent)
            subscripts.append(self.grown(np.clip(value, 0, extent - 1)))
        outer = self.axes, self.bound
        self.axes = [f"@{i}" for i in range(len(self.axes))]
        self.bound = dict(zip((left[1] for left in equation.left), subscripts))
        value = self.value(equation.body)[0]
        self.axes, self.bound = outer
        return (value if valid.all() else np.where(self.grown(valid), value, 0)), None

    def spread(self, value, along):
        return super().spread(self.grown(value), along)


def points_of(sampler, ranks, rng, samples):
    """Random points, as arrays of shape [samples, 1], and the last rank in full where it is short."""
    extents = [sampler.extent(r) for r in ranks]
    points = [rng.integers(0, n, (samples, 1)) for n in extents]
    if extents[-1] <= LONG:
        points[-1] = np.arange(extents[-1])[None, :]
    return points


def compare(sampler, name, found, rng, samples):
    """The worst error and the largest magnitude among the samples of one output."""
    ranks = sampler.row["outputs"][name]
    points = points_of(sampler, ranks, rng, samples)
    worst = largest = 0.0
    for first in range(0, samples, AT_A_TIME):
        some = [p[first:first + AT_A_TIME] if len(p) == samples else p for p in points]
        exact = sampler.sample(name, some)
        worst = max(worst, np.abs(found[tuple(some)].astype(float) - exact).max())
        largest = max(largest, np.abs(exact).max())
    return worst, largest


def check(row, options):
    """Runs one row; its worst relative error and what it took."""
    size = row["large"] if options.whole else {**row["large"], **ROWS.get(row["name"], {})}
    sampler = Sampler("softmax", row, size, options.seed)
    rng = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        source = ROOT / "examples" / "softmax" / f"{row['name']}.weir"
        command = [options.weir, "run", source, "--target", options.target, "--threads", str(options.threads)]
        command += [f"--param={n}={sampler.params[n]!r}" for n in sampler.overrides]
        command += [f"--set={s}" for s in options.set]
        shown = {rows.rank_of(r, sampler.extents) for spec in row["inputs"].values() for r in spec["ranks"]}
        command += [f"--set={r}={n}" for r, n in size.items() if r in row["ranks"] and r not in shown]
        for name, array in sampler.inputs.items():
            np.save(f"{folder}/{name}.npy", array)
            command += ["--input", f"{name}={folder}/{name}.npy"]
        for name in row["outputs"]:
            command += ["--output", f"{name}={folder}/out.{name}.npy"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.timeout)
        if done.returncode:
            return math.inf, (done.stderr or done.stdout).strip().splitlines()[0]
        error = 0.0
        for name in row["outputs"]:
            found = np.load(f"{folder}/out.{name}.npy", mmap_mode="r")
            worst, largest = compare(sampler, name, found, rng, options.samples)
            error = max(error, worst / largest)
    return error, done.stdout.strip().splitlines()[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", default=ROWS)
    parser.add_argument("--whole", action="store_true", help="all batches and heads too")
    parser.add_argument("--weir", default=str(ROOT / "build" / "bin" / "weir"))
    parser.add_argument("--target", default="host")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="as of weir run: T=f64")
    parser.add_argument("--limit", type=float, help="in place of 4e-6, or of what is stated in LIMITS")
    parser.add_argument("--timeout", type=float, default=900)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    known = {row["name"]: row for row in rows.load("softmax")}
    failed = 0
    for name in options.rows:
        begun, limit = time.perf_counter(), options.limit or LIMITS.get(name, 4e-6)
        try:
            error, note = check(known[name], options)
        except (MemoryError, ValueError, subprocess.TimeoutExpired) as problem:
            error, note = math.inf, f"{type(problem).__name__}: {problem}"
        failed += not error <= limit
        print(f"{'ok  ' if error <= limit else 'FAIL'} {name:28} {error:8.1e} of {limit:.0e}  {note}, in all "
              f"{time.perf_counter() - begun:.0f} s", flush=True)
    print(f"{len(options.rows) - failed} of {len(options.rows)} rows within their limits at {options.samples} sampled "
          "rows of each output")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
