"""Genetic algorithm of DEAP (`eaMuPlusLambda`) on the trainer of DOIN. A generation is trained on all cores at a time.

From worker/plugins/python/examples/deap_ga.py, without migrants: population as large as that of DOIN, tournaments of 3, uniform crossover, and
mutation that draws genes anew.
"""

import random
from concurrent.futures import ThreadPoolExecutor

from deap import algorithms, base, creator, tools

import trainer

GENERATIONS = 1_000_000


def main() -> None:
    options = trainer.arguments(__doc__)
    random.seed(options.seed)
    evaluator = trainer.Evaluator(options.worker, options.problem, options.cores, options.log)
    genes = evaluator.problem.genes
    creator.create("Lowest", base.Fitness, weights=(-1.0,))
    creator.create("Individual", list, fitness=creator.Lowest)

    def mutated(made: list) -> tuple:
        always = random.randrange(len(genes))
        for at, gene in enumerate(genes):
            if at == always or random.random() < 0.2:
                made[at] = gene.sample(random)
        return (made,)

    box = base.Toolbox()
    box.register("mate", tools.cxUniform, indpb=0.5)
    box.register("mutate", mutated)
    box.register("select", tools.selTournament, tournsize=3)
    box.register("evaluate", lambda made: (float(evaluator.fitness(list(made))),))
    population = [creator.Individual(gene.sample(random) for gene in genes) for _ in range(options.population)]
    with ThreadPoolExecutor(options.cores) as threads:
        # Individuals that neither crossover nor mutation has changed keep their fitness, and are not trained again.
        box.register("map", threads.map)
        algorithms.eaMuPlusLambda(population, box, options.population, options.population, 0.5, 0.4, GENERATIONS, verbose=False)


if __name__ == "__main__":
    main()
