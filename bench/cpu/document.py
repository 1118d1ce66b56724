"""Puts a run's tables and plots into docs/.

`document.py FIGURES` takes those of build/bench/figures.json or the like; without FIGURES, those that
docs/figures/cpu.json keeps; with --check, fails where the pages show others. In a page,
`<!-- figures: NAME -->` stands before a table of tables.py and `<!-- end of figures -->` after it.
"""
import argparse
import json
import pathlib
import re
import shutil
import sys

import paths
from tables import Figures

DOCS = paths.ROOT / "docs"
DATA, PAGE = DOCS / "figures/cpu.json", DOCS / "performance.md"
SECTION = re.compile(r"(?P<head><!-- figures: (?P<name>\w+) -->\n).*?(?P<end><!-- end of figures -->)", re.S)


def documents(figures):
    """What each file of docs/ should hold, by path."""
    def fresh(match):
        return match["head"] + getattr(figures, match["name"])() + match["end"]
    files = {DATA.with_name(f"{name}.svg"): getattr(figures, f"plot_{name}")() for name in figures.PLOTS}
    return files | {PAGE: SECTION.sub(fresh, PAGE.read_text())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare and change nothing")
    parser.add_argument("figures", nargs="?", type=pathlib.Path, help="figures.json of a whole run")
    options = parser.parse_args()
    if options.figures:
        shutil.copyfile(options.figures, DATA)
    stale = 0
    for path, text in documents(Figures(json.loads(DATA.read_text()))).items():
        if not options.check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale += 1
            print(f"{path.relative_to(DOCS.parent)} does not show what {DATA.name} holds: run scripts/docs")
    sys.exit(stale > 0)


if __name__ == "__main__":
    main()
