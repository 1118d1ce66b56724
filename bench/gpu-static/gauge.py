"""What the assembler made of a GPU kernel: registers, spills, and the loop with the most matrix instructions.

usage: gauge.py WEIR FILE... [--peers WIDTH] [--set NAME=VALUE]...

With --peers, attention as Triton and TileLang compile it stands beside (triton_attention.py, tilelang_attention.py), where
this Python, or that of $WEIR_PEERS, has the wheels. Needs ptxas ($WEIR_PTXAS, or in PATH or of the CUDA toolkit) and nvdisasm
($NVDISASM, in PATH, or of the PyPI wheel nvidia-cuda-nvdisasm in this Python). No GPU is needed. A loop
is what lies between a backward branch and its target.
"""
import collections
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

INSTRUCTION = re.compile(r"/\*([0-9a-f]{4,})\*/\s+(@!?U?P\w+\s+)?([A-Z][\w.]*)(.*?);")
# Cycles that an instruction of a warp keeps a unit of compute capability 8.0 busy, for one of the four schedulers of a
# multiprocessor (CUDA C++ Programming Guide, throughput of arithmetic instructions; 128 bytes a cycle from shared memory).
UNITS = {
    "matrix units": (8, "HMMA"),
    "issue": (1, ""),
    "shared memory": (16, "LDSM LDGSTS"),
    "special functions": (8, "MUFU I2F F2I"),
    "multiply-adds": (2, "FFMA FMUL FADD IMAD"),
    "other arithmetic": (2, "FMNMX FSEL FSETP SEL ISETP LOP3 IADD3 SHF LEA F2FP"),
}
HERE = pathlib.Path(__file__).resolve().parent
LABEL = re.compile(r"^(\.L\w+):")
PEERS = ("triton", "tilelang")


def program(variable, name, places):
    found = os.environ.get(variable) or shutil.which(name) or next((p for p in places if os.access(p, os.X_OK)), None)
    if not found:
        sys.exit(f"gauge: {name} is not found; set {variable}")
    return found


def instructions(text):
    """(address, operation, target of a branch) of each instruction."""
    labels, waiting, found = {}, [], []
    for line in text.splitlines():
        if label := LABEL.match(line.strip()):
            waiting.append(label[1])
        elif code := INSTRUCTION.search(line):
            labels.update(dict.fromkeys(waiting, int(code[1], 16)))
            waiting = []
            target = re.search(r"`\((\.L\w+)\)", code[4]) if code[3].startswith("BRA") else None
            found.append((int(code[1], 16), code[3], target and target[1]))
    return [(address, operation, labels.get(target)) for address, operation, target in found]


def hottest(code):
    """The operations of the innermost loop with the most matrix instructions."""
    loops = [(target, address) for address, _, target in code if target is not None and target < address]
    bodies = [[op for address, op, _ in code if begin <= address <= end] for begin, end in loops]
    count = lambda body: sum(op.startswith("HMMA") for op in body)
    most = max((count(body) for body in bodies), default=0)
    return min((body for body in bodies if count(body) == most), key=len) if most else []


def listing(nvdisasm, cubin):
    return subprocess.run([nvdisasm, "-c", cubin], check=True, capture_output=True, text=True).stdout


def measure(text):
    """Instructions for each matrix instruction of the hottest loop, spills of all code, and a report."""
    code = instructions(text)
    body = hottest(code)
    kinds = collections.Counter(op.split(".")[0] for op in body)
    spills = sum(op.startswith(("STL", "LDL")) for _, op, _ in code)
    registers = re.search(r"SHI_REGISTERS=(\d+)", text)[1]
    products = kinds["HMMA"]
    ratio = len(body) / products if products else float("inf")
    report = f"{ratio:.2f} instructions a matrix instruction ({len(body)} / {products}), {registers} registers, "
    report += f"{spills} instructions that spill\n  "
    report += ", ".join(f"{name} {count}" for name, count in kinds.most_common(14)) + "\n  cycles: "
    return ratio, spills, report + ", ".join(f"{unit} {cycles}" for unit, cycles in busy(kinds).items())


def busy(kinds):
    """Cycles of a scheduler in which each unit is busy; the greatest bounds the loop from below."""
    of = lambda names: sum(kinds[name] for name in names.split()) if names else sum(kinds.values())
    return {unit: cost * of(names) for unit, (cost, names) in UNITS.items()}


def gauge(weir, file, settings, ptxas, nvdisasm):
    with tempfile.TemporaryDirectory() as folder:
        ptx, cubin = pathlib.Path(folder) / "k.ptx", pathlib.Path(folder) / "k.cubin"
        text = [weir, "print", file, "--after", "ptx", "--target", "nvptx:sm_80", *settings]
        ptx.write_bytes(subprocess.run(text, check=True, stdout=subprocess.PIPE).stdout)
        subprocess.run([ptxas, "-arch=sm_80", ptx, "-o", cubin], check=True)
        print(f"{pathlib.Path(file).stem}: {measure(listing(nvdisasm, cubin))[2]}")


def gauge_peer(peer, width, nvdisasm):
    """The variant of each kernel that spills least, and of those the one with the fewest instructions."""
    python = os.environ.get("WEIR_PEERS", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([python, HERE / f"{peer}_attention.py", folder, width], capture_output=True, text=True)
        if made.returncode:
            return print(f"{peer}: not here ({made.stderr.strip().splitlines()[-1]})")
        for name in (peer, f"{peer}-causal"):
            found = {path: measure(listing(nvdisasm, path)) for path in pathlib.Path(folder).glob(f"{name}.*.cubin")}
            best = min(found, key=lambda path: (found[path][1], found[path][0]))
            keys, warps = best.name.split(".")[1:3]
            print(f"{name}, tiles of {keys} keys, {warps} warps: {found[best][2]}")


def main():
    weir, *words = sys.argv[1:]
    settings = words[words.index("--set"):] if "--set" in words else []
    words = words[: len(words) - len(settings)]
    peers = words.pop(words.index("--peers") + 1) if "--peers" in words else None
    wheel = [p for base in sys.path for p in glob.glob(f"{base}/nvidia/*/bin/nvdisasm")]
    ptxas = program("WEIR_PTXAS", "ptxas", ["/usr/local/cuda/bin/ptxas"])
    nvdisasm = program("NVDISASM", "nvdisasm", wheel + ["/usr/local/cuda/bin/nvdisasm"])
    for file in words:
        if file != "--peers":
            gauge(weir, file, settings, ptxas, nvdisasm)
    for peer in PEERS if peers else ():
        gauge_peer(peer, peers, nvdisasm)


if __name__ == "__main__":
    main()
