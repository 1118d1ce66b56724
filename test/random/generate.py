"""Random well-typed cascades: generate.py --seed S --count N DIR writes DIR/r<seed>.weir, one a seed.

Each file is a kernel over a few small ranks whose equations draw on the whole language: chains of dependent
reductions, predicates and absent points, integers and truth values, prefixes, selections, gathers, recurrences,
every storage type, several outputs. The same seed gives the same text; a failing file is its own reproducer.
`--batch K` puts K kernels in a file.
"""

import argparse
from pathlib import Path

from kernels import FORMS, Kernel


def write(folder, first, count, real="f32", batch=1, forms=None):
    """Writes the kernels of some seeds and gives their files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for begin in range(first, first + count, batch):
        seeds = range(begin, min(begin + batch, first + count))
        files.append(folder / f"r{begin}.weir")
        files[-1].write_text("\n".join(Kernel(seed, forms).text(real) for seed in seeds))
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--type", default="f32", help="of real tensors")
    parser.add_argument("--forms", help=f"of equations, by comma: {','.join(sorted(set(FORMS)))}")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    write(options.folder, options.seed, options.count, options.type, options.batch,
          options.forms and options.forms.split(","))


if __name__ == "__main__":
    main()
