"""Runs a command and passes on what it prints; fails unless it exits with the code given first."""
import subprocess
import sys

ran = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
print(ran.stdout, end="")
if ran.returncode != int(sys.argv[1]):
    sys.exit(f"exit code {ran.returncode}, expected {sys.argv[1]}")
