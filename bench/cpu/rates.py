"""How fast Weir's code computes each function on scores in registers: what a transcendental counts for."""
import json
import pathlib
import subprocess
import tempfile

import paths

# Scores of depth 1 cost next to nothing, and the sum keeps results out of memory.
KERNEL = """kernel rate(X: f32[m, d], Y: f32[n, d]) -> (O: f32[m])
{{
  S[m,n] = sum[d](X * Y)
  O[m]   = sum[n]({function}(S))
}}
"""
EXTENT = 2048


def rate(function, folder):
    """Values a second on one thread: the best of three medians."""
    file = pathlib.Path(folder) / f"{function}.weir"
    file.write_text(KERNEL.format(function=function))
    command = [paths.BUILD / "bin/weir", "run", file, "--threads", "1", "--repeat", "21", "--json", "--set", "d=1",
               "--set", f"m={EXTENT}", "--set", f"n={EXTENT}"]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    return EXTENT * EXTENT / min(run["run_seconds"] for run in runs)


def measure():
    """G/s by function, as kernels compute them."""
    with tempfile.TemporaryDirectory() as folder:
        return {"functions": {name: rate(name, folder) * 1e-9 for name in ("exp2", "tanh", "sigmoid")}}
