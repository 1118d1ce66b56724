"""together.py N COMMAND…: runs a command N times at once, and prints each output on a line."""
import subprocess
import sys

runs = [subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, text=True) for _ in range(int(sys.argv[1]))]
for run in runs:
    output, _ = run.communicate()
    print(" ".join(output.split()))
    if run.returncode:
        sys.exit(run.returncode)
