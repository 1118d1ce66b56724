"""Makes each mistake of `mutations.py` in a copy of the tree and says which test notices it.

    python mutate.py BUILD [--only NUMBER ...]    BUILD: a folder for the copy and its build
    python mutate.py --check                      only that each mistake can still be made
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from mutations import MUTATIONS

ROOT = Path(__file__).resolve().parents[2]
# Cheap ones first: what notices a mistake ends its turn.
TESTS = {"the IR of derivations": "lit",
         "rows of the catalogue, interpreted": "rows",
         "random cascades, interpreted": "random"}


def occurrences(mutation):
    return (ROOT / mutation.file).read_text().count(mutation.old)


def check():
    lost = [m for m in MUTATIONS if occurrences(m) != 1]
    for mutation in lost:
        print(f"{mutation.file}: stands {occurrences(mutation)} times, not once: {mutation.old!r}")
    print(f"{len(MUTATIONS) - len(lost)} of {len(MUTATIONS)} mistakes can be made")
    return bool(lost)


class Copy:
    def __init__(self, folder):
        self.tree, self.build = folder / "tree", folder / "build"

    def run(self, *command, **options):
        return subprocess.run(list(map(str, command)), cwd=self.tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, **options)

    def prepare(self):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            target = self.tree / name
            if not target.exists() or target.read_bytes() != (ROOT / name).read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)
        if not (self.build / "build.ninja").exists():
            self.run("cmake", "--preset", "dev", "-B", self.build, f"-DWEIR_PYTHON={sys.executable}", check=True)
        done = self.make()
        if done.returncode:
            sys.exit(done.stdout)

    def make(self):
        return self.run("cmake", "--build", self.build, "--target", "weir", "weir-opt")

    def test(self, kind):
        """Whether a kind of test passes."""
        weir = self.build / "bin" / "weir"
        if kind == "lit":
            command = ["lit", "-q", self.build / "test", "--filter", "passes/|tools/why|tools/verify"]
        elif kind == "rows":
            command = [weir, "verify", "--target", "interp", "--count", 2, "examples/softmax", "examples/scan"]
        else:
            command = [sys.executable, "test/random/hunt.py", self.build / "random", "--seed", 0, "--count", 300,
                       "--weir", weir, "--", "--target", "interp"]
        try:
            return self.run(*command, timeout=900).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def notice(self, mutation):
        path = self.tree / mutation.file
        text = path.read_text()
        path.write_text(text.replace(mutation.old, mutation.new))
        try:
            if self.make().returncode:
                return "the compiler of C++"
            return next((name for name, kind in TESTS.items() if not self.test(kind)), None)
        finally:
            path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, metavar="BUILD")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", type=int, nargs="*")
    options = parser.parse_args()
    if options.check or check():
        return check()
    if not options.folder:
        parser.error("a folder to build in is needed")
    copy = Copy(options.folder.resolve())
    copy.prepare()
    for name, kind in TESTS.items():
        if not copy.test(kind):
            sys.exit(f"{name}: fails without any mistake")
    survivors = 0
    for number, mutation in enumerate(MUTATIONS):
        if options.only and number not in options.only:
            continue
        noticed = copy.notice(mutation)
        survivors += noticed is None
        print(f"{number:2} {mutation.rule}: {noticed or 'NOT NOTICED'}", flush=True)
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())
