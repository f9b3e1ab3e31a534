"""The interface of a program of a tolerance domain."""

from __future__ import annotations

import json
import math
import sys
from typing import IO, Any, Dict, List, Optional, Sequence

from ._lines import VERSION, Methods, answer_lines, check_object, check_version, shortened

KIND = "evaluator"
LARGEST_SUM = 2**32 - 2
"""Largest error sum of a chunk."""


class InvalidModel(Exception):
    """Bytes that are no model of the program. Every chunk then has the largest sum, on all machines alike."""


class Evaluator:
    """A program that trains models and scores them. `evaluate` is needed.

    Evaluators on other machines run the same file on the same bytes, and their sums have to agree with the median of all of them within
    the tolerance of the domain. So a result must depend on `model` and `chunk` alone: seed all random numbers with the number of the
    chunk, read no clock, no network and no file that is not part of the program, and bound the work by counting steps.
    """

    SCALE = 1_000_000
    """Sum of an error of 1. An error is rounded to a sum, so the smallest sums have to be large beside 1 / tolerance."""

    def evaluate(self, model: bytes, chunk: int) -> float:
        """Returns the error of a model on a chunk, 0 or more; lower is better. The empty model is the one to beat.

        Anybody can submit any bytes: raise `InvalidModel` for those that are no model.
        """
        raise NotImplementedError("write a method `evaluate`")

    def train(self, genes: Dict[str, int]) -> bytes:
        """Returns the model that genes make, 1 byte or more. Optimizers call it. The default writes the genes as JSON."""
        return json.dumps(genes, sort_keys=True, separators=(",", ":")).encode()


def genes_of(model: bytes, default: Dict[str, int]) -> Dict[str, int]:
    """Returns the genes that the default of `train` has written; those of `default` for the empty model."""
    if not model:
        return dict(default)
    try:
        genes = json.loads(model)
    except (ValueError, RecursionError):
        raise InvalidModel("it is not JSON") from None
    if not isinstance(genes, dict) or set(genes) != set(default):
        raise InvalidModel(f"it has other genes than {', '.join(sorted(default))}")
    if not all(type(value) is int for value in genes.values()):
        raise InvalidModel("a gene is not a whole number")
    return genes


class _Program:
    """Calls the methods of an evaluator that messages name."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def initialize(self, params: Dict[str, Any]) -> Any:
        check_version(params["version"])
        if params.get("kind") != KIND:
            kind, step = params.get("kind"), "name it in a table `[[programs]]`"
            raise ValueError(f"the worker asks for a program of kind {kind!r}, and this one is an {KIND}: {step}")
        return {"version": VERSION}

    def evaluate(self, params: Dict[str, Any]) -> Any:
        model, chunks = _bytes(params["model"]), params["chunks"]
        try:
            return {"sums": [self.sum(model, chunk) for chunk in chunks]}
        except InvalidModel as reason:
            print(f"invalid model of {len(model)} bytes: {reason}", file=sys.stderr)
            return {"sums": [LARGEST_SUM] * len(chunks)}

    def train(self, params: Dict[str, Any]) -> Any:
        model = self.evaluator.train(params["genes"])
        if not isinstance(model, (bytes, bytearray)) or not model:
            raise ValueError(f"`train` has returned {shortened(model)}: return 1 byte or more")
        return {"model": "0x" + bytes(model).hex()}

    def methods(self) -> Methods:
        """Returns the functions of the protocol."""
        return {"initialize": self.initialize, "evaluate": self.evaluate, "train": self.train}

    def sum(self, model: bytes, chunk: int) -> int:
        """Returns the sum of a chunk. An error that is no number counts as the largest one: a training that diverges has such errors."""
        returned = self.evaluator.evaluate(model, chunk)
        try:
            error = float(returned)
        except (TypeError, ValueError):
            raise ValueError(f"`evaluate` has returned {shortened(returned)} for chunk {chunk}: return a number, 0 or more") from None
        if math.isnan(error):
            return LARGEST_SUM
        if error < 0:
            raise ValueError(f"the error {error} of chunk {chunk} is negative: return 0 or more")
        scaled = error * self.evaluator.SCALE
        return LARGEST_SUM if scaled >= LARGEST_SUM else round(scaled)


def _bytes(text: Any) -> bytes:
    """Returns the bytes of `0x` and hexadecimal digits."""
    if not isinstance(text, str) or not text.startswith("0x"):
        raise ValueError(f"`{text}` is not 0x and hexadecimal digits")
    return bytes.fromhex(text[2:])


def serve(evaluator: Evaluator, source: Optional[IO[str]] = None, target: Optional[IO[str]] = None) -> None:
    """Answers messages until the input ends. They come from standard input, and answers go to standard output, by default.

    Whatever else the program prints goes to standard error, since standard output has answers alone.
    """
    check_object(evaluator, "serve")
    answer_lines(KIND, _Program(evaluator).methods(), source, target)


def sums_of(evaluator: Evaluator, model: bytes, chunks: Sequence[int]) -> List[int]:
    """Returns the sums that the evaluator would answer, to try a program by hand."""
    result: List[int] = _Program(evaluator).evaluate({"model": "0x" + model.hex(), "chunks": list(chunks)})["sums"]
    return result
