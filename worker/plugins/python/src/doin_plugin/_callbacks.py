"""Algorithms that have a loop of their own, e.g. a whole genetic algorithm of a library."""

from __future__ import annotations

import queue
import random
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ._optimizer import Optimizer
from ._space import Genes, Space, listed

Key = Tuple[int, ...]

_KNOWN_BATCHES = 32
"""Batches of known candidates in a row after which the worker is asked for other ones."""


class _Ended(BaseException):
    """Ends the thread of an algorithm whose program is restored or has ended."""


class Search:
    """What an algorithm searches, and how it has candidates evaluated."""

    def __init__(self, owner: "Callbacks", space: Space, seed: int, population: int) -> None:
        self.space = space
        self.seed = seed
        """Seed of all random numbers, for a library that has a generator of its own."""
        self.population = population
        """Candidates of a generation, as the worker is configured."""
        self.random = random.Random(seed)
        """Source of random numbers that begins with the seed."""
        self._owner = owner

    def evaluate(self, candidates: Sequence[Mapping[str, Any]]) -> List[Optional[int]]:
        """Returns the fitnesses of candidates, lower is better; `None` for one that could not be evaluated. Waits for the worker."""
        return self._owner._evaluate([self.space.checked(genes) for genes in listed(candidates, "`evaluate` was called with")])

    def migrants(self) -> List[Tuple[Genes, int]]:
        """Returns champions of others, and models that the worker began with, with their fitnesses, that have come since the last call.

        Take them before a selection.
        """
        taken, self._owner._migrants = self._owner._migrants, []
        return taken


class Callbacks(Optimizer):
    """Runs `search(Search)` in a thread, which only runs while the worker waits for candidates.

    Its checkpoint is the list of messages, so an algorithm whose random numbers come from `Search.seed` goes on exactly.
    """

    def __init__(self, search: Callable[[Search], None]) -> None:
        self._search = search
        self._thread: Optional[threading.Thread] = None

    def configure(self, space: Space, seed: int, population: int) -> None:
        self._end()
        self._given = (space, seed, population)
        self._messages: List[List[Any]] = []
        self._known: Dict[Key, Optional[int]] = {}
        self._migrants: List[Tuple[Genes, int]] = []
        self._batch: List[Genes] = []
        self._waiting: List[Genes] = []
        self._asked: Dict[Key, Genes] = {}
        self._has_ended = False
        self._batches: "queue.Queue[Any]" = queue.Queue()
        self._answers: "queue.Queue[Any]" = queue.Queue()
        self._thread = threading.Thread(target=self._run, args=(Search(self, space, seed, population),), daemon=True)

    def ask(self, count: int) -> Sequence[Mapping[str, Any]]:
        self._messages.append(["ask", count])
        known = 0
        while not self._waiting and not self._asked and not self._has_ended:
            self._resume()
            if self._batch and not self._waiting:
                known += 1
                if known == _KNOWN_BATCHES:
                    return self._batch[:1]
        asked, self._waiting = self._waiting[:count], self._waiting[count:]
        for genes in asked:
            self._asked[_key(genes)] = genes
        return asked

    def tell(self, genes: Genes, fitness: Optional[int]) -> None:
        self._messages.append(["tell", genes, fitness])
        key = _key(genes)
        was_asked = self._asked.pop(key, None) is not None
        if not was_asked and fitness is not None and self._known.get(key) != fitness:
            self._migrants.append((genes, fitness))
        self._known[key] = fitness
        self._waiting = [other for other in self._waiting if _key(other) != key]

    def inject(self, genes: Genes, fitness: int, moved: bool) -> None:
        self._messages.append(["inject", genes, fitness, moved])
        self._migrants.append((genes, fitness))
        if not moved:
            self._known[_key(genes)] = fitness

    def on_refused(self, trial: Any, reason: str) -> None:
        super().on_refused(trial, reason)
        genes = trial.get("genes") if isinstance(trial, dict) else None
        # A duplicate that is being evaluated has its fitness told.
        if isinstance(genes, dict) and not reason.startswith("duplicate"):
            self.tell(genes, None)

    def checkpoint(self) -> Any:
        return self._messages

    def restore(self, state: Any) -> None:
        self.configure(*self._given)
        for method, *arguments in state:
            getattr(self, method)(*arguments)

    def _resume(self) -> None:
        """Answers the last batch, and waits for the next one. Candidates of it that are not known wait to be asked."""
        if self._thread is None:
            raise RuntimeError("`configure` comes first")
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._answers.put([self._known.get(_key(genes)) for genes in self._batch])
        batch = self._batches.get()
        self._batch = []
        if batch is None:
            self._has_ended = True
        elif isinstance(batch, BaseException):
            self._has_ended = True
            raise batch
        else:
            self._batch = batch
            unknown = {_key(genes): genes for genes in batch if _key(genes) not in self._known}
            self._waiting = list(unknown.values())

    def _evaluate(self, batch: List[Genes]) -> List[Optional[int]]:
        if not batch:
            return []
        self._batches.put(batch)
        answer = self._answers.get()
        if answer is None:
            raise _Ended
        return list(answer)

    def _run(self, search: Search) -> None:
        try:
            self._search(search)
            self._batches.put(None)
        except _Ended:
            pass
        except BaseException as error:  # `ask` raises it, and the worker names it.
            self._batches.put(error)

    def _end(self) -> None:
        """Ends the thread of an earlier configuration."""
        if self._thread is not None and self._thread.is_alive():
            self._answers.put(None)
            self._thread.join()


def _key(genes: Mapping[str, int]) -> Key:
    return tuple(genes[name] for name in sorted(genes))
