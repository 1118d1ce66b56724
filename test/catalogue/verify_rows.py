"""Verifies all rows in one process: numpy against the interpreter, and that against compiled code in f32 and f64.

    python verify_rows.py [FAMILY | ROW | FAMILY/ROW]... [--random 3] [--seed S] [--target host]

Each row's small sizes, and some that are drawn, are evaluated in numpy and recorded as cases; then
`weir verify --cases` checks every row at them and at as many sizes that it draws itself.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

import rows
from evaluator import Evaluator

ROOT = Path(__file__).resolve().parents[2]
EXTENTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 17)
MOST_POINTS = 2_000_000  # of all ranks together: what numpy takes well under a second for


def constraints(source):
    """The kernel's constraints on extents, as Python expressions of `extents`."""
    found = re.search(r"^kernel.*?\n\{", source, re.S | re.M)
    text = re.search(r"\n\s+where (.*)\n\{", found[0], re.S)
    parts = re.split(r",(?![^(]*\))", text[1]) if text else []
    return [re.sub(r"#(\w+)", r"extents['\1']", part.strip()).replace("^", "**") for part in parts]


def draw(row, rng):
    """One of the small sizes with some of its extents drawn anew."""
    size = dict(row["small"][rng.integers(len(row["small"]))])
    for rank in [r for r in size if r in row["ranks"] and r not in row.get("derived", {})]:
        if rng.random() < 0.7:
            size[rank] = int(rng.choice(EXTENTS))
    return size


def evaluated(family, row, size, seed):
    case = Evaluator(family, row, size, seed)
    case.size = size
    case.outputs = case.run()
    return case


def drawn_cases(family, row, source, count, seed):
    """Cases at sizes that fulfil the kernel's constraints and for which the equations have values."""
    rng = np.random.default_rng([seed, zlib.crc32(f"{family}/{row['name']}".encode())])
    tests, cases = constraints(source), []
    for attempt in range(400):
        if len(cases) == count:
            break
        size = draw(row, rng)
        try:
            extents, params, _ = rows.scope(family, row, size)
            if (np.prod([float(x) for x in extents.values()]) > MOST_POINTS
                    or not all(rows.python(t, {"extents": extents, **params}) for t in tests)):
                continue
            case = evaluated(family, row, size, 1000 * seed + attempt + 1)
        except (ValueError, IndexError, ZeroDivisionError):  # a generator's or an equation's own limits
            continue
        if all(np.isfinite(x).all() for x in case.outputs.values()):
            cases.append(case)
    return cases


def record(case, path):
    """Inputs, outputs, what the size overrides, and the extents that no input shows."""
    row = case.row
    shown = {rows.rank_of(r, case.extents) for spec in row["inputs"].values() for r in spec["ranks"]}
    pinned = [r for r in case.extents if r in row["ranks"] and r not in shown
              and (r not in row.get("derived", {}) or r in case.size)]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **case.inputs, **case.outputs, **{n: case.params[n] for n in case.overrides},
             **{f"#{r}": case.extents[r] for r in pinned})


def write_row(folder, family, row, count, seed):
    """Writes the cases of a row; gives how many, and how many of them were drawn."""
    source = (ROOT / "examples" / family / f"{row['name']}.weir").read_text()
    cases = [evaluated(family, row, size, 0) for size in row["small"]]
    drawn = drawn_cases(family, row, source, count, seed)
    for i, case in enumerate(cases + drawn):
        record(case, folder / family / row["name"] / f"{i:02}.npz")
    return len(cases) + len(drawn), len(drawn)


def write_cases(folder, chosen, count, seed):
    """Writes the cases of all rows; gives how many, and the rows for which fewer sizes were drawn."""
    with ProcessPoolExecutor(2) as pool:
        made = list(pool.map(write_row, *zip(*((folder, *row, count, seed) for row in chosen)), chunksize=8))
    short = [f"{family}/{row['name']}" for (family, row), (_, drawn) in zip(chosen, made) if drawn < count]
    return sum(written for written, _ in made), short


def verify(options, folder, chosen):
    """Runs `weir verify`: once for whole families, a family at a time for single rows."""
    command = [options.weir, "verify", "--json", "--target", options.target,
               "--count", str(options.random), "--seed", str(options.seed)]
    if options.jobs:
        command += ["--jobs", str(options.jobs)]
    runs = [["--cases", folder, *(ROOT / "examples" / f for f in rows.FAMILIES)]]
    if options.rows:
        names = {family: [row["name"] for f, row in chosen if f == family] for family, _ in chosen}
        runs = [["--cases", folder / family, *(ROOT / "examples" / family / f"{n}.weir" for n in names[family])]
                for family in names]
    verdicts, worst = [], 0
    for arguments in runs:
        done = subprocess.run([*command, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        if not done.stdout:
            sys.exit(f"weir verify ended with {done.returncode}")
        verdicts += json.loads(done.stdout)
        worst = max(worst, done.returncode)
    return verdicts, worst


def report(verdicts, seconds):
    """The rows that fail; then how many there are and the worst errors in each precision."""
    wrong = [v for v in verdicts if v["outcome"] != "same"]
    for v in wrong:
        print(f"{v['outcome']:10}{v['file']} {v['precision']}: {v['detail']}")
    files = {v["file"] for v in verdicts}
    print(f"{len(files) - len({v['file'] for v in wrong})} of {len(files)} rows right at "
          f"{sum(v['sizes'] for v in verdicts)} sizes, in {seconds:.0f} s")
    for precision in sorted({v["precision"] for v in verdicts}):
        own = [v for v in verdicts if v["precision"] == precision]
        print(f"  {precision or 'as declared'}: {len(own)} kernels, worst error of the target "
              f"{max(v['worst_error'] for v in own):.1e}, of the interpreter against numpy "
              f"{max(v['worst_recorded_error'] for v in own):.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--weir", default=str(ROOT / "build" / "bin" / "weir"))
    parser.add_argument("--target", default="host")
    parser.add_argument("--random", type=int, default=3, help="sizes drawn for numpy, and by weir verify, a row")
    parser.add_argument("--seed", type=int, default=1, help="of drawn sizes and their inputs")
    parser.add_argument("--jobs", type=int, help="files at a time")
    parser.add_argument("--json", type=Path, help="keeps the verdicts")
    parser.add_argument("--cases", type=Path, help="keeps the cases")
    options = parser.parse_args()
    chosen = rows.select(options.rows)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.cases or Path(scratch)
        written, short = write_cases(folder, chosen, options.random, options.seed)
        recorded = time.perf_counter()
        print(f"{written} cases of {len(chosen)} rows evaluated in numpy in {recorded - begun:.0f} s"
              + (f"; fewer than {options.random} sizes drawn for {', '.join(short)}" if short else ""), flush=True)
        verdicts, code = verify(options, folder, chosen)
    if options.json:
        options.json.write_text(json.dumps(verdicts, indent=1))
    report(verdicts, time.perf_counter() - recorded)
    return code


if __name__ == "__main__":
    sys.exit(main())
