"""Damages what cache.test keeps: the objects in a folder, or a copy of a program."""
import pathlib
import shutil
import subprocess
import sys


def damage(how, folder):
    for path in pathlib.Path(folder).glob("*.object"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes({"flip": content, "cut": content[:len(content) // 2], "empty": b""}[how])


def other_build(program, copy):
    """A copy of the program with another build ID."""
    source = shutil.which(program) or program
    notes = subprocess.run(["readelf", "-n", source], stdout=subprocess.PIPE, text=True, check=True).stdout
    identity = bytes.fromhex(notes.split("Build ID:")[1].split()[0])
    content = pathlib.Path(source).read_bytes()
    assert content.count(identity) == 1
    pathlib.Path(copy).write_bytes(content.replace(identity, bytes(len(identity) - 1) + b"\x07"))
    pathlib.Path(copy).chmod(0o755)


if sys.argv[1] == "other-build":
    other_build(*sys.argv[2:])
else:
    damage(*sys.argv[1:])
