"""FuseMax's evaluation, from plain attention and two machine descriptions: prints its table, checks known results.

    python fusemax.py WEIR [CASCADE]

The 24 configurations are those of the paper: four models, six lengths, batch 64, as many queries as keys. For each, the
derived cascade on `fusemax` and the cascade as written on `fusemax-unfused`.
"""
import json
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MODELS = {"BERT": (12, 64), "TrXL": (16, 64), "T5": (8, 64), "XLM": (16, 128)}
LENGTHS = {"1K": 1 << 10, "4K": 1 << 12, "16K": 1 << 14, "64K": 1 << 16, "256K": 1 << 18, "1M": 1 << 20}

# Known results: bytes exactly, seconds and utilisation of the 2D array to as many digits as are given.
FUSED = {("BERT", "1K"): (402653184, "0.00201314", "0.8896"),
         ("BERT", "16K"): (6442450944, "0.465166", "0.9856"),
         ("BERT", "1M"): (6803228196864, "1891.83", "0.9926"),
         ("XLM", "1M"): (35734127902720, "4862.1", "0.9961")}
UNFUSED = {("BERT", "1K"): (6845104128, "0.0218236")}
SPEEDUP, TOLERANCE = 10.05, 0.05


def bound(weir, cascade, machine, model, length):
    heads, width = MODELS[model]
    sizes = {"b": 64, "h": heads, "e": width, "f": width, "m": LENGTHS[length], "p": LENGTHS[length]}
    command = [weir, "analyze", cascade, "--machine", machine, "--json"]
    command += [word for rank, extent in sizes.items() for word in ("--set", f"{rank}={extent}")]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["bound"]


def is_known(value, text):
    """True if `value`, rounded to the digits of `text`, is that number."""
    decimals = len(text.partition(".")[2])
    return f"{value:.{decimals}f}" == text


def mistakes(label, bound, known):
    if not known:
        return
    if bound["bytes"] != known[0]:
        yield f"{label}: {bound['bytes']} bytes, not {known[0]}"
    if not is_known(bound["seconds"], known[1]):
        yield f"{label}: {bound['seconds']} s, not {known[1]}"
    if len(known) > 2 and not is_known(bound["utilisation"]["2d"], known[2]):
        yield f"{label}: utilisation {bound['utilisation']['2d']}, not {known[2]}"


def main():
    weir = sys.argv[1]
    cascade = sys.argv[2] if len(sys.argv) > 2 else Path(__file__).parent / "Inputs" / "attention.yaml"
    cases = [(model, length) for model in MODELS for length in LENGTHS]
    with ThreadPoolExecutor(2) as pool:
        fused = list(pool.map(lambda case: bound(weir, cascade, "fusemax", *case), cases))
        unfused = list(pool.map(lambda case: bound(weir, cascade, "fusemax-unfused", *case), cases))
    wrong, speedups = [], []
    print(f"{'model':6}{'length':>6}{'bytes':>16}{'seconds':>12}{'2D busy':>9}{'unfused bytes':>17}{'seconds':>12}{'speed-up':>10}")
    for case, one, other in zip(cases, fused, unfused):
        speedups.append(other["seconds"] / one["seconds"])
        print(f"{case[0]:6}{case[1]:>6}{one['bytes']:>16}{one['seconds']:>12.6g}{one['utilisation']['2d']:>9.4f}"
              f"{other['bytes']:>17}{other['seconds']:>12.6g}{speedups[-1]:>10.2f}")
        label = " ".join(case)
        wrong += mistakes(label, one, FUSED.get(case))
        wrong += mistakes(label + " unfused", other, UNFUSED.get(case))
    mean = statistics.mean(speedups)
    print(f"mean speed-up of attention over {len(cases)} configurations: {mean:.2f}")
    if abs(mean - SPEEDUP) > TOLERANCE:
        wrong.append(f"mean speed-up {mean:.4f}, not {SPEEDUP}")
    for line in wrong:
        print("wrong:", line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
