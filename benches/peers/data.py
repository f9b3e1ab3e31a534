"""Task that every peer trains on: the oil temperature of ETTh1, 24 hours ahead."""

import csv
import os
import pathlib
import sys
from typing import NamedTuple

import numpy as np

HORIZON = 24
TRAIN_ROWS = 8_640
TEST_ROWS = (11_520, 14_400)
HISTORY = 96  # Longest window; shorter ones see the end of it, so that all have the same targets.


class Task(NamedTuple):
    """Inputs (count x window) and targets (count x 24), float32, z-scored, as differences from the last input."""

    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def load(window: int) -> Task:
    """Returns the task for nets that see `window` values."""
    path = pathlib.Path(os.environ.get("DOIN_DATA_DIR", "data")) / "ett" / "ETTh1.csv"
    try:
        with path.open() as file:
            values = np.array([float(row["OT"]) for row in csv.DictReader(file)])
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}; set DOIN_DATA_DIR to the folder that has ett/ETTh1.csv")
    known = values[:TRAIN_ROWS]
    values = (values - known.mean()) / known.std()
    train, test = values[:TRAIN_ROWS], values[TEST_ROWS[0] - HISTORY : TEST_ROWS[1]]
    return Task(*_windows(train, window), *_windows(test, window))


def _windows(values: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.lib.stride_tricks.sliding_window_view(values, HISTORY + HORIZON)
    last = rows[:, HISTORY - 1 : HISTORY]
    differences = (rows - last).astype(np.float32)
    return np.ascontiguousarray(differences[:, HISTORY - window : HISTORY]), np.ascontiguousarray(differences[:, HISTORY:])


def batches(rng: np.random.Generator, count: int, epochs: int, batch: int) -> np.ndarray:
    """Returns the rows of every step of a run (steps x batch): each epoch is a new order of all windows, without its incomplete last batch."""
    per_epoch = count // batch
    orders = [rng.permutation(count)[: per_epoch * batch] for _ in range(epochs)]
    return np.concatenate(orders).reshape(epochs * per_epoch, batch).astype(np.int32)
