"""Tests of programs of tolerance domains."""

import importlib.util
import io
import json
import subprocess
import sys
import unittest
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any, Dict, List

from doin_plugin import Evaluator, InvalidModel, genes_of, serve, sums_of
from doin_plugin._evaluator import LARGEST_SUM

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAMS = ["train_logistic.py"] + (["train_numpy.py"] if importlib.util.find_spec("numpy") else [])


class Line(Evaluator):
    """A model is one byte, whose error is its distance from 7."""

    def evaluate(self, model: bytes, chunk: int) -> float:
        if len(model) > 1:
            raise InvalidModel("more than a byte")
        return abs((model[0] if model else 100) - 7) + chunk / 10


def answers(evaluator: Evaluator, messages: List[Any]) -> List[Any]:
    """Returns the answers to messages; a text is a line as it stands."""
    lines = [each if isinstance(each, str) else json.dumps({"jsonrpc": "2.0", "id": at, **each}) for at, each in enumerate(messages)]
    target = io.StringIO()
    with redirect_stderr(io.StringIO()):
        serve(evaluator, io.StringIO("\n".join(lines) + "\n"), target)
    return [json.loads(line) for line in target.getvalue().splitlines()]


def evaluate(model: bytes, chunks: List[int]) -> Dict[str, Any]:
    return {"method": "evaluate", "params": {"model": "0x" + model.hex(), "chunks": chunks, "new": 1}}


class EvaluatorTest(unittest.TestCase):
    """Messages and their answers."""

    def test_sums_are_errors_times_the_scale(self) -> None:
        found = answers(
            Line(),
            [
                {"method": "initialize", "params": {"version": 1, "kind": "evaluator"}},
                evaluate(b"", [0, 1]),
                evaluate(bytes([9]), [2, 0]),
                {"method": "train", "params": {"genes": {"b": 2, "a": -1}}},
            ],
        )
        self.assertEqual(found[0]["result"], {"version": 1})
        self.assertEqual(found[1]["result"], {"sums": [93_000_000, 93_100_000]})
        self.assertEqual(found[2]["result"], {"sums": [2_200_000, 2_000_000]})
        self.assertEqual(bytes.fromhex(found[3]["result"]["model"][2:]), b'{"a":-1,"b":2}')

    def test_bytes_that_are_no_model_have_the_largest_sums(self) -> None:
        found = answers(Line(), [evaluate(b"abc", [0, 1]), evaluate(bytes([7]), [0])])
        self.assertEqual(found[0]["result"], {"sums": [LARGEST_SUM] * 2})
        self.assertEqual(found[1]["result"], {"sums": [0]})

    def test_errors_that_are_no_numbers_are_the_largest(self) -> None:
        class Diverging(Evaluator):
            """Returns what a training that diverges does."""

            def evaluate(self, model: bytes, chunk: int) -> float:
                return [float("nan"), float("inf"), 1e300][chunk]

        self.assertEqual(sums_of(Diverging(), b"x", [0, 1, 2]), [LARGEST_SUM] * 3)

    def test_what_is_returned_in_the_place_of_an_error_is_named(self) -> None:
        class Forgetful(Evaluator):
            """Returns nothing, and a list."""

            def evaluate(self, model: bytes, chunk: int) -> Any:
                return [None, [0.5] * 100][chunk]

            def train(self, genes: Dict[str, int]) -> Any:
                return "model" * 100

        for chunk, shown in ((0, "None"), (1, "[0.5, 0.5, ")):
            with self.assertRaises(ValueError) as raised:
                sums_of(Forgetful(), b"", [chunk])
            self.assertIn(f"`evaluate` has returned {shown}", str(raised.exception))
            self.assertIn(f" for chunk {chunk}: return a number, 0 or more", str(raised.exception))
            self.assertLess(len(str(raised.exception)), 160)
        [found] = answers(Forgetful(), [{"method": "train", "params": {"genes": {}}}])
        self.assertLess(len(found["error"]["message"]), 160)
        with self.assertRaisesRegex(TypeError, r"write `serve\(Forgetful\(\)\)`"):
            serve(Forgetful)  # type: ignore[arg-type]

    def test_faults_are_errors_and_the_loop_goes_on(self) -> None:
        class Faulty(Evaluator):
            """Fails in several ways."""

            def evaluate(self, model: bytes, chunk: int) -> float:
                if model == b"\x01":
                    raise MemoryError("too large")
                return -1.0

            def train(self, genes: Dict[str, int]) -> bytes:
                return b""

        found = answers(
            Faulty(),
            [
                "{",
                {"method": "initialize", "params": {"version": 2, "kind": "evaluator"}},
                {"method": "initialize", "params": {"version": 1, "kind": "optimizer"}},
                evaluate(b"\x01", [0]),
                evaluate(b"\x02", [0]),
                {"method": "evaluate", "params": {"model": "zz", "chunks": [0]}},
                {"method": "evaluate", "params": {}},
                {"method": "train", "params": {"genes": {}}},
                {"method": "ask", "params": {}},
                {"method": 7, "params": {}},
            ],
        )
        errors = [answer["error"] for answer in found]
        self.assertEqual([error["code"] for error in errors], [-32700, 1, 1, 1, 1, 1, 1, 1, -32601, -32601])
        self.assertIn("version 2 of the protocol", errors[1]["message"])
        self.assertIn("this one is an evaluator: name it in a table `[[programs]]`", errors[2]["message"])
        self.assertIn("MemoryError: too large", errors[3]["message"])
        self.assertIn("is negative", errors[4]["message"])
        self.assertIn("return 1 byte or more", errors[7]["message"])

    def test_genes_are_read_back_strictly(self) -> None:
        default = {"rate": 1, "depth": 2}
        self.assertEqual(genes_of(b"", default), default)
        self.assertEqual(genes_of(Line().train({"rate": 5, "depth": 0}), default), {"rate": 5, "depth": 0})
        for model in (b"{", b"[]", b'{"rate":1}', b'{"rate":1,"depth":1.5}', b'{"rate":1,"depth":true}', b"\xff", b"[" * 100_000):
            with self.assertRaises(InvalidModel):
                genes_of(model, default)
        with self.assertRaisesRegex(InvalidModel, "it has other genes than depth, rate"):
            genes_of(b'{"rate":1}', default)


class ExamplesTest(unittest.TestCase):
    """The examples, as a worker runs them."""

    def test_training_beats_the_empty_model_and_repeats_itself(self) -> None:
        genes = {"train_logistic.py": {"rate": 20, "epochs": 20, "penalty": 1}, "train_numpy.py": {"seed": 3, "width": 6, "ridge": 20}}
        for name in PROGRAMS:
            chunks = list(range(32))
            messages = [
                {"method": "initialize", "params": {"version": 1, "kind": "evaluator"}},
                {"method": "train", "params": {"genes": genes[name]}},
                evaluate(b"", chunks),
            ]
            first = self.run_program(name, messages)
            model = bytes.fromhex(first[1]["result"]["model"][2:])
            second = self.run_program(name, [messages[0], evaluate(model, chunks), evaluate(model, chunks), evaluate(b"nonsense", chunks)])
            empty, trained = sum(first[2]["result"]["sums"]), sum(second[1]["result"]["sums"])
            self.assertLess(trained, empty, name)
            self.assertEqual(second[1]["result"], second[2]["result"], name)
            self.assertEqual(second[3]["result"]["sums"], [LARGEST_SUM] * 32, name)

    def run_program(self, name: str, messages: List[Any]) -> List[Any]:
        lines = [json.dumps({"jsonrpc": "2.0", "id": at, **message}) for at, message in enumerate(messages)]
        command = [sys.executable, str(EXAMPLES / name)]
        ended = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
        return [json.loads(line) for line in ended.stdout.splitlines()]


if __name__ == "__main__":
    unittest.main()
