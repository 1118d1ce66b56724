"""Prints the passes over n of each file of a folder, before and after derivation."""
import json
import subprocess
import sys
from pathlib import Path

for file in sorted(Path(sys.argv[2]).glob("*.weir")):
    result = subprocess.run([sys.argv[1], "explain", file, "--json"], capture_output=True, text=True, check=True)
    report = json.loads(result.stdout)
    rank = report["ranks"]["n"]
    print(f"{report['kernel']}: {rank['passes']} -> {rank['derived_passes']}")
