"""MLP 96-64-64-24 or an LSTM of 24 units in TensorFlow/Keras, with hyper-parameters from a DEAP genetic algorithm, as upstream DOIN does it.

Usage: keras_deap.py mlp|lstm

From upstream: population 20, tournaments of 3, two-point crossover and Gaussian mutation at their rates, uniform linear genes, a net built
and compiled anew for each candidate, `fit` in the one process. Kinder than upstream: no process per candidate, which would load
TensorFlow anew each time. Only genes that leave the amount of work as it is.
"""

import os
import random
import sys
from importlib.metadata import version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from deap import base, creator, tools

import data
import measure

POPULATION = 20
GENES = {"learning_rate": (5e-4, 2e-3), "beta_1": (0.8, 0.95)}
# Values that a net sees, samples of a step, epochs.
WORK = {"mlp": (96, 256, 12), "lstm": (48, 128, 8)}


def net(kind: str) -> keras.Model:
    if kind == "mlp":
        hidden = [keras.layers.Dense(64, activation="relu") for _ in range(2)]
        return keras.Sequential([keras.Input((96,)), *hidden, keras.layers.Dense(data.HORIZON)])
    return keras.Sequential([keras.Input((48, 1)), keras.layers.LSTM(24), keras.layers.Dense(data.HORIZON)])


def toolbox() -> base.Toolbox:
    creator.create("Fitness", base.Fitness, weights=(-1.0,))
    creator.create("Genome", list, fitness=creator.Fitness)
    box = base.Toolbox()
    box.register("genome", lambda: creator.Genome(random.uniform(*bounds) for bounds in GENES.values()))
    box.register("population", tools.initRepeat, list, box.genome)
    box.register("select", tools.selTournament, tournsize=3)
    box.register("mate", tools.cxTwoPoint)
    spread = [(hi - lo) / 10 for lo, hi in GENES.values()]
    box.register("mutate", tools.mutGaussian, mu=0, sigma=spread, indpb=0.2)
    return box


def proposals():
    """Yields genomes for ever; each needs a fitness before the next generation is bred."""
    box = toolbox()
    population = box.population(n=POPULATION)
    while True:
        yield from (genome for genome in population if not genome.fitness.valid)
        population = [box.clone(genome) for genome in box.select(population, POPULATION)]
        for left, right in zip(population[::2], population[1::2]):
            if random.random() < 0.5:
                box.mate(left, right)
                del left.fitness.values, right.fitness.values
        for genome in population:
            if random.random() < 0.2:
                box.mutate(genome)
                del genome.fitness.values
            for at, (lo, hi) in enumerate(GENES.values()):
                genome[at] = min(max(genome[at], lo), hi)


def main(kind: str) -> None:
    window, batch, epochs = WORK[kind]
    task = data.load(window)
    kept = len(task.train_x) // batch * batch  # `fit` would train on the incomplete last batch too.
    train_x, test_x = (x[..., None] if kind == "lstm" else x for x in (task.train_x, task.test_x))
    random.seed(measure.first_seed())
    search = proposals()

    def run(seed: int) -> list[float]:
        genome = next(search)
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        genes = dict(zip(GENES, genome))
        model = net(kind)
        model.compile(optimizer=keras.optimizers.Adam(**genes), loss="mae")
        model.fit(train_x[:kept], task.train_y[:kept], batch_size=batch, epochs=epochs, verbose=0)
        error = model.evaluate(test_x, task.test_y, batch_size=batch, verbose=0)
        genome.fitness.values = (error,)
        return [error]

    versions = {name: version(name) for name in ("tensorflow-cpu", "keras", "deap")}
    measure.serve(versions, 1, run)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in WORK:
        sys.exit(__doc__)
    main(sys.argv[1])
