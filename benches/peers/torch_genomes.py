"""Training runs of loss genomes in PyTorch on one core, beside those of `scripts/bench.sh genomes`: the same net, batch and steps.

Usage: torch_genomes.py builtin SECONDS STEPS BATCH HIDDEN    cross-entropy of the library
       torch_genomes.py genome SECONDS STEPS BATCH HIDDEN     the same loss as instructions, one operation each, as miners of the seed run it

Prints one JSON line: runs, seconds and versions. Standard library, NumPy and PyTorch; data/digits.csv.gz is read from this checkout.
"""

import csv
import gzip
import json
import pathlib
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn import functional

DIGITS = pathlib.Path(__file__).resolve().parents[2] / "data/digits.csv.gz"
TRAINING, VALIDATION = 256, 128
RATE = 1e-3


def load() -> tuple[torch.Tensor, torch.Tensor]:
    with gzip.open(DIGITS, "rt") as file:
        rows = list(csv.reader(file))[1:]
    table = numpy.array(rows, dtype=numpy.float32)
    return torch.from_numpy(table[:, 1:] / 8 - 1), torch.from_numpy(table[:, 0].astype(numpy.int64))


def by_instructions(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Cross-entropy as the genome of eight instructions, each of which reads and writes registers."""
    registers: dict[int, torch.Tensor] = {}
    registers[1] = functional.one_hot(classes, scores.shape[1]).float()
    registers[2] = scores
    registers[3] = torch.softmax(registers[2], dim=-1)
    registers[3] = torch.log(torch.clamp(registers[3], min=1e-7))
    registers[3] = registers[1] * registers[3]
    registers[3] = torch.sum(registers[3], dim=-1)
    registers[9] = torch.neg(registers[3])
    return registers[9].mean()


def run(x: torch.Tensor, y: torch.Tensor, loss, steps: int, batch: int, hidden: int, seed: int) -> int:
    """Trains one net, and returns its mistakes on samples that did not train it."""
    torch.manual_seed(seed)
    order = torch.randperm(len(x))[: TRAINING + VALIDATION]
    training, validation = order[:TRAINING], order[TRAINING:]
    net = nn.Sequential(nn.Linear(x.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, int(y.max()) + 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    batches: list[torch.Tensor] = []
    for _ in range(steps):
        if not batches:
            batches = list(training[torch.randperm(TRAINING)].split(batch))
        chosen = batches.pop()
        optimizer.zero_grad()
        loss(net(x[chosen]), y[chosen]).backward()
        optimizer.step()
    with torch.no_grad():
        return int((net(x[validation]).argmax(-1) != y[validation]).sum())


def main(kind: str, seconds: float, steps: int, batch: int, hidden: int) -> None:
    torch.set_num_threads(1)
    x, y = load()
    loss = functional.cross_entropy if kind == "builtin" else by_instructions
    for seed in range(3):
        run(x, y, loss, steps, batch, hidden, seed)
    started, runs, mistakes = time.perf_counter(), 0, 0
    while time.perf_counter() - started < seconds:
        mistakes += run(x, y, loss, steps, batch, hidden, 1_000 + runs)
        runs += 1
    spent = time.perf_counter() - started
    wrong = mistakes / runs / VALIDATION
    print(json.dumps({"kind": kind, "runs": runs, "seconds": spent, "wrong": wrong, "torch": torch.__version__}))


if __name__ == "__main__":
    if len(sys.argv) != 6 or sys.argv[1] not in ("builtin", "genome"):
        sys.exit(__doc__)
    main(sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:]))
