"""Runs rows of the catalogue through `weir` and compares them with the evaluator.

    python run_rows.py [FAMILY | ROW | FAMILY/ROW]... [--size K] [--target interp] [--jobs N]

A line a row: how many sizes were right and the worst error |out - exact| / (1 + |exact|).
Parameters that a size does not override are left to the defaults in the `.weir` text, so
that these are checked too; `--given` passes all of them.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import rows
from evaluator import Evaluator

ROOT = Path(__file__).resolve().parents[2]


def settings(row, case, given):
    """The command's scalars, and the extents that no input shows."""
    shown = {rows.rank_of(r, case.extents) for spec in row["inputs"].values() for r in spec["ranks"]}
    names = case.params if given else case.overrides
    arguments = [f"--param={name}={case.params[name]!r}" for name in names]
    for rank, extent in case.extents.items():
        derived = rank in row.get("derived", {})
        if rank in row["ranks"] and rank not in shown and (not derived or rank in case.size):
            arguments.append(f"--set={rank}={extent}")
    return arguments


def difference(exact, path):
    """Worst relative error of one output, and where it is."""
    found = np.asarray(np.load(path), float)
    if found.shape != exact.shape:
        return np.inf, f"shape {found.shape}, expected {exact.shape}"
    same = (found == exact) | (np.isnan(found) & np.isnan(exact))
    with np.errstate(invalid="ignore"):
        error = np.where(same, 0, np.nan_to_num(np.abs(found - exact) / (1 + np.abs(exact)), nan=np.inf))
    if error.size == 0:
        return 0.0, ""
    at = np.unravel_index(np.argmax(error), error.shape)
    return error[at], f"[{', '.join(map(str, at))}]: {found[at]:.7g}, expected {exact[at]:.7g}"


def check(family, row, size, options):
    """The worst error of one size and, if it is too large, what is wrong."""
    case = Evaluator(family, row, size, options.seed)
    case.size = size
    expected = case.run()
    in_f64 = options.target == "interp"
    limit = options.tolerance or (1e-5 if in_f64 else max(row.get("f32_tolerance", 0), 1e-4))
    with tempfile.TemporaryDirectory() as folder:
        source = ROOT / "examples" / family / f"{row['name']}.weir"
        command = [options.weir, "run", source, "--target", options.target, *settings(row, case, options.given)]
        if options.f64 and "[T: f32]" in source.read_text():
            command.append("--set=T=f64")
        if in_f64:
            command.append("--wide")
        for name, array in case.inputs.items():
            np.save(f"{folder}/{name}.npy", array)
            command += ["--input", f"{name}={folder}/{name}.npy"]
        for name in expected:
            command += ["--output", f"{name}={folder}/out.{name}.npy"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=options.timeout)
        except subprocess.TimeoutExpired:
            return np.inf, f"no answer in {options.timeout} s"
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            return np.inf, next((x for x in lines if "error" in x), lines[0] if lines else f"exit {done.returncode}")
        worst, where = 0.0, ""
        for name, exact in expected.items():
            path = Path(f"{folder}/out.{name}.npy")
            error, at = difference(exact, path) if path.exists() else (np.inf, " is missing")
            if error > worst:
                worst, where = error, f"{name}{at}"
    return worst, where if worst > limit else ""


def check_row(item, options):
    family, row = item
    if not (ROOT / "examples" / family / f"{row['name']}.weir").exists():
        return f"{family}/{row['name']}", 0, len(row["small"]), np.inf, "no .weir file"
    right, worst, reason = 0, 0.0, ""
    sizes = [k for k in range(len(row["small"])) if options.size in (None, k)]
    for k in sizes:
        error, wrong = check(family, row, row["small"][k], options)
        right += not wrong
        worst = max(worst, error)
        reason = reason or (wrong and f"size {k}: {wrong}")
    return f"{family}/{row['name']}", right, len(sizes), worst, reason


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--weir", default=str(ROOT / "build" / "bin" / "weir"))
    parser.add_argument("--target", default="interp")
    parser.add_argument("--size", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the inputs and of the sample")
    parser.add_argument("--sample", type=int, help="so many rows of those named, drawn by the seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--f64", action="store_true", help="compute in f64, where the row has a type parameter")
    parser.add_argument("--tolerance", type=float, help="instead of the row's own")
    parser.add_argument("--given", action="store_true", help="pass every parameter, not only what the size overrides")
    parser.add_argument("--failed", action="store_true", help="print only the rows that fail")
    options = parser.parse_args()
    chosen = rows.select(options.rows)
    if options.sample is not None and options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    passed = failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for name, right, count, worst, reason in pool.map(lambda r: check_row(r, options), chosen):
            good = not reason
            passed, failed = passed + good, failed + (not good)
            if not (good and options.failed):
                print(f"{'ok  ' if good else 'FAIL'} {name:44} {right}/{count}  {worst:8.1e}  {reason}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
