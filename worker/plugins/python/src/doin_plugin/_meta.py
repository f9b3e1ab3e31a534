"""The interface of a meta-optimizer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import IO, Any, Dict, List, Mapping, Optional, Sequence

from ._lines import VERSION, Methods, answer_lines, check_object, check_version
from ._space import Genes, Space, listed

KIND = "meta-optimizer"


@dataclass(frozen=True)
class Features:
    """Numbers that describe a domain, e.g. its horizon or its number of classes."""

    kind: str
    """Kind of the domain. Domains of different kinds share nothing."""
    numbers: Mapping[str, int]
    """The numbers by their names. Domains of one kind may have different ones."""

    def distance(self, other: "Features") -> float:
        """Returns the sum of the differences of the base-2 logarithms, as the worker computes it. A missing number counts as 0."""
        names = set(self.numbers) | set(other.numbers)
        return sum(abs(math.log2(self.numbers.get(name, 0) + 1) - math.log2(other.numbers.get(name, 0) + 1)) for name in names)


@dataclass(frozen=True)
class Domain:
    """A domain that the worker has searched before."""

    name: str
    """Hash of its specification."""
    features: Features
    found: Sequence[Genes]
    """Its best candidates, best first. Their genes, and the bounds of these, may be others than those of the space to propose for."""


class MetaOptimizer:
    """Proposes the first candidates of a search from what was found on other domains. `propose` is needed.

    The program is started for each search that begins, and asked once. Everything that it knows is in the question.
    """

    def propose(self, features: Features, space: Space, domains: Sequence[Domain], count: int, seed: int) -> Sequence[Mapping[str, Any]]:
        """Returns at most `count` candidates of `space` to evaluate first on a domain with these features, the most promising one first.

        `domains` are all of the same kind that were searched, the nearest one first.
        """
        raise NotImplementedError("write a method `propose`")


def _features(of: Mapping[str, Any]) -> Features:
    return Features(of["kind"], dict(of["numbers"]))


class _Program:
    """Calls the method of a meta-optimizer that a message names."""

    def __init__(self, meta: MetaOptimizer) -> None:
        self.meta = meta

    def initialize(self, params: Dict[str, Any]) -> Any:
        check_version(params["version"])
        if params.get("kind") != KIND:
            kind = params.get("kind")
            raise ValueError(f"the worker asks for a program of kind {kind!r}, and this one is a {KIND}: name it in `proposal_program`")
        return {"version": VERSION}

    def propose(self, params: Dict[str, Any]) -> Any:
        space, count = Space.of(params["genes"]), params["count"]
        domains = [Domain(domain["name"], _features(domain["features"]), domain["found"]) for domain in params["domains"]]
        proposed = self.meta.propose(_features(params["features"]), space, domains, count, params["seed"])
        trials: List[Dict[str, Any]] = [{"genes": space.checked(genes)} for genes in listed(proposed, "`propose` has returned")]
        if len(trials) > count:
            raise ValueError(f"`propose` has returned {len(trials)} candidates: return at most `count`, here {count}")
        return {"trials": trials}

    def methods(self) -> Methods:
        """Returns the functions of the protocol."""
        return {"initialize": self.initialize, "propose": self.propose}


def advise(meta: MetaOptimizer, source: Optional[IO[str]] = None, target: Optional[IO[str]] = None) -> None:
    """Answers messages until the input ends. They come from standard input, and answers go to standard output, by default.

    Whatever else the program prints goes to standard error, since standard output has answers alone.
    """
    check_object(meta, "advise")
    answer_lines(KIND, _Program(meta).methods(), source, target)
