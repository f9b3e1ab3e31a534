"""Searches: how those of DOIN and of peers are started. Standard library only."""

import os
import pathlib
import shutil
import subprocess
from typing import NamedTuple

import follow
from peers import HERE, install, say
from trainer import PROBLEMS, Fault, Trainer

# Candidates of a generation, also of DEAP and Propulate.
POPULATION = 12
# Of each island, since a round of it is a multiple of a generation.
ISLAND_POPULATION = 8
# Runs as root too, e.g. in a container, with the ranks on this machine only.
MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_btl": "self,vader",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
}


class Own(NamedTuple):
    """Search of DOIN. A generation of all islands costs so many whole trainings."""

    what: str
    algorithm: str
    islands: int
    population: int
    cost: float
    migrate_every: int = 5
    migrants: int = 2

    def generations(self, budget: float) -> int:
        return max(1, round(budget / self.cost))


class Peer(NamedTuple):
    """Search of others."""

    what: str
    program: str
    venv: str
    options: tuple[str, ...] = ()
    ranks: bool = False


OWN = {
    "ga": Own("DOIN, genetic algorithm", "ga", 1, POPULATION, POPULATION),
    # A bracket of three generations trains 27 candidates for a ninth of their epochs, 9 for a third and 3 to the end.
    "de": Own("DOIN, differential evolution with halving", "de", 1, 27, 3),
    "cmaes": Own("DOIN, CMA-ES", "cmaes", 1, POPULATION, POPULATION),
    "ga_islands": Own("DOIN, two islands of the genetic algorithm", "ga", 2, POPULATION, 2 * POPULATION, 2, 2),
    "random": Own("random search", "random", 1, 24, 24),
}
PEERS = {
    "deap": Peer("DEAP, `eaMuPlusLambda`", "search_deap.py", "search"),
    "optuna": Peer("Optuna, TPE", "search_optuna.py", "search"),
    "optuna_asha": Peer("Optuna, TPE and ASHA", "search_optuna.py", "search", ("--halving",)),
    "propulate": Peer("Propulate", "search_propulate.py", "propulate", (), True),
}


def islands(count: int) -> Own:
    """Returns the genetic algorithm on so many islands, whose best candidate migrates after each generation."""
    return Own("", "ga", count, ISLAND_POPULATION, count * ISLAND_POPULATION, 1, 1)


class Searches(NamedTuple):
    """Program of DOIN, folder of the data, folder of the virtual environments, cores, and the most seconds of a run."""

    worker: str
    data: pathlib.Path
    cache: pathlib.Path
    cores: int
    limit: float

    def own(self, search: Own, problem: str, seed: int, generations: int, cores: int | None = None, target: float | None = None) -> follow.Run:
        """Runs a search of DOIN, to a target if there is one: a validation error relative to that of the better naive model."""
        command = [self.worker, "optimize", "--algorithm", search.algorithm, "--islands", str(search.islands), "--seed", str(seed)]
        command += ["--workers", str(cores or self.cores), "--population", str(search.population), "--generations", str(generations)]
        command += ["--migrate-every", str(search.migrate_every), "--migrants", str(search.migrants)]
        command += [] if target is None else ["--target", repr(target)]
        return follow.ours([*command, "--", *PROBLEMS[problem].training(self.data)], self.limit)

    def peer(self, name: str, problem: str, seed: int, budget: float, target: int | None = None) -> follow.Run:
        """Runs a search of others, to a fitness if there is one."""
        search = PEERS[name]
        python = [str(self.cache / search.venv / "bin/python"), str(HERE / search.program), *search.options]
        launcher = ["mpirun", "--bind-to", "none", "-np", str(self.cores)] if search.ranks else []
        options = ["--worker", self.worker, "--problem", problem, "--seed", str(seed), "--cores", str(self.cores)]
        env = MPI if search.ranks else {}
        return follow.peer([*launcher, *python, *options, "--population", str(POPULATION)], env, self.limit, budget, target)

    def unit(self, problem: str) -> float:
        """Returns the fitness of the better naive model, and checks that the trainer of peers is that of DOIN.

        Raises Fault if genes have other fitnesses, e.g. since their order is another one.
        """
        run = self.own(OWN["random"]._replace(population=8), problem, 1, 1)
        best = run.report["best"]
        if best is None:
            raise Fault("no candidate of eight could be trained")
        genes = [best["genes"][gene.name] for gene in PROBLEMS[problem].genes]
        trainer = Trainer(self.worker, problem)
        try:
            for end in ("lo", "hi"):
                trainer.fitness([getattr(gene, end) for gene in PROBLEMS[problem].genes])
            fitness = trainer.fitness(genes)
        finally:
            trainer.end()
        if fitness != best["fitness"]:
            raise Fault(f"the trainer of peers has the fitness {fitness} for genes whose fitness is {best['fitness']}")
        return best["fitness"] / best["value"]


def prepare(cache: pathlib.Path, names: list[str]) -> dict[str, str]:
    """Installs what these peers need. Returns the reasons for which some cannot be started."""
    (cache / "logs").mkdir(parents=True, exist_ok=True)
    failed: dict[str, str] = {}
    for venv in dict.fromkeys(PEERS[name].venv for name in names):
        users = [name for name in names if PEERS[name].venv == venv]
        say(f"installing {', '.join(users)}, unless it is there")
        try:
            install(cache / venv, HERE / f"requirements-{venv}.txt")
        except (OSError, subprocess.CalledProcessError) as error:
            failed.update(dict.fromkeys(users, f"its packages cannot be installed: {error}"))
    if not shutil.which("mpirun"):
        reason = "mpirun is missing: install Open MPI (Debian: apt-get install openmpi-bin)"
        failed.update({name: reason for name in names if PEERS[name].ranks})
    return failed


def data_folder(root: pathlib.Path, problems: list[str]) -> pathlib.Path:
    """Returns the folder of the data, which has the files of these problems.

    Raises Fault that names a file that is missing.
    """
    folder = pathlib.Path(os.environ.get("DOIN_DATA_DIR", root / "data")).resolve()
    for problem in problems:
        for file in PROBLEMS[problem].files:
            if not (folder / file).is_file():
                raise Fault(
                    f"{folder / file} is missing: set DOIN_DATA_DIR to the folder that has {file}, or leave out the parts that need it, "
                    "e.g. --parts functions,chain"
                )
    return folder
