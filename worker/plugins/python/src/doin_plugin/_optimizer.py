"""The interface of an optimizer."""

from __future__ import annotations

import base64
import operator
import pickle
import sys
from typing import IO, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from ._lines import VERSION, Methods, UnknownMethod, answer_lines, check_object, check_version, shortened
from ._space import Genes, Space, listed

KIND = "optimizer"
MOST_DIVISOR = 1_024
"""Largest divisor of a part of a training."""


class Part(NamedTuple):
    """A candidate that is to be trained for a part of its epochs: all of them divided by `divisor`, 1 to 1024."""

    genes: Mapping[str, Any]
    divisor: int


class Optimizer:
    """A search algorithm. `configure` and `ask` are needed; everything else has a default.

    A lower fitness is better, and the initial champion has 2²⁰; `None` stands for a candidate that could not be evaluated. Given the
    same seed and the same messages, an optimizer should propose the same candidates, so that a search that was interrupted goes on
    exactly.
    """

    def configure(self, space: Space, seed: int, population: int) -> None:
        """Takes the space, the seed of all random numbers, and the number of candidates of a generation."""
        raise NotImplementedError("write a method `configure`")

    def ask(self, count: int) -> Sequence[Union[Mapping[str, Any], Part]]:
        """Returns at most `count` candidates. None of them means that it waits for fitnesses, or that the search has ended.

        A `Part` asks for a part of a training. The whole training of the same candidate can be asked for later.
        """
        raise NotImplementedError("write a method `ask`")

    def tell(self, genes: Genes, fitness: Optional[int]) -> None:
        """Takes a fitness. The candidate may be one that was never asked for: the worker begins with models of its own."""

    def tell_part(self, genes: Genes, fitness: Optional[int], divisor: int) -> None:
        """Takes a fitness after a part of the training. It cannot be compared with that of another part."""

    def inject(self, genes: Genes, fitness: int, moved: bool) -> None:
        """Takes a champion of somebody else with its verified fitness.

        If its genes were `moved` into the bounds, it is evaluated next, and its own fitness is told.
        """
        self.tell(genes, fitness)

    def on_refused(self, trial: Any, reason: str) -> None:
        """Takes the reason for which a proposed candidate is not evaluated."""
        print(f"refused: {reason}", file=sys.stderr)

    def on_generation_start(self, generation: int) -> None:
        """Is called before the first candidate of each generation."""

    def on_generation_end(self, generation: int, best: Optional[Dict[str, Any]]) -> None:
        """Is called after the last candidate of each generation. `best` has `genes` and `fitness`."""

    def on_between_candidates(self, told: int, generation: int) -> None:
        """Is called after each candidate."""

    def on_champion_found(self, genes: Genes, fitness: int) -> None:
        """Is called for each candidate that is better than all before it."""

    def checkpoint(self) -> Any:
        """Returns the state as a value of JSON, or `None` if there is none. The default pickles all attributes.

        If they cannot be pickled, the default prints the reason, and there is no state.
        """
        try:
            return base64.b64encode(pickle.dumps(self.__dict__)).decode()
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            print(f"no checkpoint, since an attribute cannot be pickled ({error}): write `checkpoint` and `restore`", file=sys.stderr)
            return None

    def restore(self, state: Any) -> None:
        """Goes on from a state. It is called after `configure`."""
        self.__dict__.update(pickle.loads(base64.b64decode(state)))


class _Program:
    """Calls the methods of an optimizer that messages name."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.space = Space([])

    def initialize(self, version: int, kind: str = KIND, **_: Any) -> Any:
        check_version(version)
        if kind != KIND:
            step = "name it in `program` of `optimization_config`"
            raise ValueError(f"the worker asks for a program of kind {kind!r}, and this one is an {KIND}: {step}")
        return {"version": VERSION}

    def configure(self, genes: List[Mapping[str, Any]], seed: int, population: int, **_: Any) -> Any:
        self.space = Space.of(genes)
        self.optimizer.configure(self.space, seed, population)
        return {}

    def ask(self, count: int, **_: Any) -> Any:
        return {"trials": [self._trial(candidate) for candidate in listed(self.optimizer.ask(count), "`ask` has returned")]}

    def _trial(self, candidate: Union[Mapping[str, Any], Part]) -> Dict[str, Any]:
        if isinstance(candidate, Part):
            return {"genes": self.space.checked(candidate.genes), "divisor": _divisor(candidate.divisor)}
        return {"genes": self.space.checked(candidate)}

    def tell(self, genes: Genes, fitness: Optional[int], divisor: int = 1, **_: Any) -> Any:
        if divisor == 1:
            self.optimizer.tell(genes, fitness)
        else:
            self.optimizer.tell_part(genes, fitness, divisor)
        return {}

    def inject(self, genes: Genes, fitness: int, moved: bool = False, **_: Any) -> Any:
        self.optimizer.inject(genes, fitness, moved)
        return {}

    def checkpoint(self, **_: Any) -> Any:
        state = self.optimizer.checkpoint()
        if state is None:
            raise UnknownMethod
        return {"state": state}

    def restore(self, state: Any, **_: Any) -> Any:
        self.optimizer.restore(state)
        return {}

    def refused(self, trial: Any, reason: str, **_: Any) -> Any:
        self.optimizer.on_refused(trial, reason)

    def on_generation_start(self, generation: int, **_: Any) -> Any:
        self.optimizer.on_generation_start(generation)

    def on_generation_end(self, generation: int, best: Optional[Dict[str, Any]], **_: Any) -> Any:
        self.optimizer.on_generation_end(generation, best)

    def on_between_candidates(self, told: int, generation: int, **_: Any) -> Any:
        self.optimizer.on_between_candidates(told, generation)

    def on_champion_found(self, genes: Genes, fitness: int, **_: Any) -> Any:
        self.optimizer.on_champion_found(genes, fitness)

    def methods(self) -> Methods:
        """Returns the functions of the protocol. Their arguments are the members of `params`."""
        functions: Sequence[Callable[..., Any]] = (
            self.initialize,
            self.configure,
            self.ask,
            self.tell,
            self.inject,
            self.checkpoint,
            self.restore,
            self.refused,
            self.on_generation_start,
            self.on_generation_end,
            self.on_between_candidates,
            self.on_champion_found,
        )
        return {function.__name__: _spread(function) for function in functions}


def _divisor(given: Any) -> int:
    """Returns the divisor of a part as a whole number of Python."""
    try:
        divisor = int(operator.index(given))
    except TypeError:
        divisor = 0
    if not 1 <= divisor <= MOST_DIVISOR:
        raise ValueError(f"`{shortened(given)}` is not a divisor of a part: expected a whole number from 1 to {MOST_DIVISOR}")
    return divisor


def _spread(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda params: function(**params)


def run(optimizer: Optimizer, source: Optional[IO[str]] = None, target: Optional[IO[str]] = None) -> None:
    """Answers messages until the input ends. They come from standard input, and answers go to standard output, by default.

    Whatever else the program prints goes to standard error, since standard output has answers alone.
    """
    check_object(optimizer, "run")
    answer_lines(KIND, _Program(optimizer).methods(), source, target)
