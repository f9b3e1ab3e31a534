"""Trains a logistic regression by gradient descent and scores it: the program of a tolerance domain, in pure Python.

A model is a choice of learning rate, epochs and penalty. Each of the 32 chunks has samples of its own, so the program has no data. Other
machines round `exp` differently in the last digits, which is what the tolerance of the domain is for.
"""

import math
import random

from doin_plugin import Evaluator, genes_of, serve

START = {"rate": 1, "epochs": 1, "penalty": 8}
"""Genes of the empty model, which is the one to beat."""
BOUNDS = {"rate": (1, 100), "epochs": (1, 40), "penalty": (0, 16)}
TRUTH = [1.5, -2.0, 0.5, 0.0]


def samples(chunk, count):
    """Returns inputs and noisy labels."""
    draw = random.Random(chunk)
    for _ in range(count):
        x = [draw.gauss(0, 1) for _ in TRUTH]
        yield x, 1 if sum(a * b for a, b in zip(x, TRUTH)) + draw.gauss(0, 0.5) > 0 else 0


def probability(weights, x):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, sum(a * b for a, b in zip(weights, x))))))


class Logistic(Evaluator):
    def evaluate(self, model, chunk):
        genes = genes_of(model, START)
        rate, epochs, penalty = (min(max(genes[name], lo), hi) for name, (lo, hi) in BOUNDS.items())
        train, test = list(samples(2 * chunk, 60)), list(samples(2 * chunk + 1, 60))
        weights = [0.0] * len(TRUTH)
        for _ in range(epochs):
            for x, y in train:
                step = rate / 100 * (y - probability(weights, x))
                weights = [w * (1 - rate * penalty / 1e5) + step * a for w, a in zip(weights, x)]
        losses = (-math.log(max(1e-12, probability(weights, x) if y else 1 - probability(weights, x))) for x, y in test)
        return sum(losses) / len(test)


serve(Logistic())
