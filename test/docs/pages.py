"""The pages of docs/: checks their examples and links, and rewrites what they quote from programs.

A fenced block that begins with ```weir is a whole file. `weir check` must take it in silence;
```weir error must be refused, and ```weir warning be taken with a warning.

A comment `<!-- include LANGUAGE: COMMAND -->` stands before a fenced block that holds what the
command prints, errors included. Commands run in bash, with `weir` the program under test,
`above.weir` the last example above the comment and the repository's folders at hand; `$WEIR`
is the program's path.
"""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = re.compile(r"^```weir *(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
INCLUDE = re.compile(r"^<!-- include (?P<language>\w+): (?P<command>[^\n]*) -->\n```\w+\n(?P<text>.*?)^```$", re.M | re.S)
FENCED = re.compile(r"^```.*?^```$|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"\]\((?P<target>[^)#\s]+)[^)]*\)")
MARK = re.compile(r"^<!-- include", re.M)


class Workshop:
    """A folder in which commands find the repository and the example at hand."""

    def __init__(self, weir, folder):
        self.weir = pathlib.Path(weir).resolve()
        self.folder = pathlib.Path(folder)
        for entry in ("examples", "machines", "test"):
            (self.folder / entry).symlink_to(ROOT / entry)

    def bash(self, command):
        script = f'WEIR="{self.weir}"\nweir() {{ "$WEIR" "$@"; }}\n{command}'
        return subprocess.run(["bash", "-c", script], cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def put(self, example):
        (self.folder / "above.weir").write_text(example)


def line_of(page, position):
    return page.count("\n", 0, position) + 1


def wrong_examples(page, shop):
    """Examples that are not what their fence says, as (line, what `weir check` did)."""
    expected = {"": (0, False), "warning": (0, True), "error": (1, True)}
    for match in EXAMPLE.finditer(page):
        shop.put(match["text"])
        ran = shop.bash("weir check above.weir")
        if (ran.returncode, bool(ran.stdout)) != expected.get(match["kind"]):
            yield line_of(page, match.start()), f"exit code {ran.returncode}\n{ran.stdout}"


def dead_links(path, page):
    for match in LINK.finditer(FENCED.sub("", page)):
        if "://" not in match["target"] and not (path.parent / match["target"]).exists():
            yield match["target"]


def refreshed(page, shop):
    """The page with every quotation made anew."""
    def quote(match):
        examples = [e for e in EXAMPLE.finditer(page, 0, match.start())]
        if examples:
            shop.put(examples[-1]["text"])
        ran = shop.bash(match["command"])
        if not ran.stdout or ran.returncode not in (0, 1):
            sys.exit(f"line {line_of(page, match.start())}: '{match['command']}' gave {ran.returncode}\n{ran.stdout}")
        text = "".join(line.rstrip() + "\n" for line in ran.stdout.splitlines())
        return f"<!-- include {match['language']}: {match['command']} -->\n```{match['language']}\n{text}```"
    if len(MARK.findall(page)) != len(INCLUDE.findall(page)):
        sys.exit("an include has no fenced block after it")
    return INCLUDE.sub(quote, page)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weir", required=True, help="the program")
    parser.add_argument("--check", action="store_true", help="compare and change nothing")
    parser.add_argument("pages", nargs="*", type=pathlib.Path, default=sorted((ROOT / "docs").glob("*.md")))
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(options.weir, folder)
        for path in options.pages:
            page = path.read_text()
            for line, what in wrong_examples(page, shop):
                failures += 1
                print(f"{path.name}:{line}: the example is not what its fence says: {what}")
            for target in dead_links(path, page):
                failures += 1
                print(f"{path.name}: nothing is at '{target}'")
            fresh = refreshed(page, shop)
            if not options.check:
                path.write_text(fresh)
            elif fresh != page:
                failures += 1
                sys.stdout.writelines(difflib.unified_diff(page.splitlines(True), fresh.splitlines(True),
                                                           path.name, f"{path.name}, fresh", n=1))
                print(f"{path.name} is stale: run scripts/docs")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
