"""The rows' files: one a row, short, with the row's own inputs, scalars and outputs."""

import re
import sys
import unittest

import rows

EXAMPLES = rows.HERE.parents[1] / "examples"
# Rows whose outputs or selections are parts of a softmax, or that are about how it is split.
PARTS_OF_SOFTMAX = {"scan/aaren", "scan/fusemax_2pass", "scan/fusemax_3pass", "sparse/sale"}
MOST_LINES, MOST_LINES_ON_AVERAGE = 70, 25


def lines(family, row):
    """The lines of a row's file that are neither empty nor comments."""
    text = (EXAMPLES / family / f"{row['name']}.weir").read_text()
    stripped = (re.sub(r"(^|\s)#(?![A-Za-z_]).*", "", line).strip() for line in text.splitlines())
    return [line for line in stripped if line]


def signature(family, row):
    """The kernel's inputs with their ranks, its scalars, and its outputs with their ranks."""
    text = " ".join(lines(family, row))
    head = re.search(rf"\bkernel {row['name']}(?:\[[^\]]*\])?\((.*?)\) *-> *\((.*?)\) *(?:where|\{{)", text)
    tensor = r"(\w+): *\w+\[([\w ,]*)\]"
    named = lambda part: {name: [r.strip() for r in ranks.split(",") if r.strip()]
                          for name, ranks in re.findall(tensor, part)}
    scalars = set(re.findall(r"(\w+): *(?:const +)?\w+ *(?:=|,|$)", head[1]))
    return named(head[1]), scalars, named(head[2])


class Rows(unittest.TestCase):
    def test_every_row_has_a_file_and_no_file_lacks_a_row(self):
        for family in rows.FAMILIES:
            files = {path.stem for path in (EXAMPLES / family).glob("*.weir")}
            self.assertEqual(files, {row["name"] for row in rows.load(family)}, family)

    def test_rows_are_short(self):
        counts = {f"{family}/{row['name']}": len(lines(family, row)) for family, row in rows.select([])}
        longest = max(counts, key=counts.get)
        average = sum(counts.values()) / len(counts)
        print(f"{len(counts)} rows, {average:.1f} lines on average, {counts[longest]} in {longest}", file=sys.stderr)
        self.assertLessEqual(counts[longest], MOST_LINES, longest)
        self.assertLessEqual(average, MOST_LINES_ON_AVERAGE)

    def test_signatures_are_the_rows(self):
        """The same names in the same order of ranks; a second index over a rank (`e2`) may have a name of its own."""
        for family, row in rows.select([]):
            with self.subTest(row=f"{family}/{row['name']}"):
                inputs, scalars, outputs = signature(family, row)
                self.assertLessEqual(set(row.get("params", {})), scalars)
                self.assertEqual(list(outputs), list(row["outputs"]))
                for own, declared in ((inputs, {n: s["ranks"] for n, s in row["inputs"].items()}),
                                      (outputs, row["outputs"])):
                    self.assertEqual(set(own), set(declared))
                    for name, ranks in declared.items():
                        self.assertEqual(len(own[name]), len(ranks), name)
                        self.assertTrue(all(a == b or b[-1].isdigit() for a, b in zip(own[name], ranks)),
                                        f"{name}: {own[name]} for {ranks}")

    def test_softmax_is_written_once(self):
        """No row takes the exponential of a distance to a maximum: the library's functions do."""
        for family, row in rows.select([]):
            if f"{family}/{row['name']}" in PARTS_OF_SOFTMAX:
                continue
            with self.subTest(row=f"{family}/{row['name']}"):
                text = "\n".join(lines(family, row))
                maxima = re.findall(r"^(?:let )?(\w+)(?:\[[\w,]*\])? *= *max\[", text, re.M)
                for maximum in [*maxima, r"max\["]:
                    self.assertNotRegex(text, rf"exp\([^()\n]* - {maximum}\b")
                self.assertNotIn("fn softmax", text)


if __name__ == "__main__":
    unittest.main()
