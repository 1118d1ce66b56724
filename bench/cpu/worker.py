"""One subject in a process of its own: reads commands, a JSON line each, and answers with one.

{"prepare": {case}}  makes the case ready and calls it once: {"seconds", "probe"}, or {"absent": why}
{"sample": seconds}  calls it for about so long: {"wall", "cpu"} seconds a call and {"calls"}
"""
import ctypes
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import numpy as np

import cases


def subject_of(name, case, folder):
    if name.startswith("weir"):
        import weir
        return weir.Weir(case, pathlib.Path(tempfile.mkdtemp(dir=folder)))
    import peers
    return peers.PEERS[name](case)


def prepare(name, case, folder):
    start = time.perf_counter()
    subject = subject_of(name, case, folder)
    subject.repeat(1)
    output = np.asarray(subject.output).reshape(-1)
    probe = output[::max(1, output.size // 97)].astype(float)
    return subject, {"seconds": time.perf_counter() - start, "probe": probe.tolist()}


def timed(subject, calls):
    wall, cpu = time.perf_counter(), time.process_time()
    subject.repeat(calls)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"wall": wall / calls, "cpu": cpu / calls, "calls": calls}


def sample(subject, seconds):
    """One call tells how many fill the time; where it does so itself, it is the sample."""
    once = timed(subject, 1)
    calls = int(seconds / once["wall"])
    return once if calls < 2 else timed(subject, calls)


def main():
    name, folder = sys.argv[1:]
    # Ends with its parent, however that ends, even while it is stopped: prctl(PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    subject = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "prepare" in command:
                subject = None  # frees the last one's memory first
                case = cases.Case(**command["prepare"])
                # The last processors: interrupts prefer the first.
                os.sched_setaffinity(0, sorted(os.sched_getaffinity(os.getppid()))[-case.threads:])
                subject, answer = prepare(name, case, folder)
            else:
                answer = sample(subject, command["sample"])
        except Exception as error:  # a peer that cannot: said, and the others go on
            answer = {"absent": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
