"""Identifiers of messages: each that the code has is explained, and each example does what it says.

Explanations stand in tools/weir/explanations/*.md. A section `## ID` has a first line that is a summary, text, and
fenced blocks: ```weir wrong (or ```yaml), whose check (or the commands in ```sh with) must show `[ID]`, and ```weir right, where
it must not. In place of both, ```sh wrong and ```sh right hold whole commands, run in bash where `weir` is the program
and examples/ and test/ are at hand; `wrong.weir` and `right.weir` are the section's texts.

Writes docs/reference/diagnostics.md, with the messages that the wrong examples give; with --check, fails where it is
stale.
"""
import argparse
import concurrent.futures
import dataclasses
import difflib
import pathlib
import re
import sys
import tempfile

from pages import ROOT, Workshop

SOURCE = ROOT / "tools/weir/explanations"
PAGE = ROOT / "docs/reference/diagnostics.md"
SECTION = re.compile(r"^## (?P<id>\S+)\n(?P<text>.*?)(?=^## |\Z)", re.M | re.S)
FENCE = re.compile(r"^```(?P<language>weir|yaml|sh) (?P<role>wrong|right|with)\n(?P<text>.*?)^```$", re.M | re.S)

# Where identifiers stand in the code: calls that report, and constants that are reported.
CALLS = re.compile(r'(?:\berror|\bwarning|\bfail|\brefuse|\bcomplain|\bcheck)\(\s*(?:[\w.:*&()]+,\s*){0,3}"([a-z]+(?:-[a-z]+)*)"')
RESULTS = re.compile(r'Error\{(?:[^{}]|\{[^{}]*\})*?,\s*"([a-z]+(?:-[a-z]+)+)"\}')
REASONS = re.compile(r'"((?!WEIR_)[A-Z][A-Z_]{4,})"')
# Said in ways that the patterns do not see.
OTHERS = {"file-format", "internal-error", "invalid-ir", "no-sizes", "no-memory", "unknown-command", "unknown-option",
          "file-access", "file-size-limit"}
# Of these only the explanation is tested: no short file makes them.
WITHOUT_EXAMPLE = {"device-error", "gpu-form", "no-device", "no-nvcc", "no-ptxas", "BARRIER", "CHECK_FAILED", "MODULE_RANK", "RANGE", "REFERENCE_INDEX", "STAGED", "internal-error", "missing-input", "no-memory", "recorded-case", "recurrence-limit",
                   "refused-call", "substitution-limit", "wrong-derivation"}


def identifiers():
    found = {}
    for folder in ("codegen", "frontends", "passes", "runtime", "tools"):
        for path in (ROOT / folder).rglob("*.cpp"):
            text = path.read_text()
            explains = "derive" in path.parts or "compile" in path.parts or path.name == "Explain.cpp"
            patterns = [CALLS, RESULTS] + [REASONS] * explains
            for pattern in patterns:
                for name in {*pattern.findall(text)} - {"weir"}:
                    found.setdefault(name, path.relative_to(ROOT))
    return found


@dataclasses.dataclass
class Section:
    group: str
    id: str
    text: str

    def blocks(self, role):
        return [m for m in FENCE.finditer(self.text) if m["role"] == role]

    def run(self, weir, role):
        """What the section's example prints, and its exit codes."""
        with tempfile.TemporaryDirectory() as folder:
            shop = Workshop(weir, folder)
            with_ = self.blocks("with")
            commands = []
            for block in self.blocks(role):
                if block["language"] == "sh":
                    commands.append(block["text"])
                    continue
                name = f"{role}.{block['language']}"
                (shop.folder / name).write_text(block["text"])
                commands.append(with_[0]["text"].replace("FILE", name) if with_ else f"weir check {name}")
            ran = shop.bash("set -o pipefail\n" + "\n".join(commands))
            # Times differ from run to run.
            lines = [line for line in ran.stdout.splitlines(True) if " ran in " not in line]
            return ran.returncode, "".join(lines).replace(f"{folder}/", "")


def sections():
    for path in sorted(SOURCE.glob("*.md")):
        text = path.read_text()
        title = text.split("\n", 1)[0].lstrip("# ")
        for match in SECTION.finditer(text):
            yield Section(title, match["id"], match["text"].strip())


def check_section(weir, section):
    """The message of the wrong example, and what is not as it should be."""
    mistakes = []
    shown = f": {section.id}:" if section.id.isupper() else f"[{section.id}]"
    if not section.blocks("wrong"):
        return "", [] if section.id in WITHOUT_EXAMPLE or section.group == "GPU targets" else ["has no wrong example"]
    code, message = section.run(weir, "wrong")
    if shown not in message:
        mistakes.append(f"the wrong example does not show '{shown}' but (exit code {code})\n{message}")
    if section.blocks("right"):
        code, right = section.run(weir, "right")
        if shown in right or code != 0:
            mistakes.append(f"the right example is wrong (exit code {code})\n{right}")
    elif not section.id.endswith("-limit"):
        mistakes.append("has no right example")
    return message, mistakes


def page(results):
    lines = ["# Messages and their identifiers", "",
             "<!-- Generated by test/docs/diagnostics.py from tools/weir/explanations: run scripts/docs. -->", "",
             "Every error, warning and refusal of Weir ends with its identifier in brackets, and `weir doc ID` explains it.",
             "Identifiers stay; wording may improve.", ""]
    group = None
    for section, message in results:
        if section.group != group:
            group = section.group
            lines += [f"## {group}", ""]
        lines += [f"### {section.id}", ""]

        def shown(match):
            if match["role"] == "right":
                return f"Mended:\n```{match['language']}\n{match['text']}```"
            if match["role"] == "with":
                return f"```sh\n{match['text']}```"
            quoted = "".join(line.rstrip() + "\n" for line in message.splitlines())
            return f"```{match['language'].replace('weir', 'text')}\n{match['text']}```\n```text\n{quoted}```"
        lines += [FENCE.sub(shown, section.text).replace("```text\nkernel", "```text\nkernel"), ""]
    return "\n".join(lines).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weir", required=True, help="the program")
    parser.add_argument("--check", action="store_true", help="compare and change nothing")
    parser.add_argument("--list", action="store_true", help="list the identifiers that the code has")
    options = parser.parse_args()
    known, all_sections = identifiers(), list(sections())
    if options.list:
        print("\n".join(sorted({*known, *OTHERS})))
        return
    failures = []
    explained = [section.id for section in all_sections]
    failures += [f"{name} ({known.get(name, 'said by a program')}) has no explanation"
                 for name in sorted({*known, *OTHERS} - {*explained})]
    failures += [f"{name} is explained and stands nowhere in the code" for name in sorted({*explained} - {*known, *OTHERS})]
    failures += [f"{name} is explained twice" for name in sorted({n for n in explained if explained.count(n) > 1})]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda section: check_section(options.weir, section), all_sections))
    for section, (_, mistakes) in zip(all_sections, outcomes):
        failures += [f"{section.id}: {mistake}" for mistake in mistakes]
    fresh = page((section, message) for section, (message, _) in zip(all_sections, outcomes))
    if not options.check:
        PAGE.write_text(fresh)
    elif not PAGE.exists() or PAGE.read_text() != fresh:
        old = PAGE.read_text() if PAGE.exists() else ""
        sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), fresh.splitlines(True), PAGE.name, "fresh", n=1))
        failures.append("docs/reference/diagnostics.md is stale: run scripts/docs")
    print("\n".join(failures) or f"{len(all_sections)} identifiers are explained and shown")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
