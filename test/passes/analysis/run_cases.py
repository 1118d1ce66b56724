"""Analyzes cascades whose passes, depth and lineage are known, and compares.

    python run_cases.py WEIR CASES.yaml
"""
import json
import subprocess
import sys

import yaml

weir, path = sys.argv[1:]
with open(path) as file:
    cases = yaml.safe_load(file)
result = subprocess.run([weir, "analyze", path, "--json"], capture_output=True, text=True)
if result.returncode:
    sys.exit(result.stderr)
found = {kernel["kernel"]: kernel["ranks"] for kernel in json.loads(result.stdout)}
wrong = 0
for name, case in cases.items():
    for rank, expected in case["expect"].items():
        got = found[name].get(rank.lower(), {})
        seen = {key: got.get(key) for key in expected}
        # A lineage names the inputs that matter; others may be read as well.
        if "lineage" in expected:
            seen["lineage"] = {tensor: got["lineage"].get(tensor) for tensor in expected["lineage"]}
        if seen != expected:
            print(f"{name}: rank {rank}: {seen}, not {expected}")
            wrong += 1
print(f"{len(cases)} cases, {sum(len(case['expect']) for case in cases.values())} ranks, {wrong} wrong")
sys.exit(wrong > 0)
