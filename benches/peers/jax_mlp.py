"""MLP 96-64-64-24 in JAX on the processor.

Usage: jax_mlp.py vmap      a population of 16, batched into one program
       jax_mlp.py single    one candidate at a time
       jax_mlp.py map       8 candidates, one after the other within one program
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np

import data
import measure

SIZES = (96, 64, 64, 24)
EPOCHS, BATCH, RATE = 12, 256, 1e-3
POPULATIONS = {"vmap": 16, "single": 1, "map": 8}


def initial(key):
    """Returns He-normal weights, zero biases."""
    keys = jax.random.split(key, len(SIZES) - 1)
    shapes = zip(keys, SIZES, SIZES[1:])
    return [(jax.random.normal(k, (a, b)) * (2 / a) ** 0.5, jnp.zeros(b)) for k, a, b in shapes]


def forward(layers, x):
    for weights, bias in layers[:-1]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = layers[-1]
    return x @ weights + bias


def loss(layers, x, y):
    return jnp.abs(forward(layers, x) - y).mean()


def candidate(task, key, rows):
    """Trains one net with Adam on the given rows (steps x batch) and returns its test error."""

    def step(state, now):
        layers, first, second = state
        number, picked = now
        gradient = jax.grad(loss)(layers, task.train_x[picked], task.train_y[picked])
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = RATE * jnp.sqrt(1 - 0.999**number) / (1 - 0.9**number)
        layers = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), layers, first, second)
        return (layers, first, second), None

    layers = initial(key)
    zeros = jax.tree.map(jnp.zeros_like, layers)
    numbers = jnp.arange(1, len(rows) + 1, dtype=jnp.float32)
    (layers, _, _), _ = jax.lax.scan(step, (layers, zeros, zeros), (numbers, rows))
    return loss(layers, task.test_x, task.test_y)


def main(kind: str) -> None:
    task = data.Task(*map(jnp.asarray, data.load(SIZES[0])))
    population = POPULATIONS[kind]

    @jax.jit
    def train(keys, rows):
        if kind == "vmap":
            return jax.vmap(lambda key, rows: candidate(task, key, rows))(keys, rows)
        if kind == "map":
            return jax.lax.map(lambda both: candidate(task, *both), (keys, rows))
        return candidate(task, keys[0], rows[0])[None]

    def run(seed: int):
        rng = np.random.default_rng(seed)
        rows = np.stack([data.batches(rng, len(task.train_x), EPOCHS, BATCH) for _ in range(population)])
        return np.asarray(train(jax.random.split(jax.random.key(seed), population), rows))

    measure.serve({"jax": jax.__version__, "numpy": np.__version__}, population, run)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in POPULATIONS:
        sys.exit(__doc__)
    main(sys.argv[1])
