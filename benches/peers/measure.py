"""Protocol between peers and run.py, and evaluation of its results. Standard library only.

A peer prints `{"versions": {...}}` once everything is loaded, compiled and warm, with the name of its instructions as `isa` if it knows
it. From then on it answers every line on its standard input, a number of seconds, with one line after training for that long:

    {"lanes": [[start, done, done, ...], ...], "batch": candidates per `done`, "mae": [test error of each candidate]}

A lane is one thread or process that works by itself; times are seconds of the monotonic clock, which all processes share.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable


# Environment variable with the number of a process among those of one peer: each trains other candidates.
PLACE = "PEER_PLACE"


def first_seed() -> int:
    return int(os.environ.get(PLACE, "0")) * 1_000_000


def serve(versions: dict[str, str], batch: int, train: Callable[[int], Iterable[float]], isa: str | None = None) -> None:
    """Serves the protocol above; `train(seed)` trains `batch` candidates and returns their test errors."""
    train(0)
    print(json.dumps({"versions": versions, "isa": isa}), flush=True)
    seed = first_seed()
    for line in sys.stdin:
        stamps, errors = [time.monotonic()], []
        while not errors or stamps[-1] - stamps[0] < float(line):
            seed += batch
            errors.extend(float(error) for error in train(seed))
            stamps.append(time.monotonic())
        print(json.dumps({"lanes": [stamps], "batch": batch, "mae": errors}), flush=True)


def per_hour(answers: list[dict]) -> float:
    """Returns the candidates per hour while every lane of every process was at work; what is half done at either end counts in proportion."""
    lanes = [(stamps, answer["batch"]) for answer in answers for stamps in answer["lanes"]]
    start, end = max(stamps[0] for stamps, _ in lanes), min(stamps[-1] for stamps, _ in lanes)
    if end <= start:
        raise ValueError("its processes did not work at the same time: give it longer repeats")
    done = sum(batch * (_done(stamps, end) - _done(stamps, start)) for stamps, batch in lanes)
    return done * 3600 / (end - start)


def _done(stamps: list[float], at: float) -> float:
    """Returns the units that a lane had done at a time within it."""
    for index, (before, after) in enumerate(zip(stamps, stamps[1:])):
        if at <= after:
            return index + (at - before) / (after - before)
    return len(stamps) - 1
