"""Attention in Triton, compiled for compute capability 8.0 without a GPU: what gauge.py puts beside Weir.

usage: triton_attention.py FOLDER WIDTH

Heads have WIDTH columns in bf16. Writes FOLDER/triton[-causal].KEYS.WARPS.cubin: blocks of 128 queries for tiles of 32, 64
and 128 keys and four and eight warps, of which the gauge shows the one that comes out best.
"""
import itertools
import pathlib
import sys

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def step(q, k_tile, v_tile, rows, first, best, total, out, scale, masks: tl.constexpr, keys: tl.constexpr):
    scores = tl.dot(q, tl.load(k_tile))
    if masks:
        columns = first + tl.arange(0, keys)
        scores = tl.where(columns[None, :] <= rows[:, None], scores, -float("inf"))
    # The scale is positive: it multiplies a row's maximum, and within the exponent it is a fused multiply-add.
    top = tl.maximum(best, tl.max(scores, 1) * scale)
    weights = tl.math.exp2(scores * scale - top[:, None])
    shrink = tl.math.exp2(best - top)
    total = total * shrink + tl.sum(weights, 1)
    out = tl.dot(weights.to(tl.bfloat16), tl.load(v_tile), out * shrink[:, None])
    return top, total, out


@triton.jit
def attention(Q, K, V, O, length, row_stride, head_stride, scale, causal: tl.constexpr, queries: tl.constexpr,
              keys: tl.constexpr, width: tl.constexpr):
    block, head = tl.program_id(0), tl.program_id(1)
    base = head.to(tl.int64) * head_stride
    rows, lanes, columns = block * queries + tl.arange(0, queries), tl.arange(0, width), tl.arange(0, keys)
    at = base + rows[:, None] * row_stride + lanes[None, :]
    q = tl.load(Q + at)
    k_tile = K + base + columns[None, :] * row_stride + lanes[:, None]
    v_tile = V + base + columns[:, None] * row_stride + lanes[None, :]
    best = tl.full([queries], -float("inf"), tl.float32)
    total = tl.zeros([queries], tl.float32)
    out = tl.zeros([queries, width], tl.float32)
    full = block * queries if causal else length
    for first in range(0, full, keys):
        best, total, out = step(q, k_tile, v_tile, rows, first, best, total, out, scale, False, keys)
        k_tile += keys * row_stride
        v_tile += keys * row_stride
    if causal:
        for first in range(full, full + queries, keys):
            best, total, out = step(q, k_tile, v_tile, rows, first, best, total, out, scale, True, keys)
            k_tile += keys * row_stride
            v_tile += keys * row_stride
    tl.store(O + at, (out / total[:, None]).to(tl.bfloat16))


def main():
    folder, width = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    pointers = dict.fromkeys(("Q", "K", "V", "O"), "*bf16")
    signature = pointers | {"length": "i32", "row_stride": "i32", "head_stride": "i32", "scale": "fp32"}
    for causal, keys, warps in itertools.product((False, True), (32, 64, 128), (4, 8)):
        constants = {"causal": causal, "queries": 128, "keys": keys, "width": width}
        # Pointers and strides are multiples of 16, as callers make sure of.
        attributes = {(i,): [["tt.divisibility", 16]] for i in range(7)}
        source = ASTSource(attention, signature | dict.fromkeys(constants, "constexpr"), constants, attributes)
        options = {"num_warps": warps, "num_stages": 2}
        made = triton.compile(source, target=GPUTarget("cuda", 80, 32), options=options)
        (folder / f"triton{'-causal' * causal}.{keys}.{warps}.cubin").write_bytes(made.asm["cubin"])


if __name__ == "__main__":
    main()
