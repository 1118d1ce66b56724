"""Attention in TileLang, compiled for compute capability 8.0 without a GPU: what gauge.py puts beside Weir.

usage: tilelang_attention.py FOLDER WIDTH

Heads have WIDTH columns in bf16. Writes FOLDER/tilelang[-causal].KEYS.WARPS.cubin: blocks of 128 queries for tiles of 32, 64
and 128 keys and four and eight warps, of which the gauge shows the one that comes out best. Needs nvcc, in PATH or of the
CUDA toolkit. The extents are fixed, as TileLang specialises kernels for them.
"""
import itertools
import math
import pathlib
import sys

import tilelang
import tilelang.language as T
from tilelang.contrib import nvcc

HEADS, LENGTH = 16, 4096


def attention(causal, queries, keys, warps, width):
    tensor, rows = T.Tensor((HEADS, LENGTH, width), "bfloat16"), T.GemmWarpPolicy.FullRow
    scale = math.log2(math.e) / math.sqrt(width)
    # One tile ahead. TileLang 0.1.15 refuses two where the number of tiles depends on the block, as in the causal kernel: the
    # number of copies to wait for becomes an expression, and has to be a constant.
    stages = 1

    @T.macro
    def step(q, k, v, best, total, out, K, V, head, block, tile, masks):
        scores = T.alloc_fragment((queries, keys), "float32")
        weights = T.alloc_fragment((queries, keys), "bfloat16")
        last = T.alloc_fragment((queries,), "float32")
        shrink = T.alloc_fragment((queries,), "float32")
        sums = T.alloc_fragment((queries,), "float32")
        T.copy(K[head, tile * keys, 0], k)
        if masks:
            for i, j in T.Parallel(queries, keys):
                scores[i, j] = T.if_then_else(tile * keys + j <= block * queries + i, 0, -T.infinity("float32"))
        else:
            T.clear(scores)
        T.gemm(q, k, scores, transpose_B=True, policy=rows)
        T.copy(best, last)
        T.reduce_max(scores, best, dim=1, clear=False)
        for i in T.Parallel(queries):
            shrink[i] = T.exp2(last[i] * scale - best[i] * scale)
        for i, j in T.Parallel(queries, keys):
            scores[i, j] = T.exp2(scores[i, j] * scale - best[i] * scale)
        T.reduce_sum(scores, sums, dim=1)
        for i in T.Parallel(queries):
            total[i] = total[i] * shrink[i] + sums[i]
        for i, j in T.Parallel(queries, width):
            out[i, j] *= shrink[i]
        T.copy(scores, weights)
        T.copy(V[head, tile * keys, 0], v)
        T.gemm(weights, v, out, policy=rows)

    @T.prim_func
    def kernel(Q: tensor, K: tensor, V: tensor, O: tensor):
        with T.Kernel(LENGTH // queries, HEADS, threads=32 * warps) as (block, head):
            q = T.alloc_shared((queries, width), "bfloat16")
            k = T.alloc_shared((keys, width), "bfloat16")
            v = T.alloc_shared((keys, width), "bfloat16")
            best = T.alloc_fragment((queries,), "float32")
            total = T.alloc_fragment((queries,), "float32")
            out = T.alloc_fragment((queries, width), "float32")
            T.copy(Q[head, block * queries, 0], q)
            T.fill(best, -T.infinity("float32"))
            T.clear(total)
            T.clear(out)
            full = block * (queries // keys) if causal else LENGTH // keys
            for tile in T.Pipelined(full, num_stages=stages):
                step(q, k, v, best, total, out, K, V, head, block, tile, False)
            if causal:
                for tile in T.Pipelined(queries // keys, num_stages=stages):
                    step(q, k, v, best, total, out, K, V, head, block, full + tile, True)
            for i, j in T.Parallel(queries, width):
                out[i, j] /= total[i]
            T.copy(out, O[head, block * queries, 0])

    return kernel


def main():
    folder, width = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    target = tilelang.tvm.target.Target({"kind": "cuda", "arch": "sm_80"})
    # Exponentials are those of the unit, as in the other kernels.
    options = nvcc.default_compile_options(["--use_fast_math"])
    for causal, keys, warps in itertools.product((False, True), (32, 64, 128), (4, 8)):
        with target:
            source = tilelang.lower(attention(causal, 128, keys, warps, width), target).kernel_source
        cubin = nvcc.compile_cuda(source, "cubin", "sm_80", options)
        (folder / f"tilelang{'-causal' * causal}.{keys}.{warps}.cubin").write_bytes(cubin)


if __name__ == "__main__":
    main()
