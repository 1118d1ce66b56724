"""Verifies many random cascades and shrinks those that fail.

    python hunt.py DIR --seed 0 --count 100000 [--weir PATH] [--jobs 1] [-- ARGUMENTS OF weir verify]

Rounds of files go through one process each. A kernel that differs, is refused, crashes or hangs is shrunk and written
to DIR/failed/<kernel>.weir, whose first line says how it fails and from which seed; the report names these files.
`-- --target interp` compares derived with source forms instead of compiled code with the interpreter.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import generate
import shrink
from kernels import Kernel

ROUND, BATCH = 100, 10  # kernels of a round, and of a file in it


class Hunt:
    def __init__(self, options):
        self.options = options
        self.arguments = ["--count", str(options.sizes), *options.arguments]
        self.precisions = ["written", "f64"] if options.precision == "alternate" else ["both"]
        self.kernels = self.calls = 0
        self.failures = {}  # kind -> files
        self.worst = {}

    def verify(self, paths, timeout, precision):
        """Verdicts, or None where the process did not end well."""
        command = [self.options.weir, "verify", "--json", "--jobs", str(self.options.jobs), "--precision", precision,
                   *self.arguments]
        try:
            done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            return None
        return json.loads(done.stdout) if done.returncode in (0, 1, 3) else None

    def round(self, first, count):
        folder = self.options.folder / "round"
        shutil.rmtree(folder, ignore_errors=True)
        files = generate.write(folder, first, count, batch=BATCH)
        precision = self.precisions[first // ROUND % len(self.precisions)]
        verdicts = self.verify([folder], 60 + 5 * count, precision)
        suspects = []
        if verdicts is None:  # who was it?
            verdicts = []
            for number, file in enumerate(files):
                found = self.verify([file], 20 + 5 * BATCH, precision)
                verdicts += found or []
                if found is None:
                    suspects += range(first + number * BATCH, min(first + (number + 1) * BATCH, first + count))
        for verdict in verdicts:
            self.calls += verdict["sizes"]
            self.worst[verdict["precision"]] = max(self.worst.get(verdict["precision"], 0), verdict["worst_error"])
            if verdict["outcome"] == "same":
                continue
            seed = re.search(r"\d+", verdict["kernel"])
            base = int(re.search(r"r(\d+)\.weir", verdict["file"])[1])
            suspects += [int(seed[0])] if seed else range(base, min(base + BATCH, first + count))
        self.kernels += count
        for seed in sorted(set(suspects)):
            self.examine(seed)

    def examine(self, seed):
        """Shrinks one kernel, if it fails alone too, unless enough of its kind are known."""
        text = Kernel(seed).text()
        test = shrink.Test(self.options.weir, self.arguments)
        failure = test(text)
        if failure is None:
            return
        known = self.failures.setdefault(failure, [])
        if len(known) < self.options.keep:
            text, failure = shrink.shrink(text, test, self.options.budget)
        folder = self.options.folder / "failed"
        folder.mkdir(exist_ok=True)
        file = folder / f"r{seed}.weir"
        file.write_text(f"# seed {seed}: {failure}\n{text}")
        known.append(file)
        print(f"seed {seed}: {failure}: {file}", flush=True)

    def run(self):
        begun = time.perf_counter()
        end = self.options.seed + self.options.count
        for first in range(self.options.seed, end, ROUND):
            self.round(first, min(ROUND, end - first))
            print(f"{self.kernels} kernels, {self.calls} calls, {sum(map(len, self.failures.values()))} failures, "
                  f"{time.perf_counter() - begun:.0f} s", flush=True)
        for failure, files in sorted(self.failures.items(), key=lambda f: -len(f[1])):
            print(f"{len(files):6} {failure}: {', '.join(str(f) for f in files[:5])}")
        print("worst errors: " + ", ".join(f"{e:.1e} {p or 'as declared'}" for p, e in self.worst.items()))
        return 1 if self.failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--count", type=int, default=ROUND)
    parser.add_argument("--sizes", type=int, default=1, help="a kernel")
    parser.add_argument("--precision", choices=["both", "alternate"], default="both",
                        help="each kernel as written and in f64, or rounds of one and of the other in turn")
    parser.add_argument("--jobs", type=int, default=1, help="files at a time")
    parser.add_argument("--keep", type=int, default=3, help="failures of one kind to shrink")
    parser.add_argument("--budget", type=int, default=600, help="trials to shrink one failure")
    parser.add_argument("--weir", default="weir")
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options = parser.parse_args(sys.argv[1:end])
    options.arguments = sys.argv[end + 1:]
    options.folder.mkdir(parents=True, exist_ok=True)
    return Hunt(options).run()


if __name__ == "__main__":
    sys.exit(main())
