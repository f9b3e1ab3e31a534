"""An evolution strategy (10 + 20) with a loop of its own: its hooks are `evaluate` and `migrants`."""

from doin_plugin import Callbacks, Search, run

PARENTS, CHILDREN = 10, 20


def mutated(search: Search, parent: dict) -> dict:
    """Returns a parent with one gene drawn anew, and each other one with a chance of a quarter."""
    child, always = dict(parent), search.random.choice(search.space.genes).name
    for gene in search.space.genes:
        if gene.name == always or search.random.random() < 0.25:
            child[gene.name] = gene.sample(search.random)
    return search.space.canonical(child)


def evolve(search: Search) -> None:
    """Breeds from the best individuals, champions of others among them."""
    parents: list = []
    while True:
        parents += search.migrants()
        if parents:
            children = [mutated(search, search.random.choice(parents)[0]) for _ in range(CHILDREN)]
        else:
            children = [search.space.sample(search.random) for _ in range(CHILDREN)]
        fitnesses = search.evaluate(children)
        parents += [(child, fitness) for child, fitness in zip(children, fitnesses) if fitness is not None]
        distinct = {tuple(sorted(genes.items())): (genes, fitness) for genes, fitness in parents}
        parents = sorted(distinct.values(), key=lambda parent: parent[1])[:PARENTS]


run(Callbacks(evolve))
