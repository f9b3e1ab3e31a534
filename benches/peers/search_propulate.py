"""Asynchronous evolution of Propulate on the trainer of DOIN: one island, with a rank of MPI and a trainer per core.

Started by `mpirun -np CORES`. Its default operators and the population of DOIN. It has no logarithmic ranges, so genes with steps in
proportion to their values are logarithms here. It has to run on Open MPI: a single rank sends its checkpoint's turn to itself, and MPICH
blocks in that until it is received, i.e. for ever.
"""

import logging
import math
import pathlib
import random
import sys

from mpi4py import MPI
from propulate import Individual, Propulator
from propulate.utils import get_default_propagator

import trainer


def main() -> None:
    options = trainer.arguments(__doc__)
    library = MPI.Get_library_version().split(",")[0]
    if not library.startswith("Open MPI"):
        sys.exit(f"the library of MPI is {library.splitlines()[0]}: install Open MPI (Debian: apt-get install openmpi-bin)")
    logging.getLogger("propulate").setLevel(logging.ERROR)
    # The clock of the log starts when all ranks have loaded their packages.
    MPI.COMM_WORLD.barrier()
    evaluator = trainer.Evaluator(options.worker, options.problem, 1, options.log)
    genes = evaluator.problem.genes
    limits = {gene.name: (math.log(gene.lo), math.log(gene.hi + 1)) if gene.log else (gene.lo, gene.hi) for gene in genes}

    def loss(individual: Individual) -> float:
        values = ((gene, individual[gene.name]) for gene in genes)
        point = [gene.clamp(math.floor(math.exp(value)) if gene.log else value) for gene, value in values]
        return float(evaluator.fitness(point))

    source = random.Random(options.seed * MPI.COMM_WORLD.size + MPI.COMM_WORLD.rank)
    propagator = get_default_propagator(pop_size=options.population, limits=limits, rng=source)
    checkpoints = pathlib.Path(f"{options.log}.checkpoints")
    # Until it is ended.
    Propulator(loss_fn=loss, propagator=propagator, rng=source, generations=-1, checkpoint_path=checkpoints).propulate()


if __name__ == "__main__":
    main()
