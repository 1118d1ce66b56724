"""Variants of attention as PTX on the executor, against the interpreter in f64 on the same rounded inputs.

usage: variants.py WEIR EXAMPLES [--all] [--target cuda-exec:sm_80]

The executor reports races, reads of poison and accesses out of bounds; any report fails the run. A result may differ by
the rounding of what is stored and of what the matrix units take: both have the unit roundoff u of the type, so an output
may be off by u (|y| + 4 max |y|), the second term for weights and values that are rounded before they are contracted. tf32 is f32
whose operands the target may round so. In f32 there are sums of up to 256 terms and the device's approximate exponentials: 16 units.
"""
import itertools
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

ROUNDOFF = {"bf16": 2.0**-9, "f16": 2.0**-11, "tf32": 2.0**-11, "f32": 2.0**-20}
TARGET = "ptx-exec:sm_80"
INPUTS = pathlib.Path(__file__).resolve().parent / "Inputs"

# Name, file, outputs, extents beside lengths and widths; None: there is no such rank.
VARIANTS = [
    ("dense", "softmax/sdpa.weir", ["O"], {}),
    ("causal", "softmax/sdpa_causal.weir", ["O"], {}),
    ("grouped queries", "softmax/gqa.weir", ["O"], {"h": 4, "g": 2}),
    ("window", "softmax/sliding_window.weir", ["O"], {}),
    ("sink", "softmax/attention_sink.weir", ["O"], {"g": 1}),
    ("soft cap", "softmax/softcap.weir", ["O"], {}),
    ("slopes", "softmax/alibi.weir", ["O"], {}),
    ("documents", "sparse/document.weir", ["O"], {}),
    ("entropy", "softmax/stat_entropy.weir", ["O", "H"], {}),
    ("log-sum-exp", "softmax/stat_lse.weir", ["O", "L"], {}),
    ("sigmoid", "softmax/sigmoid_attention.weir", ["O"], {}),
    ("two-dimensional neighbourhood", "sparse/gna_2d.weir", ["O"], {"x": 3, "y": lambda length: length, "m": None, "n": None}),
    ("decoding", "softmax/gqa.weir", ["O"], {"h": 4, "g": 2, "m": 1}),
    ("decoding, log-sum-exp", "softmax/stat_lse.weir", ["O", "L"], {"m": 1}),
    ("decoding, entropy", "softmax/stat_entropy.weir", ["O", "H"], {"m": 1}),
    ("decoding, window", "softmax/sliding_window.weir", ["O"], {"m": 1}),
    ("paged decoding", INPUTS / "paged_decoding.weir", ["O"],
     {"w": 9, "y": 16, "x": lambda length: (length + 15) // 16, "h": None, "m": 1, "n": None}),
    ("paged", INPUTS / "paged.weir", ["O"], {"w": 9, "y": 16, "x": lambda length: (length + 15) // 16, "h": None, "n": None}),
]


def read(path):
    """A tensor of an .npy file, or the only one of a .safetensors file."""
    if path.suffix == ".npy":
        return np.load(path).astype(np.float64)
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    (entry,) = [value for name, value in header.items() if name != "__metadata__"]
    begin, end = entry["data_offsets"]
    raw = data[8 + size + begin : 8 + size + end]
    if entry["dtype"] == "BF16":
        values = (np.frombuffer(raw, np.uint16).astype(np.uint32) << 16).view(np.float32)
    else:
        values = np.frombuffer(raw, {"F16": np.float16, "F32": np.float32}[entry["dtype"]])
    return values.astype(np.float64).reshape(entry["shape"])


def run(weir, file, target, settings, outputs, folder):
    suffix = "npy" if target == "interp" else "safetensors"
    paths = {name: pathlib.Path(folder) / f"{name}.{suffix}" for name in outputs}
    command = [weir, "run", file, "--target", target] + ["--wide"] * (target == "interp")
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    for name, path in paths.items():
        command += ["--output", f"{name}={path}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stderr}")
    return {name: read(path) for name, path in paths.items()}


def difference(found, expected, roundoff):
    """The greatest error, as a part of what it may be."""
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        error = np.where(same, 0, np.abs(found - expected))
    scale = max(1.0, np.max(np.abs(expected[np.isfinite(expected)]), initial=0))
    limit = roundoff * (np.where(np.isfinite(expected), np.abs(expected), 0) + 4 * scale)
    return float(np.max(np.where(np.isnan(error), np.inf, error / limit), initial=0))


def cases(everything):
    if everything:
        grid = itertools.product(("bf16", "f16", "tf32"), (1, 17, 64, 100, 256), (40, 64, 80, 128))
        return [(variant, *point) for point in grid for variant in VARIANTS]
    points = itertools.cycle([("bf16", 100, 64), ("f16", 17, 40), ("bf16", 64, 80), ("f16", 1, 128), ("bf16", 17, 128)])
    wide = [(VARIANTS[0], "f32", 100, 40), (VARIANTS[1], "f32", 17, 64), (VARIANTS[0], "tf32", 100, 40), (VARIANTS[2], "tf32", 17, 80)]
    return [(variant, *point) for variant, point in zip(VARIANTS, points)] + wide


def main():
    weir, examples = sys.argv[1:3]
    target = sys.argv[sys.argv.index("--target") + 1] if "--target" in sys.argv else TARGET
    failures = 0
    for (name, file, outputs, more), type_, length, width in cases("--all" in sys.argv):
        settings = {"T": "f32" if type_ == "tf32" else type_, "b": 1, "h": 2, "m": length, "n": length, "d": width, "f": width} | more
        settings = {k: v(length) if callable(v) else v for k, v in settings.items() if v is not None}
        with tempfile.TemporaryDirectory() as folder:
            found, expected = (
                run(weir, pathlib.Path(examples) / file, one, settings, outputs, folder) for one in (target + "+tf32" * (type_ == "tf32"), "interp")
            )
        for output in outputs:
            part = difference(found[output], expected[output], ROUNDOFF[type_])
            failures += part > 1
            verdict = "same" if part <= 1 else "DIFFERENT"
            print(f"{verdict:10}{name} {output} {type_} length {length} width {width}: {part:.2f} of the limit", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
