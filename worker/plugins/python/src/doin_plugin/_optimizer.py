"""The interface of an optimizer, and the loop that speaks the protocol."""

from __future__ import annotations

import base64
import json
import os
import pickle
import sys
import traceback
from typing import IO, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from ._space import Genes, Space

VERSION = 1
METHOD_NOT_FOUND = -32601
PARSE_ERROR = -32700


class Part(NamedTuple):
    """A candidate that is to be trained for a part of its epochs: all of them divided by `divisor`, 1 to 1024."""

    genes: Mapping[str, Any]
    divisor: int


class Optimizer:
    """A search algorithm. `configure` and `ask` are needed; everything else has a default.

    A lower fitness is better; `None` stands for a candidate that could not be evaluated. Given the same seed and the same messages, an
    optimizer should propose the same candidates, so that a search that was interrupted goes on exactly.
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
        """Returns the state as a value of JSON, or `None` if there is none. The default pickles all attributes."""
        try:
            return base64.b64encode(pickle.dumps(self.__dict__)).decode()
        except (pickle.PicklingError, TypeError, AttributeError):
            return None

    def restore(self, state: Any) -> None:
        """Goes on from a state. It is called after `configure`."""
        self.__dict__.update(pickle.loads(base64.b64decode(state)))


class _Unknown(Exception):
    """A method that this package does not have."""


class _Program:
    """Calls the methods of an optimizer that messages name."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.space = Space([])

    def initialize(self, version: int, kind: str = "optimizer", **_: Any) -> Any:
        if version != VERSION:
            raise ValueError(f"the worker speaks version {version} of the protocol, and this package {VERSION}: update the older one")
        if kind != "optimizer":
            raise ValueError(f"the worker asks for a program of kind {kind!r}, and this one is an optimizer: correct its configuration")
        return {"version": VERSION}

    def configure(self, genes: List[Mapping[str, Any]], seed: int, population: int, **_: Any) -> Any:
        self.space = Space.of(genes)
        self.optimizer.configure(self.space, seed, population)
        return {}

    def ask(self, count: int, **_: Any) -> Any:
        return {"trials": [self._trial(candidate) for candidate in self.optimizer.ask(count)]}

    def _trial(self, candidate: Union[Mapping[str, Any], Part]) -> Dict[str, Any]:
        if isinstance(candidate, Part):
            return {"genes": self.space.checked(candidate.genes), "divisor": candidate.divisor}
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
            raise _Unknown
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

    METHODS = (
        "initialize",
        "configure",
        "ask",
        "tell",
        "inject",
        "checkpoint",
        "restore",
        "refused",
        "on_generation_start",
        "on_generation_end",
        "on_between_candidates",
        "on_champion_found",
    )

    def answer(self, line: str) -> Optional[Dict[str, Any]]:
        """Returns the answer to a line; `None` for one that has none."""
        try:
            message = json.loads(line)
            method, is_notification = message["method"], "id" not in message
        except (ValueError, TypeError, KeyError) as error:
            return {"jsonrpc": "2.0", "id": None, "error": {"code": PARSE_ERROR, "message": f"no message: {error}"}}
        envelope: Dict[str, Any] = {"jsonrpc": "2.0", "id": message.get("id")}
        try:
            if method not in self.METHODS:
                raise _Unknown
            result = getattr(self, method)(**(message.get("params") or {}))
            # Numbers that JSON does not have, e.g. NaN, are an error here.
            json.dumps(result, allow_nan=False)
            envelope["result"] = result
        except _Unknown:
            envelope["error"] = {"code": METHOD_NOT_FOUND, "message": f"method `{method}` is not implemented"}
        except Exception as error:  # The worker names it, and starts the program again.
            traceback.print_exc(file=sys.stderr)
            envelope["error"] = {"code": 1, "message": f"{method}: {type(error).__name__}: {error}"}
        return None if is_notification else envelope


def run(optimizer: Optimizer, source: Optional[IO[str]] = None, target: Optional[IO[str]] = None) -> None:
    """Answers messages until the input ends.

    Whatever else the program prints goes to standard error, since standard output has answers alone.
    """
    if target is None:
        target = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
    program = _Program(optimizer)
    for line in source if source is not None else sys.stdin:
        answer = program.answer(line)
        if answer is not None:
            target.write(json.dumps(answer) + "\n")
            target.flush()
