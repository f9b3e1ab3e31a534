"""Search spaces: named whole numbers with bounds."""

from __future__ import annotations

import math
import operator
import random
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ._lines import shortened

Genes = Dict[str, int]
"""Values of the genes, by their names."""


@dataclass(frozen=True)
class Gene:
    """One dimension of a space: a whole number from `lo` to `hi`."""

    name: str
    kind: str
    """`integer`, `log` for one whose steps are proportional to its value, or `category` for one without order."""
    lo: int
    hi: int
    used_if: Optional[Tuple[str, Tuple[int, ...]]] = None
    """Name of an earlier gene, and values of it with which this gene is used; always if `None`."""

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise ValueError(f"gene `{self.name}` has no values from {self.lo} to {self.hi}: the lower bound comes first")
        if self.kind == "log" and self.lo < 1:
            raise ValueError(f"gene `{self.name}` of kind `log` has the lower bound {self.lo}: expected 1 or more")

    def sample(self, source: random.Random) -> int:
        """Returns a value drawn uniformly on the scale of the gene."""
        if self.kind != "log":
            return source.randint(self.lo, self.hi)
        return self.clamp(math.floor(math.exp(source.uniform(math.log(self.lo), math.log(self.hi + 1)))))

    def clamp(self, value: float) -> int:
        """Returns the whole number within the bounds that is nearest to `value`, which may be infinite.

        Raises ValueError for a NaN.
        """
        if value != value:
            raise ValueError(f"the value of gene `{self.name}` is not a number: it has no nearest one from {self.lo} to {self.hi}")
        return round(min(max(value, self.lo), self.hi))


class Space:
    """A list of genes. Genes that are not used have their lower bounds."""

    def __init__(self, genes: Iterable[Gene]) -> None:
        self.genes: List[Gene] = list(genes)

    def __repr__(self) -> str:
        return f"Space({self.genes!r})"

    @classmethod
    def of(cls, genes: Iterable[Mapping[str, Any]]) -> "Space":
        """Returns the space that `configure` describes."""

        def gene(of: Mapping[str, Any]) -> Gene:
            condition = of.get("usedIf")
            used_if = (condition["gene"], tuple(condition["values"])) if condition else None
            return Gene(of["name"], of["kind"], of["lo"], of["hi"], used_if)

        return cls(gene(of) for of in genes)

    def used(self, genes: Mapping[str, int]) -> List[Gene]:
        """Returns the genes that a candidate uses."""
        used: Dict[str, Gene] = {}
        for gene in self.genes:
            if gene.used_if is None or (gene.used_if[0] in used and genes[gene.used_if[0]] in gene.used_if[1]):
                used[gene.name] = gene
        return list(used.values())

    def canonical(self, genes: Mapping[str, int]) -> Genes:
        """Returns a candidate as the worker names it: genes that are not used have their lower bounds."""
        used = {gene.name for gene in self.used(genes)}
        return {gene.name: genes[gene.name] if gene.name in used else gene.lo for gene in self.genes}

    def sample(self, source: random.Random) -> Genes:
        """Returns a candidate drawn uniformly on the scale of each gene."""
        return self.canonical({gene.name: gene.sample(source) for gene in self.genes})

    def checked(self, genes: Mapping[str, Any]) -> Genes:
        """Returns a candidate in its canonical form, with whole numbers of Python, e.g. in the place of those of NumPy.

        Raises ValueError with the name of a gene that is missing, unknown, no whole number, or out of its bounds.
        """
        if not isinstance(genes, Mapping):
            raise ValueError(f"`{shortened(genes)}` is not a candidate: expected a dict with a value for each gene")
        unknown = sorted(set(genes) - {gene.name for gene in self.genes}, key=str)
        if unknown:
            raise ValueError(f"unknown gene `{unknown[0]}`: the space has {', '.join(gene.name for gene in self.genes)}")
        whole: Genes = {}
        for gene in self.genes:
            if gene.name not in genes:
                # A gene that is not used may be left out.
                whole[gene.name] = gene.lo
                continue
            try:
                # `index` of Python 3.9 returns truth values as they are.
                whole[gene.name] = int(operator.index(genes[gene.name]))
            except TypeError:
                raise ValueError(f"`{genes[gene.name]}` of gene `{gene.name}` is not a whole number: round it") from None
            if not gene.lo <= whole[gene.name] <= gene.hi:
                raise ValueError(f"invalid value {whole[gene.name]} of gene `{gene.name}`: expected {gene.lo} to {gene.hi}")
        for gene in self.used(whole):
            if gene.name not in genes:
                raise ValueError(f"gene `{gene.name}` is missing: expected {gene.lo} to {gene.hi}")
        return self.canonical(whole)


def listed(candidates: Any, how: str) -> List[Any]:
    """Returns candidates as a list.

    Raises ValueError, which begins with `how` they came, for a single candidate and for what cannot be a list.
    """
    if isinstance(candidates, (Mapping, str)) or not isinstance(candidates, Iterable):
        raise ValueError(f"{how} {shortened(candidates)}: expected a list of candidates")
    return list(candidates)
