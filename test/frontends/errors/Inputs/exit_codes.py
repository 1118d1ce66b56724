"""Checks the exit code of `weir check` for each file of a folder whose comments say what it reports."""
import concurrent.futures
import pathlib
import re
import subprocess
import sys

weir, folder = sys.argv[1:]


def is_wrong(path):
    text = path.read_bytes()
    if b"\n# set: " in text:  # `weir check` takes no settings
        return None
    expected = int(bool(re.search(rb"^# error: ", text, re.M)))
    found = subprocess.run([weir, "check", path], stderr=subprocess.DEVNULL).returncode
    return None if found == expected else f"{path.name}: exit code {found}, expected {expected}"


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    wrong = [message for message in pool.map(is_wrong, sorted(pathlib.Path(folder).glob("*.weir"))) if message]
sys.exit("\n".join(wrong) or 0)
