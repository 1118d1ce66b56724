"""What is measured: variants of attention, their needed work, and at which lengths and widths they run."""
import dataclasses
import typing

import numpy as np


def _everything(length):
    return length * length


def _causal(length):
    return length * (length + 1) // 2


def _window(width):
    def pairs(length):
        full = min(width, length)
        return full * (full + 1) // 2 + (length - full) * full
    return pairs


def _documents(count, is_causal=False):
    def pairs(length):
        sizes = np.bincount(documents(count)((length,)))
        return int((sizes * (sizes + 1) // 2 if is_causal else sizes * sizes).sum())
    return pairs


def _window_and_sinks(width, sinks):
    """Rows that reach beyond the window see those sinks, too, that the window has left behind."""
    def pairs(length):
        return _window(width)(length) + sum(min(sinks, max(0, m + 1 - width)) for m in range(length))
    return pairs


def _prefix(share):
    """Rows of the prefix see all of it; the others see the keys up to themselves."""
    def pairs(length):
        prefix = length // share
        return _causal(length) + prefix * (prefix - 1) // 2
    return pairs


def documents(count):
    """A table of document numbers, equal lengths, along its last rank."""
    return lambda shape: np.broadcast_to(np.arange(shape[-1]) * count // shape[-1], shape)


@dataclasses.dataclass(frozen=True)
class Variant:
    """A kernel, the values it is called with, and what its mask leaves to do.

    `pairs` is the number of (query, key) pairs present at a length; `extra` counts, a pair, the functions beyond plain
    attention's one exponential; `instead` says what stands in place of that one.
    """
    file: str
    pairs: typing.Callable = _causal
    params: dict = dataclasses.field(default_factory=dict)
    tables: dict = dataclasses.field(default_factory=dict)
    extra: dict = dataclasses.field(default_factory=dict)
    instead: str = "exp2"
    ranks: dict = dataclasses.field(default_factory=dict)  # names that are not b, h, m, n, d, f


VARIANTS = {
    "dense": Variant("examples/softmax/sdpa.weir", _everything),
    "causal": Variant("examples/softmax/sdpa_causal.weir"),
    "window 256": Variant("examples/softmax/sliding_window.weir", _window(256), {"wl": 255, "wr": 0}),
    "window 1024": Variant("examples/softmax/sliding_window.weir", _window(1024), {"wl": 1023, "wr": 0}),
    "window 256, 4 sinks": Variant("examples/sparse/sliding_window_sinks.weir", _window_and_sinks(256, 4),
                                   {"window": 256, "sinks": 4}),
    "16 documents": Variant("examples/sparse/document.weir", _documents(16), tables={"doc": documents(16)}),
    "prefix": Variant("examples/softmax/prefix_lm.weir", _prefix(8), tables={"pre": lambda shape: np.full(shape, -1)}),
    "softcap": Variant("examples/softmax/softcap.weir", extra={"tanh": 1}),
    "ALiBi": Variant("examples/softmax/alibi.weir"),
    "GQA": Variant("examples/softmax/gqa.weir"),
    "learned sink": Variant("examples/softmax/attention_sink.weir", params={"w": 1 << 30}),
    "cosine": Variant("bench/cpu/cosine.weir", _everything),
    "cosine, biases": Variant("examples/softmax/cosine_attention.weir", _everything),
    "sigmoid": Variant("examples/softmax/sigmoid_attention.weir", instead="sigmoid"),
    "MQA": Variant("examples/softmax/mqa.weir"),
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A variant at one size, batch 1."""
    variant: str
    length: int
    width: int = 64          # of queries and keys
    value_width: int = 0     # 0: the same
    heads: int = 1
    key_heads: int = 1
    threads: int = 1

    @property
    def values(self):
        return self.value_width or self.width

    @property
    def pairs(self):
        """Present pairs of all heads."""
        return self.heads * VARIANTS[self.variant].pairs(self.length)

    @property
    def flops(self):
        """Needed multiplications and additions."""
        return 2 * self.pairs * (self.width + self.values)

    @property
    def extents(self):
        return {"b": 1, "h": self.heads, "g": self.key_heads, "m": self.length, "n": self.length, "d": self.width,
                "f": self.values}

    def functions(self):
        """How often each function is needed."""
        variant = VARIANTS[self.variant]
        return {name: count * self.pairs for name, count in {variant.instead: 1, **variant.extra}.items()}

    def table(self, name, shape):
        """An integer input: what the mask's description says."""
        if name == "pre":
            return np.full(shape, self.length // 8, np.int32)
        return np.ascontiguousarray(VARIANTS[self.variant].tables[name](shape), np.int32)

    def widths(self):
        return f"{self.width}" if self.values == self.width else f"{self.width}/{self.values}"

    def label(self):
        heads = "" if self.heads == 1 else f", {self.heads}/{self.key_heads} heads"
        return f"{self.variant}, {self.length}, D = {self.widths()}{heads}"


ONE_THREAD = "weir-one-thread"  # Weir again, where a case has several
PEERS = ("torch", "onnxruntime", "openvino", "jax", "iree")
FLEX = ("flex", "flex-compiled-mask")  # both of PyTorch


def _grid(variants, lengths, widths, **more):
    return [Case(variant, length, width, **more) for width in widths for length in lengths for variant in variants]


def _variants():
    causal = ("causal", "window 256", "window 1024", "16 documents", "prefix", "softcap", "ALiBi", "learned sink",
              "cosine", "cosine, biases", "sigmoid")
    return (_grid(("dense",) + causal, (4096,), (64,))
            + [Case("GQA", 4096, 64, heads=4), Case("MQA", 2048, 576, 512, heads=4)]
            + _grid(("dense",), (4096,), (40, 65, 80, 96, 128, 192, 256)))


def _flex():
    masks = ("causal", "window 256", "16 documents", "softcap", "ALiBi")
    return _grid(masks, (4096, 8192), (64,)) + [Case("GQA", length, 128, heads=8, key_heads=2)
                                                for length in (4096, 8192)]


# Groups by name: who takes part, and the cases.
GROUPS = {
    "plain": (("weir",) + PEERS, _grid(("dense", "causal"), (1024, 4096, 16384), (64, 128))),
    "variants": (("weir",), _variants()),
    "flex": (("weir",) + FLEX, _flex()),
    "present": (("weir",), _grid(("dense", "causal", "window 256", "window 256, 4 sinks", "16 documents", "prefix"),
                                 (8192,), (64,))),
    "threads": (("weir", ONE_THREAD), _grid(("dense", "causal"), (4096, 8192), (64, 128), threads=2)),
    "short": (("weir",), _grid(("dense",), (64, 96, 128, 192, 256), (64,))),
}
