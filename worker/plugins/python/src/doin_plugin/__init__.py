"""Optimizers and programs of tolerance domains in Python for the worker of DOIN.

An optimizer is a subclass of `Optimizer` with `configure` and `ask`; `run` speaks the protocol. `Callbacks` runs an algorithm that has a
loop of its own. `python3 -m doin_plugin.conformance -- COMMAND` tests any program.

A meta-optimizer, which proposes first candidates from other domains, is a subclass of `MetaOptimizer` with `propose`; `advise` speaks its
protocol.

The program of a tolerance domain, e.g. a training function, is a subclass of `Evaluator` with `evaluate`; `serve` speaks its protocol.
"""

from ._callbacks import Callbacks, Search
from ._evaluator import Evaluator, InvalidModel, genes_of, serve, sums_of
from ._meta import Domain, Features, MetaOptimizer, advise
from ._optimizer import Optimizer, Part, run
from ._space import Gene, Genes, Space

__all__ = [
    "Callbacks",
    "Domain",
    "Evaluator",
    "Features",
    "Gene",
    "Genes",
    "InvalidModel",
    "MetaOptimizer",
    "Optimizer",
    "Part",
    "Search",
    "Space",
    "advise",
    "genes_of",
    "run",
    "serve",
    "sums_of",
]
