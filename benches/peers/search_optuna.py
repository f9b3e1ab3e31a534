"""TPE of Optuna on the trainer of DOIN, with a candidate per core in training at any time.

With --halving, the pruner of Optuna that implements ASHA (Li et al. 2020) stops candidates in the brackets of DOIN: after a ninth and a
third of their epochs. As in DOIN, each stage trains from the start.
"""

import sys

import optuna

import trainer

STAGES = (9, 3, 1)


def main(with_halving: bool) -> None:
    options = trainer.arguments(__doc__)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    evaluator = trainer.Evaluator(options.worker, options.problem, options.cores, options.log)
    genes = evaluator.problem.genes
    # Candidates in training count as bad ones, so that two are not proposed side by side: the option for parallel searches.
    sampler = optuna.samplers.TPESampler(seed=options.seed, constant_liar=True)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3) if with_halving else optuna.pruners.NopPruner()
    study = optuna.create_study(sampler=sampler, pruner=pruner)

    def objective(trial: optuna.Trial) -> float:
        point = [trial.suggest_int(gene.name, gene.lo, gene.hi, log=gene.log) for gene in genes]
        for divisor in STAGES if with_halving else STAGES[-1:]:
            fitness = float(evaluator.fitness(point, divisor))
            if divisor > 1:
                trial.report(fitness, STAGES[0] // divisor)
                if trial.should_prune():
                    raise optuna.TrialPruned
        return fitness

    study.optimize(objective, n_jobs=options.cores)


if __name__ == "__main__":
    wants = "--halving" in sys.argv
    if wants:
        sys.argv.remove("--halving")
    main(wants)
