"""Runs the commands that README.md gives a new user, after the one that installs Weir.

readme.py HOME: in that home folder, where ~/weir is an installed tree, every ```sh block of the section on one's own
project, each as written; what they print goes to stdout.
"""
import os
import pathlib
import re
import subprocess
import sys

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
SECTION = re.compile(r"^## In your own project\n(?P<text>.*?)^## ", re.M | re.S)
BLOCK = re.compile(r"^```sh\n(?P<commands>.*?)^```$", re.M | re.S)


def main():
    install, *others = [match["commands"] for match in BLOCK.finditer(SECTION.search(README.read_text())["text"])]
    if not others or install.split() != "cmake --install build --prefix ~/weir".split():
        sys.exit("the section no longer begins with the command that this test replaces")
    home = pathlib.Path(sys.argv[1]).resolve()
    environment = {**os.environ, "HOME": str(home), "SHELL": "/bin/bash"}
    for commands in others:
        subprocess.run(["bash", "-ec", commands], cwd=home, env=environment, check=True)


if __name__ == "__main__":
    main()
