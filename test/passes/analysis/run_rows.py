"""Compares the derived passes of the catalogue's softmax rows with the least that each row states.

    python run_rows.py WEIR ROWS.yaml EXAMPLES MISSES.txt [--list]

A rank of a row that needs more passes than stated must be in MISSES.txt, with a number that it does not exceed; the
list is printed where it has become too long. `--list` prints every rank: as written, derived, stated.
"""
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml


def analyze(weir, path):
    result = subprocess.run([weir, "explain", str(path), "--json"], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{path}: {result.stderr}")
    return json.loads(result.stdout)["ranks"]


def ranks_of(rank, ranks, text):
    """The file's ranks that a row's index is: itself, or what the file declares to be like its rank (t2 runs over t)."""
    if rank in ranks:
        return [rank]
    base = rank.rstrip("0123456789")
    return [name for name in re.findall(rf"rank (\w+) like {base}\b", text) if name in ranks]


def main():
    weir, rows, examples, misses = sys.argv[1:5]
    with open(rows) as file:
        catalogue = [row for row in yaml.load(file, yaml.CSafeLoader) if row["structure"].get("passes_min")]
    paths = [Path(examples) / f"{row['name']}.weir" for row in catalogue]
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda path: analyze(weir, path), paths))
    lines = [line.split("#")[0].split() for line in Path(misses).read_text().splitlines()]
    known = {(row, rank): int(passes) for row, rank, passes in (line for line in lines if line)}
    wrong, count = [], 0
    for row, path, ranks in zip(catalogue, paths, reports):
        text = path.read_text()
        for rank, stated in row["structure"]["passes_min"].items():
            least = int(str(stated).split()[0])
            names = ranks_of(rank, ranks, text)
            if not names:
                wrong.append(f"{row['name']}: no rank is {rank}")
                continue
            count += 1
            derived = max(ranks[name]["derived_passes"] for name in names)
            if "--list" in sys.argv:
                written = max(ranks[name]["passes"] for name in names)
                print(f"{row['name']:32}{rank:4}{written:3}{derived:3}{least:3}{'  miss' if derived > least else ''}")
            expected = known.pop((row["name"], rank), None)
            if derived > max(least, expected or 0):
                wrong.append(f"{row['name']}: {derived} passes over {rank}, {least} are enough")
            elif expected and derived < expected:
                print(f"note: {row['name']}: {derived} passes over {rank} now, no longer {expected} as in {Path(misses).name}")
    wrong += [f"{row}: no such row has a rank {rank}" for row, rank in known]
    for line in wrong:
        print("wrong:", line)
    print(f"{count} ranks of {len(catalogue)} rows, {len(wrong)} wrong")
    sys.exit(bool(wrong))


main()
