"""The genetic algorithm of DEAP (`eaMuPlusLambda`), unchanged: the worker evaluates through `toolbox.map`, and migrants enter before each
selection. Needs `pip install deap`."""

import random

from deap import algorithms, base, creator, tools
from doin_plugin import Callbacks, Search, run

GENERATIONS = 1_000_000

creator.create("Lowest", base.Fitness, weights=(-1.0,))
creator.create("Individual", list, fitness=creator.Lowest)


def search(of: Search) -> None:
    """Runs the whole algorithm."""
    random.seed(of.seed)
    genes = of.space.genes

    def individual(values: list, fitness: float = None) -> creator.Individual:
        made = creator.Individual(values)
        if fitness is not None:
            made.fitness.values = (fitness,)
        return made

    def evaluated(_, individuals: list) -> list:
        candidates = [dict(zip([gene.name for gene in genes], made)) for made in individuals]
        return [(float("inf") if fitness is None else fitness,) for fitness in of.evaluate(candidates)]

    def selected(population: list, count: int) -> list:
        migrants = [individual([named[gene.name] for gene in genes], fitness) for named, fitness in of.migrants()]
        return tools.selTournament(population + migrants, count, tournsize=3)

    def mutated(made: list) -> tuple:
        always = random.randrange(len(genes))
        for at, gene in enumerate(genes):
            if at == always or random.random() < 0.2:
                made[at] = gene.sample(random)
        return (made,)

    toolbox = base.Toolbox()
    toolbox.register("mate", tools.cxUniform, indpb=0.5)
    toolbox.register("mutate", mutated)
    toolbox.register("select", selected)
    toolbox.register("evaluate", lambda made: None)
    toolbox.register("map", evaluated)
    population = [individual([gene.sample(random) for gene in genes]) for _ in range(of.population)]
    algorithms.eaMuPlusLambda(population, toolbox, of.population, of.population, 0.5, 0.4, GENERATIONS, verbose=False)


run(Callbacks(search))
