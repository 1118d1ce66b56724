"""Samples taken in turn beside the machine's peak; those that something disturbed are taken again."""
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import cases
import paths

SHARE = 0.95    # of its processors' time that a sample must have had
DRIFT = 0.04    # how far the peak may move within a round
SLOW = 0.90     # of the best peak of late, below which a round does not count
LATE = 20       # looks at the peak: a machine that stays slow is measured as it is


def canary(*words, seconds=0.05):
    """What the machine does at most just now."""
    command = [paths.BUILD / "bin/weir-bench-canary", "json", f"seconds={seconds}", *words]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def with_priority():
    """Asks for the processors before other work; where that is not allowed, disturbed samples are only more."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)


class Worker:
    """A subject's process; it is stopped while others run, threads that wait or free memory and all."""

    def __init__(self, name, python, folder):
        self.name = name
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
        # Threads that wait must not take the processor from the next subject.
        environment |= {"OMP_WAIT_POLICY": "passive", "PYTHONWARNINGS": "ignore"}
        self.process = subprocess.Popen([python, pathlib.Path(__file__).with_name("worker.py"), name, folder],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
                                        stderr=open(folder / f"{name}.log", "a"))

    def ask(self, command, limit):
        self.process.send_signal(signal.SIGCONT)
        try:
            return self._answer(command, limit)
        finally:
            self.process.send_signal(signal.SIGSTOP)

    def _answer(self, command, limit):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], limit)[0]:
            self.process.kill()
            return {"absent": f"took longer than {limit} s"}
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"absent": "its process ended"}

    @property
    def alive(self):
        return self.process.poll() is None

    def close(self):
        self.process.kill()
        self.process.wait()


@dataclasses.dataclass
class Series:
    """Samples of one subject in one case."""
    probe: list
    prepared: float
    wall: list = dataclasses.field(default_factory=list)
    ratio: list = dataclasses.field(default_factory=list)  # of the peak, where work is counted
    disturbed: int = 0

    def result(self):
        median = statistics.median(self.wall)
        return {"seconds": median, "least": min(self.wall), "most": max(self.wall), "samples": len(self.wall),
                "disturbed": self.disturbed, "of_peak": statistics.median(self.ratio), "prepared": self.prepared}


class Bench:
    """Runs cases on the subjects asked for."""

    def __init__(self, subjects, samples, patience):
        self.samples, self.patience = samples, patience
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
        self.peaks = collections.deque(maxlen=LATE)
        self.workers = {}
        self.pythons = {name: sys.executable if name.startswith("weir") else paths.PEERS_PYTHON for name in subjects}

    def worker(self, name):
        if name not in self.workers or not self.workers[name].alive:
            self.workers[name] = Worker(name, self.pythons[name], self.folder)
        return self.workers[name]

    def peak(self):
        found = canary()["fma"] * 1e9
        self.peaks.append(found)
        return found

    def measure(self, case, subjects):
        """Results by subject; {"absent": why} for one that cannot."""
        results, series = {}, {}
        for name in subjects:
            own = dataclasses.replace(case, threads=self.threads(case, name))
            answer = self.worker(name).ask({"prepare": dataclasses.asdict(own)}, self.patience)
            if "absent" in answer:
                results[name] = answer
            else:
                series[name] = Series(answer["probe"], answer["seconds"])
        end = time.monotonic() + self.patience
        while any(len(found.wall) < self.samples for found in series.values()) and time.monotonic() < end:
            self.round(case, series)
        for name, found in series.items():
            results[name] = found.result() if found.wall else {"absent": f"disturbed {found.disturbed} times"}
            results[name]["probe"] = found.probe
        return results

    def round(self, case, series):
        """A sample of each, between two looks at the peak."""
        before = self.peak()
        taken = {name: self.worker(name).ask({"sample": 0.03}, self.patience) for name in series}
        peak = (before + self.peak()) / 2
        is_steady = abs(peak - before) < DRIFT / 2 * peak and peak > SLOW * max(self.peaks)
        for name, sample in taken.items():
            found = series[name]
            threads = self.threads(case, name)
            # Of short calls only the caller is busy all the time.
            busy = threads if case.flops > 1e9 else 1
            if "wall" not in sample or not is_steady or sample["cpu"] < SHARE * busy * sample["wall"]:
                found.disturbed += 1
                continue
            found.wall.append(sample["wall"])
            found.ratio.append(case.flops / sample["wall"] / (peak * threads))

    @staticmethod
    def threads(case, name):
        return 1 if name == cases.ONE_THREAD else case.threads

    def close(self):
        for worker in self.workers.values():
            worker.close()
        shutil.rmtree(self.folder)
