"""Compares bench/cpu with masks written out: how many pairs they leave, and attention under them.

harness.py FOLDER: a folder to compile in.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np

HARNESS = pathlib.Path(__file__).resolve().parents[2] / "bench/cpu"
sys.path.insert(0, str(HARNESS))
import cases  # noqa: E402  (needs the path)
import weir  # noqa: E402


def masks(length):
    m, n = np.ogrid[:length, :length]
    document = np.arange(length) * 16 // length
    return {"dense": (m >= 0) & (n >= 0),
            "causal": n <= m,
            "window 256": (n <= m) & (m - n < 256),
            "window 256, 4 sinks": (n <= m) & ((m - n < 256) | (n < 4)),
            "16 documents": document[m] == document[n],
            "prefix": (n <= m) | (n < length // 8)}


def attention(case, mask):
    shape = (case.length, case.width)
    Q, K, V = (weir.made_up(name, shape).astype(float) for name in "QKV")
    scores = np.where(mask, Q @ K.T / np.sqrt(case.width), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True) @ V).reshape(-1)


def ask(worker, command):
    worker.stdin.write(json.dumps(command) + "\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for length in (1, 16, 37, 300, 777):
        for name, mask in masks(length).items():
            assert cases.VARIANTS[name].pairs(length) == mask.sum(), (name, length)
    print(f"{len(masks(1))} masks counted")

    worker = subprocess.Popen([sys.executable, HARNESS / "worker.py", "weir", folder], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    right = 0
    for length in (37, 777):
        for name, mask in masks(length).items():
            case = cases.Case(name, length, 40)
            answer = ask(worker, {"prepare": {"variant": name, "length": length, "width": 40}})
            expected = attention(case, mask)
            expected = expected[::max(1, expected.size // 97)]
            assert np.allclose(answer["probe"], expected, atol=1e-5), (name, length)
            right += 1
            sample = ask(worker, {"sample": 0.001})
            assert sample["wall"] > 0 and sample["calls"] >= 1
    print(f"{right} kernels right")
    # A worker outlives what it cannot do.
    print("absent:", ask(worker, {"prepare": {"variant": "GQA", "length": 64, "heads": 3, "key_heads": 2}})["absent"])
    worker.stdin.close()
    worker.wait()


if __name__ == "__main__":
    main()
