"""Writes docs/catalogue.md: what is true of each row, found by running it.

    python status.py [--weir PATH] [--check] [--random K] [--jobs N]

Errors are given as the limits that they are within, which depend on no machine. With --check nothing is written: the page has to say what
is true now, in all columns.
"""

import argparse
import contextlib
import difflib
import json
import math
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rows
import verify_rows
from test_rows import lines

PAGE = rows.HERE.parents[1] / "docs" / "catalogue.md"
TARGET = "x86-64-v4"
TITLES = {"softmax": "Softmax and its kin", "sparse": "Sparse attention", "scan": "Linear attention, recurrences, scans"}
HEAD = """# The catalogue, row by row

What is true of every file in [`examples/softmax`](../examples/softmax), [`sparse`](../examples/sparse) and
[`scan`](../examples/scan). `scripts/catalogue-status` finds it out and writes this page; a test fails when it is stale.

- **lines**: of the file, comments and empty lines aside.
- **interpreted**: the f64 interpreter against the row's equations in numpy, at all its small sizes and at sizes drawn.
- **f64**, **f32**: compiled for the host against the interpreter: the limit that the errors are within, relative to an
  output's largest magnitude. For f32 it is 4e-6, or ten times the error of the interpreter rounding every operation.
- **form**: what the row becomes for {target}: *tiles*, or plain *loops* and why, or some parts of it the one and some
  the other.
- **passes**: over each rank that is passed over more than once, as written → as derived, and what keeps those that are left
  (`weir why` tells the whole of it, `weir doc` what the reasons mean).
"""


def verdicts_of(options, chosen):
    """(family, row) -> precision -> verdict, after running all rows on the host."""
    with tempfile.TemporaryDirectory() as scratch:
        verify_rows.write_cases(Path(scratch), chosen, options.random, options.seed)
        begun = time.perf_counter()
        verdicts, _ = verify_rows.verify(options, Path(scratch), chosen)
    with contextlib.redirect_stdout(sys.stderr):
        verify_rows.report(verdicts, time.perf_counter() - begun)
    found = {}
    for verdict in verdicts:
        path = Path(verdict["file"])
        found.setdefault((path.parent.name, path.stem), {})[verdict["precision"]] = verdict
    return found


def explain(options, family, row):
    """What the row becomes, or None where it does not compile."""
    file = verify_rows.ROOT / "examples" / family / f"{row['name']}.weir"
    reports = {}
    for command in (["explain", "--target", TARGET], ["why"]):
        done = subprocess.run([options.weir, *command, "--json", file], capture_output=True, text=True)
        if done.returncode:
            return None
        reports |= json.loads(done.stdout)
    return reports


def interpreted(verdict):
    wrong = verdict is None or verdict["outcome"] == "refused" or verdict["detail"].startswith("interp")
    return "**wrong**" if wrong else "≤ 1e-10"


def compiled(verdict):
    """The limit that the row's errors are within, to one digit."""
    if verdict is None or verdict["outcome"] == "refused":
        return "**refused**"
    if verdict["outcome"] == "different":
        return "**wrong**"
    power = math.floor(math.log10(verdict["limit"]))
    digit = math.ceil(verdict["limit"] / 10**power - 1e-9)
    return f"≤ {digit}e{power}" if digit < 10 else f"≤ 1e{power + 1}"


def form(report):
    if report is None:
        return "**refused**"
    road = report["road"]
    why = "; ".join(dict.fromkeys(why["detail"].partition("; ")[0] for why in road["why"]))
    return {"tile": "tiles", "mixed": f"tiles and loops: {why}", "loops": f"loops: {why}"}[road["form"]]


def blockers(rank):
    """What keeps passes over a rank, each reason with the equations that it stands at."""
    found = {}
    for forced in [*rank["forced"], *rank["forced_in_derived"]]:
        if blocked := forced.get("blocked_by"):
            found.setdefault(blocked["reason"], {})[forced["equation"]] = None
    return "; ".join(f"{reason} at {', '.join(equations)}" for reason, equations in found.items())


def passes(report):
    cells = []
    for name, rank in report["ranks"].items() if report else []:
        if max(rank["passes"], rank["derived_passes"]) > 1:
            left = blockers(rank) if rank["derived_passes"] > 1 else ""
            cells.append(f"{name} {rank['passes']} → {rank['derived_passes']}" + (f" ({left})" if left else ""))
    return ", ".join(cells)


def table(family, listed, found, reports):
    text = [f"\n## {TITLES[family]}: {len(listed)} rows\n",
            "| row | lines | interpreted | f64 | f32 | form | passes |", "|---|--:|---|---|---|---|---|"]
    for row in listed:
        verdicts, report = found.get((family, row["name"]), {}), reports[family, row["name"]]
        cells = [f"[{row['name']}](../examples/{family}/{row['name']}.weir)", str(len(lines(family, row))),
                 interpreted(verdicts.get("f64")), compiled(verdicts.get("f64")),
                 compiled(verdicts.get("")), form(report), passes(report)]
        text.append("| " + " | ".join(cells) + " |")
    return text


def summary(chosen, found, reports):
    right = sum(all(v["outcome"] == "same" for v in found.get((f, r["name"]), {"": {"outcome": ""}}).values())
                for f, r in chosen)
    forms = [report["road"]["form"] if report else "" for report in reports.values()]
    derived = sum(any(r["derived_passes"] < r["passes"] for r in report["ranks"].values())
                  for report in reports.values() if report)
    counts = [len(lines(f, r)) for f, r in chosen]
    return (f"{len(chosen)} rows, {sum(counts) / len(counts):.1f} lines on average. {right} are right, interpreted and "
            f"compiled; {forms.count('tile')} become\n"
            f"tiles, {forms.count('mixed')} tiles and plain loops, the others plain loops; {derived} need fewer passes "
            "than they are written with.\n")


def page(options, chosen):
    found = verdicts_of(options, chosen)
    with ThreadPoolExecutor(2) as pool:
        reports = dict(zip(((f, r["name"]) for f, r in chosen), pool.map(lambda c: explain(options, *c), chosen)))
    text = [HEAD.format(target=TARGET), summary(chosen, found, reports)]
    for family in rows.FAMILIES:
        listed = [r for f, r in chosen if f == family]
        text += table(family, listed, found, reports)
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", default=str(verify_rows.ROOT / "build" / "bin" / "weir"))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--random", type=int, default=3, help="sizes drawn a row, twice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    options.target, options.rows = "host", []
    text = page(options, rows.select([]))
    if not options.check:
        PAGE.write_text(text)
        return 0
    old = PAGE.read_text() if PAGE.exists() else ""
    sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), "docs/catalogue.md", "now"))
    if old != text:
        print("docs/catalogue.md is stale: run scripts/catalogue-status")
    return int(old != text)


if __name__ == "__main__":
    sys.exit(main())
