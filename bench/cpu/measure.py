"""Runs the benchmark's groups and writes their figures; see bench/run."""
import argparse
import contextlib
import dataclasses
import datetime
import json
import pathlib
import subprocess
import sys

import numpy as np

import cases
import paths
import rates
import sampling
import startup
import tables


def machine():
    """What the figures are of."""
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=paths.ROOT, capture_output=True, text=True).stdout
    return {"processor": model, "commit": commit.strip(), "date": datetime.date.today().isoformat()}


def versions():
    """The peers that are installed, with their versions."""
    if not paths.PEERS_PYTHON.exists():
        return {}
    names = {"torch": "torch", "onnxruntime": "onnxruntime", "openvino": "openvino", "jax": "jax",
             "iree-base-compiler": "iree"}
    script = ("import importlib.metadata as m, json, sys\n"
              "print(json.dumps({d.name: d.version for d in m.distributions() if d.name in sys.argv}))")
    found = json.loads(subprocess.run([paths.PEERS_PYTHON, "-c", script, *names], capture_output=True, text=True).stdout)
    return {names[package]: version for package, version in found.items()}


def agreement(results):
    """The largest difference between what Weir and the others computed, in the few elements that were kept."""
    probes = {name: np.array(result.pop("probe")) for name, result in results.items() if "probe" in result}
    for name, probe in probes.items():
        if name != "weir" and "weir" in probes:
            results[name]["differs"] = float(abs(probe - probes["weir"]).max())


def say(case, results):
    told = [f"{name} {result['of_peak']:.3f} ({result['disturbed']})" if "of_peak" in result
            else f"{name}: {result['absent'][:60]}" for name, result in results.items()]
    print(f"{case.label()}, threads {case.threads}: {', '.join(told)}", flush=True)


def run_group(bench, name, installed):
    subjects, group = cases.GROUPS[name]
    chosen = [s for s in subjects if s.startswith("weir") or ("torch" if s in cases.FLEX else s) in installed]
    figures = []
    for case in group:
        results = bench.measure(case, chosen)
        agreement(results)
        say(case, results)
        figures.append({"case": dataclasses.asdict(case), "pairs": case.pairs, "flops": case.flops,
                        "functions": case.functions(), "results": results})
    return figures


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(cases.GROUPS)}; all by default")
    parser.add_argument("--only", nargs="+", metavar="SUBJECT", help="of weir, torch, onnxruntime, openvino, jax, iree")
    parser.add_argument("--samples", type=int, default=9, help="undisturbed ones, of each subject and case (9)")
    parser.add_argument("--patience", type=float, default=120, help="seconds, for a case to be ready and to be run (120)")
    parser.add_argument("--output", type=pathlib.Path, default=paths.BUILD / "bench", help="folder (build/bench)")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(cases.GROUPS):
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(cases.GROUPS)}")
    sampling.with_priority()
    installed = versions()
    if options.only:
        installed = {name: version for name, version in installed.items() if name in options.only}
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "figures.json"
    figures = json.loads(path.read_text()) if path.exists() else {"groups": {}}
    figures |= {"machine": machine(), "peers": figures.get("peers", {}) | installed}
    figures["canaries"] = sampling.canary("read", seconds=1) | rates.measure()
    figures["startup"] = startup.measure()
    with contextlib.closing(sampling.Bench(cases.PEERS + cases.FLEX + ("weir", cases.ONE_THREAD), options.samples,
                                           options.patience)) as bench:
        for name in options.groups or cases.GROUPS:
            print(f"== {name}")
            figures["groups"][name] = run_group(bench, name, installed)
            path.write_text(json.dumps(figures, indent=1) + "\n")
    (options.output / "index.html").write_text(tables.page(tables.Figures(figures)))
    print(f"wrote {path} and index.html beside it")


if __name__ == "__main__":
    sys.exit(main())
