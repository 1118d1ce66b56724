"""What files and extents can do to `weir run`: a clear error or the right answer, and never a part of a file.

usage: hostile.py --weir PROGRAM
"""
import argparse
import itertools
import json
import os
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

COPY = "kernel k(X: f32[m, n]) -> (Y: f32[m, n])\n{\n  Y[m, n] = 2 * X\n}\n"
BOTH = "kernel k(X: f32[m, n]) -> (Y: f32[m, n], Z: f32[m])\n{\n  Y[m, n] = 2 * X\n  Z[m] = sum[n](X)\n}\n"
ATTENTION = """kernel k(Q: f32[m, d], K: f32[n, d], V: f32[n, f]) -> (O: f32[m, f], L: f32[m] else -inf)
{
  S[m, n] = rsqrt(#d) * sum[d](Q * K)  where n <= m
  O[m, f] = sum[n](softmax[n](S) * V)
  L = logsumexp[n](S)
}
"""
MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)


class Bench:
    def __init__(self, weir, folder):
        self.weir, self.folder = weir, pathlib.Path(folder)
        self.failures, self.checks = [], 0

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, text, *words, limit=None, target="interp"):
        source = self.write("k.weir", text)

        def lower():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return subprocess.run([self.weir, "run", source, "--target", target, *map(str, words)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, preexec_fn=lower)

    def check(self, what, holds, detail=""):
        self.checks += 1
        if not holds:
            self.failures.append(f"{what}: {detail}")

    def refuses(self, what, identifier, ran):
        self.check(what, ran.returncode == 1 and f"[{identifier}]" in ran.stdout,
                   f"exit code {ran.returncode}, expected 1 and [{identifier}]\n{ran.stdout}")

    def gives(self, what, text, expected, *words, target="interp"):
        out = self.folder / "Y.npy"
        ran = self.run(text, *words, "--output", f"Y={out}", target=target)
        same = ran.returncode == 0 and np.array_equal(np.load(out), expected, equal_nan=True)
        self.check(what, same, f"exit code {ran.returncode}\n{ran.stdout}")
        out.unlink(missing_ok=True)


def npy(array, version=(1, 0)):
    import io
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def raw_npy(dictionary, data=b"", version=1):
    length = struct.pack("<H" if version == 1 else "<I", len(dictionary))
    return b"\x93NUMPY" + bytes([version, 0]) + length + dictionary.encode() + data


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def good_files(bench):
    """Every format and layout that is read gives the same numbers."""
    files = {f"version-{v}.npy": npy(MATRIX, (v, 0)) for v in (1, 2, 3)}
    files["fortran.npy"] = npy(np.asfortranarray(MATRIX))
    files["big-endian.npy"] = npy(MATRIX.astype(">f4"))
    files["half.npy"] = npy(MATRIX.astype(np.float16))
    header = {"__metadata__": {"format": "np"}, "x": entry("BF16", [2, 3], 0, 12)}
    halves = (MATRIX.view(np.uint32) >> 16).astype(np.uint16)
    files["bf16.safetensors"] = safetensors(header, halves.tobytes())
    for name, content in files.items():
        path = bench.write(name, content)
        for target in ("interp", "loops"):
            bench.gives(f"{name} on {target}", COPY, 2 * MATRIX, "--input", f"X={path}", target=target)
    for name, save in (("stored.npz", np.savez), ("deflated.npz", np.savez_compressed)):
        save(bench.folder / name, x=MATRIX)
        bench.gives(name, COPY, 2 * MATRIX, "--input", f"X={bench.folder / name}:x")


def hostile_files(bench):
    good = npy(MATRIX)
    shape = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }"
    zipped = bench.folder / "whole.npz"
    np.savez(zipped, x=MATRIX)
    deflated = bench.folder / "bomb.npz"
    with zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", raw_npy(shape % "(2, 3)") + b"\0" * 10_000_000)
    two = {"a": entry("F32", [2, 3], 0, 24), "b": entry("F32", [2, 3], 12, 36)}
    cases = {
        "empty": b"", "magic-only.npy": b"\x93NUMPY", "version-9.npy": raw_npy(shape % "(2, 3)", version=9),
        "header-cut.npy": good[:40], "data-cut.npy": good[:-1], "data-long.npy": good + b"x",
        "header-4-gib.npy": b"\x93NUMPY\2\0\xff\xff\xff\xff{}", "negative.npy": raw_npy(shape % "(-2, 3)"),
        "no-keys.npy": raw_npy("{}"), "python.npy": raw_npy("__import__('os')"),
        "zip-cut.npz": zipped.read_bytes()[:-5], "zip-begin-cut.npz": b"PK\3\4" + zipped.read_bytes()[40:],
        "bomb.npz": deflated.read_bytes(),
        "header-2-63.safetensors": struct.pack("<Q", 1 << 63) + b"{}",
        "header-cut.safetensors": safetensors({"x": entry("F32", [2, 3], 0, 24)}, b"\0" * 24)[:20],
        "overlap.safetensors": safetensors(two, b"\0" * 36), "gap.safetensors":
        safetensors({"a": entry("F32", [2, 3], 4, 28)}, b"\0" * 28),
        "offsets-2-62.safetensors": safetensors({"a": entry("F32", [2, 3], 1 << 62, (1 << 62) + 24)}),
        "backwards.safetensors": safetensors({"a": entry("F32", [2, 3], 24, 0)}, b"\0" * 24),
        "negative.safetensors": safetensors({"a": entry("F32", [-2, -3], 0, 24)}, b"\0" * 24),
        "deep.safetensors": safetensors(b"[" * 100_000), "twice.safetensors":
        safetensors(b'{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
    }
    for name, content in cases.items():
        bench.refuses(name, "file-format", bench.run(COPY, "--input", f"X={bench.write(name, content)}"))
    for name, content, identifier in (
            ("product.npy", raw_npy(shape % "(4611686018427387904, 8)"), "size-limit"),
            ("zero-product.npy", raw_npy(shape % "(0, 4611686018427387904, 8)"), "size-limit"),
            ("nine.npy", npy(MATRIX.reshape((1,) * 7 + (2, 3))), "dimension-limit"),
            ("complex.npy", npy(MATRIX.astype(np.complex64)), "element-type"),
            ("object.npy", raw_npy("{'descr': '|O', 'fortran_order': False, 'shape': (), }", b"12345678"), "element-type"),
            ("double.npy", npy(MATRIX.astype(np.float64)), "element-type"),
            ("vector.npy", npy(MATRIX[0]), "dimension-count")):
        bench.refuses(name, identifier, bench.run(COPY, "--input", f"X={bench.write(name, content)}"))
    both = bench.write("both.npz", zipped.read_bytes())
    np.savez(both, x=MATRIX, y=MATRIX)
    bench.refuses("no name", "tensor-name", bench.run(COPY, "--input", f"X={both}"))
    bench.refuses("wrong name", "tensor-name", bench.run(COPY, "--input", f"X={both}:z"))
    q, k = bench.write("q.npy", npy(MATRIX)), bench.write("k.npy", npy(MATRIX[:, :2].copy()))
    bench.refuses("two extents", "extent-mismatch", bench.run(ATTENTION, "--input", f"Q={q}", "--input", f"K={k}"))


def paths(bench):
    folder = bench.folder / "folder"
    folder.mkdir()
    file = bench.write("file", "")
    link = bench.folder / "link"
    link.symlink_to(bench.folder / "nowhere")
    locked = bench.write("locked.npy", npy(MATRIX))
    locked.chmod(0)
    unreadable = {"missing": bench.folder / "none.npy", "folder": folder, "below a file": file / "x.npy",
                  "dangling": link, "long": bench.folder / ("x" * 300)}
    if os.geteuid():
        unreadable["locked"] = locked
    else:
        print("skipped: a file without permissions (everything is readable for root)")
    for name, path in unreadable.items():
        bench.refuses(f"reading: {name}", "file-access", bench.run(COPY, "--input", f"X={path}"))
    x = bench.write("x.npy", npy(MATRIX))
    os.mkfifo(bench.folder / "closed.npy")
    for name, path in {"no folder": bench.folder / "none/y.npy", "below a file": file / "y.npy",
                       "long": bench.folder / ("y" * 300 + ".npy")}.items():
        bench.refuses(f"writing: {name}", "file-access", bench.run(COPY, "--input", f"X={x}", "--output", f"Y={path}"))
    folder_named = bench.folder / "folder.npy"
    folder_named.mkdir()
    bench.refuses("writing: a folder", "file-access", bench.run(COPY, "--input", f"X={x}", "--output", f"Y={folder_named}"))
    bench.gives("replacing the input", COPY, 2 * MATRIX, "--input", f"X={x}")


def full_disks(bench):
    """Whatever fails while it is written leaves the folder as it was."""
    x = bench.write("big.npy", npy(np.ones((200, 300), np.float32)))
    out = bench.folder / "out"
    out.mkdir()
    (out / "Y.npy").write_bytes(b"before")

    def unchanged(what, folder):
        names = sorted(p.name for p in folder.iterdir())
        kept = names == ["Y.npy"] and (folder / "Y.npy").read_bytes() == b"before"
        bench.check(f"{what}: nothing is left behind", kept, str(names))

    for extension in ("npy", "npz", "safetensors"):
        ran = bench.run(BOTH, "--input", f"X={x}", "--output", f"Z={out}/Z.{extension}", "--output",
                        f"Y={out}/Y.{extension}", limit=10_000)
        bench.refuses(f"a limit on {extension}", "file-access", ran)
        unchanged(f"a limit on {extension}", out)
    bench.refuses("/dev/full", "file-extension", bench.run(COPY, "--input", f"X={x}", "--output", "Y=/dev/full"))
    device = bench.folder / "device.npy"
    device.symlink_to("/dev/full")
    bench.refuses("a full device", "file-access", bench.run(COPY, "--input", f"X={x}", "--output", f"Y={device}"))

    small = bench.folder / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], stderr=subprocess.PIPE, text=True)
    if mounted.returncode:
        print(f"skipped: a file system that is full ({mounted.stderr.strip()})")
        return
    try:
        (small / "Y.npy").write_bytes(b"before")
        ran = bench.run(BOTH, "--input", f"X={x}", "--output", f"Z={small}/Z.npy", "--output", f"Y={small}/Y.npy")
        bench.refuses("a full disk", "file-access", ran)
        bench.check("a full disk: the reason", "No space left on device" in ran.stdout, ran.stdout)
        unchanged("a full disk", small)
    finally:
        subprocess.run(["umount", small], check=True)


def extents(bench):
    """No point, very many points, and more than can be counted."""
    sizes = dict(m=2, n=3, d=4, f=5)
    for empty, target in itertools.product(("m", "n", "d", "f"), ("interp", "host", "loops")):
        shape = {**sizes, empty: 0}
        words = [w for rank, extent in shape.items() for w in ("--set", f"{rank}={extent}")]
        out = bench.folder / "O.npy"
        ran = bench.run(ATTENTION, *words, "--output", f"O={out}", "--seed", 3, target=target)
        ok = ran.returncode == 0 and np.load(out).shape == (shape["m"], shape["f"])
        if ok and empty == "n":
            ok = not np.load(out).any()
        finite = ok and (empty == "d" or np.isfinite(np.load(out)).all())  # the scale of no feature is infinite
        bench.check(f"no point along {empty} on {target}", finite, ran.stdout)
    many = 2**31 + 11
    far = ("kernel k(X: u8[n], B: i64[b]) -> (Y: i64[b])\n{\n"
           "  Y[b] = B + #n + X[b + 2^31 + 3] + (X[b + #n] else 100)\n}\n")
    long = bench.write("long.npy", raw_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }" % many))
    with open(long, "r+b") as file:  # its data is a hole
        start = long.stat().st_size
        file.truncate(start + many)
        file.seek(start + 2**31 + 3)
        file.write(b"\7")
    one = bench.write("one.npy", npy(np.array([5], np.int64)))
    for target in ("host", "loops"):
        bench.gives(f"2^31 points on {target}", far, np.array([5 + many + 7 + 100]), "--input", f"X={long}",
                    "--input", f"B={one}", target=target)
    bench.refuses("2^31 points on interp", "interpreter-limit", bench.run(far, "--input", f"X={long}", "--input", f"B={one}"))
    none = bench.write("none.npy", npy(np.zeros((many, 0), np.float32)))
    total = "kernel k(X: f32[m, n]) -> (Y: f32[n])\n{\n  Y[n] = sum[m](X)\n}\n"
    for target in ("interp", "host", "loops"):
        bench.gives(f"2^31 x 0 on {target}", total, np.zeros(0, np.float32), "--input", f"X={none}", target=target)
    wide = bench.write("wide.npy", npy(np.zeros((2**40, 0), np.float32)))
    outer = ("kernel k(X: f32[m, z]) -> (Y: f32[z])\n{\n  rank n like m\n  S[m, n] = f32(m) * n\n"
             "  Y[z] = sum[m, n](S[m, n] + S[n, m] + X[m, z])\n}\n")
    for target in ("interp", "loops"):
        ran = bench.run(outer, "--input", f"X={wide}", target=target)
        refused = any(f"[{name}]" in ran.stdout for name in ("interpreter-limit", "no-memory", "refused-call", "size-limit"))
        bench.check(f"2^80 points on {target}", ran.returncode == 0 or ran.returncode == 1 and refused, ran.stdout)
    for m, n, identifier in ((2**42, 1, "no-memory"), (2**31, 2**31, "size-limit"), (2**48, 2**48, "size-limit"),
                             (2**48 + 1, 1, "bad-setting"), (2**63, 1, "bad-setting"), (-1, 1, "bad-setting")):
        bench.refuses(f"extents {m} and {n}", identifier, bench.run(COPY, "--set", f"m={m}", "--set", f"n={n}"))


def special_values(bench):
    """NaN and infinities in every input: the targets agree with the interpreter where each ends up."""
    rng = np.random.default_rng(7)
    shapes = {"Q": (5, 4), "K": (7, 4), "V": (7, 6)}
    for value, everywhere in itertools.product((np.nan, np.inf, -np.inf), (True, False)):
        words = []
        for name, shape in shapes.items():
            array = rng.standard_normal(shape).astype(np.float32)
            array[rng.random(shape) < (2 if everywhere else 0.1)] = value
            words += ["--input", f"{name}={bench.write(name + '.npy', npy(array))}"]
        found = {}
        for target in ("interp", "host", "loops"):
            ran = bench.run(ATTENTION, *words, "--output", f"O={bench.folder / 'all.npz'}", "--output",
                            f"L={bench.folder / 'all.npz'}", target=target)
            bench.check(f"{value} on {target}", ran.returncode == 0, ran.stdout)
            found[target] = dict(np.load(bench.folder / "all.npz"))
        for target, name in itertools.product(("host", "loops"), ("O", "L")):
            expected, given = found["interp"][name], found[target][name]
            if np.isinf(value):  # inf - inf need not arise in another form of the same equation
                given = np.where(np.isnan(expected), np.nan, given)
            same = np.allclose(given, expected, rtol=1e-4, atol=1e-5, equal_nan=True)
            bench.check(f"{value}, everywhere {everywhere}: {name} on {target}", same, f"{given}\nexpected {expected}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weir", required=True)
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    failures, checks = [], 0
    for part in (good_files, hostile_files, paths, full_disks, extents, special_values):
        if options.parts and part.__name__ not in options.parts:
            continue
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(options.weir, folder)
            part(bench)
            failures += bench.failures
            checks += bench.checks
    print("\n".join(failures) or f"{checks} checks hold")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
