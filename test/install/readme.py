"""Runs the commands that README.md gives a new user, each ```sh block as written; what they print goes to stdout.

readme.py HOME BUILD: those of the first minutes in a folder that looks like a clone with the build folder BUILD; then, in
that home folder, where ~/weir is an installed tree, those of the section on one's own project, after the one that installs.
"""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh\n(?P<commands>.*?)^```$", re.M | re.S)


def blocks(title):
    """The commands of a section."""
    section = re.search(rf"^## {title}\n(?P<text>.*?)^## ", (ROOT / "README.md").read_text(), re.M | re.S)
    return [match["commands"] for match in BLOCK.finditer(section["text"])]


def look_like_clone(folder, build):
    folder.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if not entry.name.startswith(("build", ".")):
            (folder / entry.name).symlink_to(entry)
    (folder / "build").symlink_to(build)
    return folder


def main():
    home, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    environment = {**os.environ, "HOME": str(home), "SHELL": "/bin/bash"}
    for commands in blocks("Two minutes with Weir"):
        subprocess.run(["bash", "-ec", commands], cwd=look_like_clone(home / "clone", build), env=environment, check=True)
    install, *others = blocks("In your own project")
    if not others or install.split() != "cmake --install build --prefix ~/weir".split():
        sys.exit("the section no longer begins with the command that this test replaces")
    for commands in others:
        subprocess.run(["bash", "-ec", commands], cwd=home, env=environment, check=True)


if __name__ == "__main__":
    main()
