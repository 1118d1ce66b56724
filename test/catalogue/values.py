"""The functions and operators of the equations on numpy arrays."""

import math

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(x, float)))


MAPS = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x), "tanh": np.tanh,
    "abs": np.abs, "sign": np.sign, "cos": np.cos, "sin": np.sin, "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0), "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2))), "softplus": lambda x: np.logaddexp(0, x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1), "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "floor": lambda x: whole(np.floor(x)), "ceil": lambda x: whole(np.ceil(x)),
    "round": lambda x: whole(np.rint(x)), "int": lambda x: whole(np.trunc(x)),
    "pow": lambda a, b: power(a, b), "mod": np.mod, "div0": lambda a, b: np.where(b == 0, 0.0, a / np.where(b == 0, 1, b)),
    "maximum": np.maximum, "minimum": np.minimum,
}
EMPTY = {"sum": 0, "mean": 0, "prod": 1, "max": -np.inf, "min": np.inf, "any": False, "all": True, "count": 0}
COMPARE = {"<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal,
           "==": np.equal, "!=": np.not_equal}
ARITHMETIC = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
              "//": lambda a, b: a // b, "%": lambda a, b: np.mod(a, b), "^": lambda a, b: power(a, b)}


def whole(x):
    return np.where(np.isfinite(x), x, 0).astype(np.int64)


def power(a, b):
    a, b = np.asarray(a), np.asarray(b)
    exact = a.dtype.kind == "i" and b.dtype.kind == "i" and (b >= 0).all()
    return a ** b if exact else a.astype(float) ** b


def number(x):
    x = np.asarray(x)
    return x.astype(np.int64) if x.dtype == bool else x


def both(*presences):
    known = [p for p in presences if p is not None]
    return None if not known else np.logical_and.reduce(np.broadcast_arrays(*known)) if len(known) > 1 else known[0]
