"""Trains a small net with NumPy and scores it: the program of a tolerance domain whose model is the net itself.

`train` fits the weights of a net to samples for a choice of genes, and the model is these weights. So evaluators run the net only, and an optimizer
may train in any way. The weights of the empty model are 0.
"""

import numpy as np

from doin_plugin import Evaluator, InvalidModel, serve

HIDDEN = 8
WEIGHTS = 4 * HIDDEN + 1


def target(x):
    return np.sin(3 * x) + 0.3 * x


def run(weights, x):
    """Returns the outputs of the net: two inputs, x and x², eight hidden neurons."""
    first, second, bias, outputs = weights[:-1].reshape(4, HIDDEN)
    return np.tanh(np.outer(x, first) + np.outer(x * x, second) + bias) @ outputs + weights[-1]


class Net(Evaluator):
    SCALE = 1_000_000_000

    def evaluate(self, model, chunk):
        if not model:
            weights = np.zeros(WEIGHTS)
        elif len(model) != 4 * WEIGHTS:
            raise InvalidModel(f"{len(model)} bytes, and a net has {4 * WEIGHTS}")
        else:
            weights = np.frombuffer(model, dtype="<f4").astype(np.float64)
        if not np.isfinite(weights).all():
            raise InvalidModel("a weight is not a number")
        x = np.random.default_rng(chunk).uniform(-2, 2, 256)
        return float(np.mean((run(weights, x) - target(x)) ** 2))

    def train(self, genes):
        draw = np.random.default_rng(genes["seed"])
        x = draw.uniform(-2, 2, 512)
        first, second = draw.normal(0, genes["width"] / 4, HIDDEN), draw.normal(0, 1, HIDDEN)
        design = np.column_stack([np.tanh(np.outer(x, first) + np.outer(x * x, second)), np.ones_like(x)])
        ridge = 2.0 ** -genes["ridge"] * np.eye(HIDDEN + 1)
        outputs = np.linalg.solve(design.T @ design + ridge, design.T @ target(x))
        weights = np.concatenate([first, second, np.zeros(HIDDEN), outputs])
        return weights.astype("<f4").tobytes()


serve(Net())
