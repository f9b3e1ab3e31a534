"""Optimizers in Python for the worker of DOIN.

An optimizer is a subclass of `Optimizer` with `configure` and `ask`; `run` speaks the protocol. `Callbacks` runs an algorithm that has a
loop of its own. `python3 -m doin_plugin.conformance -- COMMAND` tests any program.
"""

from ._callbacks import Callbacks, Search
from ._optimizer import Optimizer, Part, run
from ._space import Gene, Genes, Space

__all__ = ["Callbacks", "Gene", "Genes", "Optimizer", "Part", "Search", "Space", "run"]
