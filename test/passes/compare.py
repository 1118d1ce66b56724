# Runs every kernel of an IR file as written and as derived, both interpreted, and compares all outputs.
#
#   compare.py FILE.mlir rank=extent…
#
# The derived kernels are folded point by point, in parts, and from parts that are merged.
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

TOLERANCE = 1e-12
TARGETS = ["interp", "interp:part=4", "interp:part=3,merge=halves", "interp:merge=left", "interp:merge=right"]


def run(source, kernel, target, sizes, outputs, folder):
    command = ["weir", "run", str(source), "--kernel", kernel, "--target", target, "--wide", "--seed", "3"]
    for size in sizes:
        command += ["--set", size]
    for name in outputs:
        command += ["--output", f"{name}={folder}/{name}.npy"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {name: np.load(f"{folder}/{name}.npy") for name in outputs}


def main():
    source, sizes = Path(sys.argv[1]), sys.argv[2:]
    text = source.read_text()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        derived = Path(folder) / "derived.mlir"
        subprocess.run(["weir-opt", "--weir-derive", str(source), "-o", str(derived)],
                       check=True, stderr=subprocess.DEVNULL)
        for part in re.split(r"^cascade\.kernel @", text, flags=re.M)[1:]:
            kernel = re.match(r"\w+", part).group()
            ranks = re.findall(r'^  cascade\.rank "(\w+)"', part, flags=re.M)
            outputs = re.findall(r'^  cascade\.output "(\w+)"', part, flags=re.M)
            mine = [size for size in sizes if size.split("=")[0] in ranks]
            expected = run(source, kernel, "interp", mine, outputs, folder)
            for target in TARGETS:
                found = run(derived, kernel, target, mine, outputs, folder)
                for name in outputs:
                    scale = max(np.abs(expected[name]).max(initial=0.0), 1e-300)
                    error = np.abs(found[name] - expected[name]).max(initial=0.0) / scale
                    if not error <= TOLERANCE:
                        print(f"{kernel}: {name} differs by {error:.1e} on {target}")
                        failed = True
    sys.exit(failed)


main()
