"""Medians with their intervals, and tables. Standard library only."""

import math
import statistics

# Probability that the interval of a median does not contain it.
ERROR = 0.05


class Figures:
    """Numbers of the runs of one search. `None` stands for a run that did not come to its target, and counts as the largest."""

    def __init__(self, numbers: list[float | None]):
        self.numbers = numbers

    def median(self) -> float | None:
        return _shown(statistics.median(self._sorted())) if self.numbers else None

    def interval(self) -> tuple[float | None, float | None]:
        """Returns the interval of the median of 95 % by ranks, which assumes no distribution; the whole range of few runs."""
        numbers, rank = self._sorted(), 1
        count = len(numbers)
        # The k-th number is above the median with the probability that fewer than k of them are below it.
        while sum(math.comb(count, below) for below in range(rank + 1)) / 2**count <= ERROR / 2:
            rank += 1
        return _shown(numbers[rank - 1]), _shown(numbers[count - rank])

    def reached(self) -> int:
        return sum(number is not None for number in self.numbers)

    def text(self, digits: int) -> str:
        return number(self.median(), digits)

    def between(self, digits: int) -> str:
        return " – ".join(number(end, digits) for end in self.interval())

    def _sorted(self) -> list[float]:
        return sorted(math.inf if number is None else number for number in self.numbers)


def _shown(value: float) -> float | None:
    return None if math.isinf(value) else value


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])
