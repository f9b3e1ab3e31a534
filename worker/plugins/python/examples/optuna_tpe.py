"""The TPE sampler of Optuna. Needs `pip install optuna`."""

import optuna
from doin_plugin import Optimizer, run

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Tpe(Optimizer):
    """Proposes by the sampler, and learns from everything that is told."""

    def configure(self, space, seed, population):
        self.space = space
        self.pending = {}
        self.study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True))
        self.distributions = {
            gene.name: optuna.distributions.CategoricalDistribution(list(range(gene.lo, gene.hi + 1)))
            if gene.kind == "category"
            else optuna.distributions.IntDistribution(gene.lo, gene.hi, log=gene.kind == "log")
            for gene in space.genes
        }

    def ask(self, count):
        asked = []
        for _ in range(count):
            trial = self.study.ask(self.distributions)
            genes = self.space.canonical(trial.params)
            self.pending.setdefault(self.key(genes), []).append(trial.number)
            asked.append(genes)
        return asked

    def tell(self, genes, fitness):
        state = optuna.trial.TrialState.FAIL if fitness is None else optuna.trial.TrialState.COMPLETE
        value = None if fitness is None else float(fitness)
        numbers = self.pending.pop(self.key(genes), [])
        for number in numbers:
            self.study.tell(number, value, state=state)
        if not numbers and value is not None:
            # A champion of somebody else, or a model that the worker began with.
            self.study.add_trial(optuna.trial.create_trial(params=dict(genes), distributions=self.distributions, value=value))

    @staticmethod
    def key(genes):
        return tuple(sorted(genes.items()))


run(Tpe())
