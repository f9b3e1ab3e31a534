"""Trainer of DOIN as a function of genes, for searches of others: processes of `doin-worker optimize --evaluate`, one per core.

A search writes what it has evaluated to a file, a JSON object a line: first `{"start": seconds}`, then for each candidate `{"at": seconds,
"genes": [...], "divisor": 1, "fitness": ...}`. Seconds are those of the monotonic clock, which all processes share. search.py reads the file,
and ends the search at its target, at the end of its budget, or at its time limit. Standard library only.
"""

import argparse
import json
import math
import os
import pathlib
import queue
import random
import select
import signal
import subprocess
import time
from typing import NamedTuple

# Fitness of a candidate that cannot be trained.
WORST = (1 << 64) - 1


class Gene(NamedTuple):
    """Range of a gene; `log` if its steps are proportional to its value, as the worker searches sizes and epochs."""

    name: str
    lo: int
    hi: int
    log: bool = False

    def sample(self, source: random.Random) -> int:
        """Returns a value drawn uniformly on the scale of the gene."""
        if not self.log:
            return source.randint(self.lo, self.hi)
        return self.clamp(math.floor(math.exp(source.uniform(math.log(self.lo), math.log(self.hi + 1)))))

    def clamp(self, value: float) -> int:
        return min(max(round(value), self.lo), self.hi)


class Problem(NamedTuple):
    """Search for the genes of a net: options of `doin-worker train`, and ranges in the order in which the worker has them."""

    what: str
    files: tuple[str, ...]
    options: tuple[str, ...]
    genes: tuple[Gene, ...]

    def training(self, folder: pathlib.Path) -> list[str]:
        """Returns the options of the training, with paths of the files in `folder`."""
        paths = {f"{{{at}}}": str(folder / file) for at, file in enumerate(self.files)}
        words = []
        for option in self.options:
            for mark, path in paths.items():
                option = option.replace(mark, path)
            words.append(option)
        return [*words, *(word for gene in self.genes for word in (f"--{gene.name}", f"{gene.lo}..{gene.hi}"))]


PROBLEMS = {
    # The task of data.py: oil temperature, 24 hours ahead, 8,640 rows train and 2,880 validate. Divided by 9 and by 3, the least number
    # of epochs is one.
    "etth1": Problem(
        "MLP on ETTh1",
        ("ett/ETTh1.csv",),
        ("--csv", "{0}:14400", "--column", "OT", "--horizon", "24", "--season", "24", "--history", "96", "--split", "8640/2880")
        + ("--family", "mlp", "--no-skip"),
        (
            Gene("window", 12, 96, log=True),
            Gene("depth", 1, 3),
            Gene("width", 8, 96, log=True),
            Gene("rate", 5, 13),
            Gene("epochs", 9, 45, log=True),
            Gene("decay", 0, 5),
        ),
    ),
    # As in docs/benchmarks/2026-11-22.md: the error of step 24 alone, one file trains, one validates.
    "eurusd": Problem(
        "MLP on EUR/USD",
        ("eurusd_4h/base_d4.csv", "eurusd_4h/base_d5.csv"),
        ("--csv", "{0}:7300", "--validation-csv", "{1}:1575", "--season", "1", "--steps", "24", "--history", "79")
        + ("--family", "mlp", "--no-skip"),
        (
            Gene("window", 4, 79, log=True),
            Gene("depth", 1, 3),
            Gene("width", 4, 96, log=True),
            Gene("rate", 6, 13),
            Gene("epochs", 2, 40, log=True),
            Gene("decay", 0, 6),
        ),
    ),
}


class Fault(Exception):
    """Reason for which a search or a trainer has ended before its time, with the end of what it has written."""


class Late(Fault):
    """Search that has not ended within its time limit."""


class Trainer:
    """One process that trains candidates. `limit` is the most seconds for one of them."""

    def __init__(self, worker: str, problem: str, limit: float = 60.0):
        folder = pathlib.Path(os.environ.get("DOIN_DATA_DIR", "data"))
        command = [worker, "optimize", "--evaluate", "--", *PROBLEMS[problem].training(folder)]
        self._limit, self._rest = limit, b""
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def fitness(self, genes: list[int], divisor: int = 1) -> int:
        """Trains a candidate for its epochs divided by `divisor`, and returns its fitness: the error sum on validation."""
        question = json.dumps({"genes": genes, "divisor": divisor}) + "\n"
        try:
            self._process.stdin.write(question.encode())
            self._process.stdin.flush()
        except OSError:
            pass  # The process has ended, which reading notices.
        answer = json.loads(self._line())
        if answer["genes"] != genes:
            raise Fault(f"the trainer has answered for the genes {answer['genes']} in the place of {genes}")
        return answer["fitness"]

    def _line(self) -> bytes:
        pipe, end = self._process.stdout.fileno(), time.monotonic() + self._limit
        while b"\n" not in self._rest:
            ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                self.end()
                raise Fault(f"the trainer has not answered within {self._limit:.0f} s")
            part = os.read(pipe, 1 << 16)
            if not part:
                raise Fault(f"the trainer has ended with exit status {self._process.wait()}: its reason is above")
            self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        return line

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class Log:
    """File of what a search has evaluated. Several processes may append to it."""

    def __init__(self, path: str):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._write({"start": time.monotonic()})

    def add(self, genes: list[int], divisor: int, fitness: int) -> None:
        self._write({"at": time.monotonic(), "genes": genes, "divisor": divisor, "fitness": fitness})

    def _write(self, line: dict) -> None:
        # One call, so that lines of two processes do not mix.
        os.write(self._file, (json.dumps(line) + "\n").encode())


class Evaluator:
    """Trainers of a search, one per core, and its log. Each call uses a trainer that is free; threads share them."""

    def __init__(self, worker: str, problem: str, cores: int, log: str):
        self.problem = PROBLEMS[problem]
        self._log = Log(log)
        self._all = [Trainer(worker, problem) for _ in range(cores)]
        self._free: queue.Queue[Trainer] = queue.Queue()
        for trainer in self._all:
            self._free.put(trainer)
        signal.signal(signal.SIGTERM, self._terminated)

    def fitness(self, genes: list[int], divisor: int = 1) -> int:
        trainer = self._free.get()
        try:
            fitness = trainer.fitness(genes, divisor)
        finally:
            self._free.put(trainer)
        self._log.add(genes, divisor, fitness)
        return fitness

    def _terminated(self, *_: object) -> None:
        """Ends the trainers, so that none works on beside the next search."""
        for trainer in self._all:
            trainer.end()
        os._exit(0)


def arguments(what: str) -> argparse.Namespace:
    """Returns the options of the program of a peer."""
    options = argparse.ArgumentParser(description=what)
    options.add_argument("--worker", required=True, help="doin-worker", metavar="FILE")
    options.add_argument("--problem", choices=PROBLEMS, required=True)
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--cores", type=int, default=2, help="candidates that are trained side by side")
    options.add_argument("--population", type=int, default=24, help="candidates of a generation")
    options.add_argument("--log", required=True, help="file of what is evaluated", metavar="FILE")
    return options.parse_args()
