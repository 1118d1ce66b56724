"""Rows of the catalogue: loading, extents, parameters and generated inputs."""

import math
import re
import sys
from pathlib import Path

import numpy as np
import yaml

HERE = Path(__file__).resolve().parent
FAMILIES = ("softmax", "sparse", "scan")
MATH = {n: getattr(math, n) for n in ("sqrt", "log", "log2", "ceil", "floor", "pi")}
DTYPES = {"f32": np.float32, "i32": np.int32, "i8": np.int8, "bool": np.bool_}


def load(family):
    return yaml.load((HERE / f"{family}.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def select(names):
    """(family, row) pairs for family names, row names or family/row; all rows for no names."""
    chosen, unknown = [], set(names)
    for family in FAMILIES:
        for row in load(family):
            labels = {family, row["name"], f"{family}/{row['name']}"}
            if not names or labels & set(names):
                chosen.append((family, row))
                unknown -= labels
    if unknown:
        sys.exit(f"unknown row or family: {', '.join(sorted(unknown))}")
    return chosen


def python(text, names):
    return eval(str(text), {"__builtins__": {}, "math": math, "max": max, "min": min, "int": int, **MATH}, names)


def scope(family, row, size):
    """Extents and parameters of a row at one of its sizes: (extents, params, overridden params)."""
    size = dict(size)
    overrides = {**size.pop("params", {}), **{k: size.pop(k) for k in list(size) if k in row.get("params", {})}}
    params = {**row.get("params", {}), **overrides}
    extents = dict(size)
    known = {k: v for k, v in params.items() if not isinstance(v, str)}

    def names():
        upper = {k.upper(): v for k, v in extents.items()} if family == "scan" else {}
        return {**upper, **extents, **known}

    for rank, text in row.get("derived", {}).items():
        extents.setdefault(rank, int(python(text, names())))
    for name, text in params.items():
        if isinstance(text, str):
            known[name] = python(text, names())
    return extents, {k: known[k] for k in params}, overrides


def generate(family, row, extents, params, seed):
    """The row's inputs as arrays of their declared types."""
    rng = np.random.default_rng(seed)
    upper = {k.upper(): v for k, v in extents.items()}
    names = {**upper, **extents, **params}
    made = {}
    for name, spec in row["inputs"].items():
        shape = tuple(extents[rank_of(r, extents)] for r in spec["ranks"])
        kind, _, rest = spec["gen"].partition("(")
        arguments = [python(a, names) for a in split(rest[:-1])] if rest else []
        made[name] = np.asarray(GENERATORS[kind](rng, shape, *arguments)).astype(DTYPES[spec["dtype"]])
    return made


def split(text):
    """Top-level commas of an argument list."""
    return [a for a in re.split(r",(?![^(]*\))", text) if a.strip()]


def rank_of(index, extents):
    """The rank that an index variable ranges over: its own name, or less its trailing digits."""
    return index if index in extents else index.rstrip("0123456789")


def by_row(make):
    """Applies a generator of one last axis to every leading index."""
    def all_rows(rng, shape, *arguments):
        lead = shape[:-1]
        rows = [make(rng, shape[-1], *arguments) for _ in range(math.prod(lead))]
        return np.array(rows).reshape(shape)
    return all_rows


def offsets(rng, n, last, strict=False):
    inner = (rng.choice(np.arange(1, last), n - 2, replace=False) if strict
             else rng.integers(0, last + 1, n - 2)) if n > 2 else []
    return [0, *sorted(int(x) for x in inner), int(last)] if n > 1 else [0]


def rowptr(rng, n, last):
    """CSR row pointers; with three rows or more the second row is empty."""
    made = offsets(rng, n, last)
    if n > 3:
        made[2] = made[1]
    return made


def documents(rng, n, count):
    """Nondecreasing ids 0..min(count, n)-1, each of them used."""
    count = min(int(count), n)
    cuts = sorted(rng.choice(np.arange(1, n), count - 1, replace=False)) if count > 1 else []
    return np.searchsorted(cuts, np.arange(n), side="right")


def boolempty(rng, shape, p):
    made = rng.random(shape) < p
    if len(shape) == 1:
        made[:] = False
    else:
        made[(0,) * (len(shape) - 2) + (0,)] = False
    return made


def seqlen(rng, shape, n):
    made = rng.integers(0, n + 1, shape)
    flat = made.reshape(-1)
    if flat.size >= 2:
        flat[0], flat[1] = 0, n
    return made


def signedgeom(rng, shape, a):
    made = a ** (np.arange(shape[-1]) + 1.0)
    made[(shape[-1] + 1) // 2:] *= -1
    return np.broadcast_to(made, shape)


def unitvector(rng, shape):
    made = rng.standard_normal(shape)
    return made / np.linalg.norm(made, axis=-1, keepdims=True)


def orthogonal(rng, shape):
    return np.linalg.qr(rng.standard_normal(shape))[0]


def gray(rng, shape):
    codes = np.arange(shape[0])
    inverse = np.empty(shape[0], int)
    inverse[codes ^ (codes >> 1)] = codes
    return inverse


def demonstrations(rng, n, count, queries):
    """Contiguous batches 0..count-1, then -1 on the last `queries` tokens."""
    body = n - queries
    return np.concatenate([documents(rng, body, count), np.full(queries, -1)]).astype(int)


GENERATORS = {
    "normal": lambda rng, shape, s=1.0: s * rng.standard_normal(shape),
    "small": lambda rng, shape: 0.3 * rng.standard_normal(shape),
    "uniform": lambda rng, shape, a=0.0, b=1.0: rng.uniform(a, b, shape),
    "unitvector": unitvector,
    "grid8": lambda rng, shape: rng.integers(-16, 17, shape) / 8,
    "int": lambda rng, shape, a, b: rng.integers(a, b, shape),
    "bool": lambda rng, shape, p: rng.random(shape) < p,
    "boolempty": boolempty,
    "choice": lambda rng, shape, *values: rng.choice(values, shape),
    "const": lambda rng, shape, x: np.full(shape, x),
    "geom": lambda rng, shape, a: np.broadcast_to(a ** (np.arange(shape[-1]) + 1.0), shape),
    "signedgeom": signedgeom,
    "perm": by_row(lambda rng, n: rng.permutation(n)),
    "seqlen": seqlen,
    "doc": by_row(lambda rng, n, k: np.sort(rng.integers(0, k, n))),
    "docids": by_row(documents),
    "demos": by_row(demonstrations),
    "rowptr": by_row(rowptr),
    "offsets": by_row(offsets),
    "offsets_strict": by_row(lambda rng, n, last: offsets(rng, n, last, strict=True)),
    "evict": lambda rng, shape, m: rng.integers(np.minimum(np.arange(shape[-1]), m), m + 1, shape),
    "slash": by_row(lambda rng, n, last: [0, *rng.integers(0, last, n - 1)]),
    "parents": by_row(lambda rng, n: [rng.integers(-1, i) if i else -1 for i in range(n)]),
    "orthogonal": orthogonal,
    "gray": gray,
}
