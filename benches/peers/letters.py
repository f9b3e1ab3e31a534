"""Task of rows: Letter Recognition, 16 measures of an image, one of 26 letters."""

import csv
import gzip
import pathlib
from typing import NamedTuple

import numpy as np

PATH = pathlib.Path(__file__).resolve().parents[2] / "data" / "letters.csv.gz"
# Of the first 14,000 rows, which is what `train --split 14000/6000` trains on, DOIN keeps the last seventh to stop early.
TRAIN_ROWS = 12_000
TEST_ROWS = (14_000, 20_000)
EPOCHS, BATCH = 32, 256


class Task(NamedTuple):
    """Features (count x 16, float32, z-scored by the training rows) and letters (count, int64, 0 to 25)."""

    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def load() -> Task:
    """Returns the rows of training and test, in the order of the file, which is a random one."""
    with gzip.open(PATH, "rt", encoding="ascii", newline="") as file:
        rows = list(csv.reader(file))[1:]
    letters = np.array([ord(row[0]) - ord("A") for row in rows], dtype=np.int64)
    features = np.array([row[1:] for row in rows], dtype=np.float32)
    known = features[:TRAIN_ROWS]
    features = (features - known.mean(axis=0)) / known.std(axis=0)
    test = slice(*TEST_ROWS)
    return Task(features[:TRAIN_ROWS], letters[:TRAIN_ROWS], features[test], letters[test])
