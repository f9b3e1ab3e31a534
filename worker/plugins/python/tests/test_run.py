"""Tests of the loop that speaks the protocol."""

import io
import json
import random
import subprocess
import sys
import unittest
from contextlib import redirect_stderr
from typing import Any, List, Tuple

from doin_plugin import Callbacks, Optimizer, Part, Search, run

GENES = [{"name": "x", "kind": "integer", "lo": 0, "hi": 99}]


class Recorder(Optimizer):
    """Notes what it is called with."""

    def __init__(self) -> None:
        self.calls: List[Tuple[Any, ...]] = []

    def configure(self, space: Any, seed: int, population: int) -> None:
        self.random = random.Random(seed)

    def ask(self, count: int) -> Any:
        return [{"x": self.random.randint(0, 99)} for _ in range(count)]

    def tell(self, genes: Any, fitness: Any) -> None:
        self.calls.append(("tell", genes, fitness))

    def on_generation_end(self, generation: int, best: Any) -> None:
        self.calls.append(("end", generation, best))

    def on_champion_found(self, genes: Any, fitness: int) -> None:
        self.calls.append(("champion", genes, fitness))


def answers(optimizer: Optimizer, messages: List[Any]) -> List[Any]:
    """Returns the answers to messages; a text is a line as it stands, and a tuple a notification."""
    lines = []
    for at, message in enumerate(messages):
        if isinstance(message, str):
            lines.append(message)
        elif isinstance(message, tuple):
            lines.append(json.dumps({"jsonrpc": "2.0", "method": message[0], "params": message[1]}))
        else:
            lines.append(json.dumps({"jsonrpc": "2.0", "id": at, "method": message[0], "params": message[1]}))
    target = io.StringIO()
    with redirect_stderr(io.StringIO()):
        run(optimizer, io.StringIO("\n".join(lines) + "\n"), target)
    return [json.loads(line) for line in target.getvalue().splitlines()]


CONFIGURE = ["configure", {"genes": GENES, "seed": 7, "population": 4, "new": 1}]


class RunTest(unittest.TestCase):
    """Messages and their answers."""

    def test_messages_call_the_methods(self) -> None:
        optimizer = Recorder()
        found = answers(
            optimizer,
            [
                ["initialize", {"version": 1, "kind": "optimizer"}],
                CONFIGURE,
                ["ask", {"count": 2}],
                ["tell", {"genes": {"x": 4}, "fitness": None}],
                ["inject", {"genes": {"x": 5}, "fitness": 9, "moved": False}],
                ("on_champion_found", {"genes": {"x": 5}, "fitness": 9}),
                ("on_generation_end", {"generation": 0, "best": None}),
                ("refused", {"trial": 1, "reason": "no genes"}),
                ("on_something_new", {}),
            ],
        )
        self.assertEqual([answer["id"] for answer in found], [0, 1, 2, 3, 4], "notifications have no answer")
        self.assertEqual(found[0]["result"], {"version": 1})
        self.assertEqual(len(found[2]["result"]["trials"]), 2)
        self.assertEqual(
            optimizer.calls,
            [("tell", {"x": 4}, None), ("tell", {"x": 5}, 9), ("champion", {"x": 5}, 9), ("end", 0, None)],
        )

    def test_a_part_of_a_training_is_asked_for_and_told_apart(self) -> None:
        class Halving(Recorder):
            def ask(self, count: int) -> Any:
                return [Part({"x": 3}, 9), {"x": 3}][:count]

            def tell_part(self, genes: Any, fitness: Any, divisor: int) -> None:
                self.calls.append(("part", genes, fitness, divisor))

        optimizer = Halving()
        found = answers(
            optimizer,
            [
                CONFIGURE,
                ["ask", {"count": 2}],
                ["tell", {"genes": {"x": 3}, "fitness": 8, "divisor": 9}],
                ["tell", {"genes": {"x": 3}, "fitness": 5}],
            ],
        )
        self.assertEqual(found[1]["result"]["trials"], [{"genes": {"x": 3}, "divisor": 9}, {"genes": {"x": 3}}])
        self.assertEqual(optimizer.calls, [("part", {"x": 3}, 8, 9), ("tell", {"x": 3}, 5)])

    def test_a_state_restores_the_attributes(self) -> None:
        first = answers(Recorder(), [CONFIGURE, ["ask", {"count": 3}], ["checkpoint", {}], ["ask", {"count": 3}]])
        state, expected = first[2]["result"]["state"], first[3]["result"]
        found = answers(Recorder(), [CONFIGURE, ["restore", {"state": state}], ["ask", {"count": 3}]])
        self.assertEqual(found[2]["result"], expected)

    def test_faults_are_errors_and_the_loop_goes_on(self) -> None:
        class Faulty(Recorder):
            """Proposes what is no candidate."""

            def ask(self, count: int) -> Any:
                return [{"x": 100}] if count == 1 else [{"x": float("nan")}] if count == 2 else [{"y": 1}]

            def checkpoint(self) -> Any:
                return float("inf") if self.calls else None

        tell = ["tell", {"genes": {"x": 4}, "fitness": 1}]
        found = answers(
            Faulty(),
            [
                "{",
                "[]",
                ["initialize", {"version": 2}],
                CONFIGURE,
                ["ask", {"count": 1}],
                ["ask", {"count": 2}],
                ["ask", {"count": 3}],
                ["ask", {}],
                ["checkpoint", {}],
                tell,
                ["checkpoint", {}],
                ["answer", {}],
                ["__init__", {}],
                ["METHODS", {}],
                [7, {}],
            ],
        )
        errors = [answer.get("error") for answer in found]
        codes = [-32700, -32700, 1, None, 1, 1, 1, 1, -32601, None, 1, -32601, -32601, -32601, -32601]
        self.assertEqual([error and error["code"] for error in errors], codes)
        self.assertIn("version 2 of the protocol", errors[2]["message"])
        self.assertIn("invalid value 100 of gene `x`", errors[4]["message"])
        self.assertIn("`nan` of gene `x` is not a whole number", errors[5]["message"])
        self.assertIn("unknown gene `y`", errors[6]["message"])
        self.assertIsNone(found[0]["id"])

    def test_what_is_returned_in_the_place_of_candidates_is_named(self) -> None:
        class Returns(Recorder):
            """Answers what it is made with."""

            def __init__(self, returned: Any) -> None:
                super().__init__()
                self.returned = returned

            def ask(self, count: int) -> Any:
                return self.returned

        for returned, reason in [
            (None, "`ask` has returned None: expected a list of candidates"),
            ({"x": 3}, "`ask` has returned {'x': 3}: expected a list of candidates"),
            ([[3]], "`[3]` is not a candidate: expected a dict with a value for each gene"),
            ([Part({"x": 3}, 0)], "`0` is not a divisor of a part: expected a whole number from 1 to 1024"),
            ([Part({"x": 3}, 2.5)], "`2.5` is not a divisor of a part"),  # type: ignore[arg-type]
        ]:
            found = answers(Returns(returned), [CONFIGURE, ["ask", {"count": 2}]])
            self.assertIn(reason, found[1]["error"]["message"])

    def test_a_class_in_the_place_of_an_object_is_named(self) -> None:
        with self.assertRaisesRegex(TypeError, r"write `run\(Recorder\(\)\)`"):
            run(Recorder, io.StringIO(), io.StringIO())  # type: ignore[arg-type]

    def test_a_terminal_is_told_how_to_test_the_program(self) -> None:
        class Terminal(io.StringIO):
            """Input that somebody would type."""

            def isatty(self) -> bool:
                return True

        for source, expected in ((Terminal(), True), (io.StringIO(), False)):
            with redirect_stderr(io.StringIO()) as printed:
                run(Recorder(), source, io.StringIO())
            self.assertEqual("doin_plugin.conformance --kind optimizer -- python3 " in printed.getvalue(), expected)

    def test_attributes_that_cannot_be_pickled_are_named(self) -> None:
        optimizer = Recorder()
        optimizer.score = lambda genes: 0  # type: ignore[attr-defined]
        with redirect_stderr(io.StringIO()) as printed:
            self.assertIsNone(optimizer.checkpoint())
        self.assertIn("write `checkpoint` and `restore`", printed.getvalue())

    def test_what_a_program_prints_is_no_answer(self) -> None:
        text = (
            "import os\nfrom doin_plugin import Optimizer, run\n"
            "class Loud(Optimizer):\n"
            "    def configure(self, space, seed, population):\n"
            "        print('loading'); os.system('echo more')\n"
            "run(Loud())"
        )
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "configure", "params": CONFIGURE[1]})
        ended = subprocess.run([sys.executable, "-c", text], input=line, capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(ended.stdout), {"jsonrpc": "2.0", "id": 1, "result": {}})
        self.assertIn("loading", ended.stderr)


class CallbacksTest(unittest.TestCase):
    """Algorithms with a loop of their own."""

    def test_an_algorithm_gets_the_fitnesses_of_its_batches(self) -> None:
        seen: List[Any] = []

        def search(of: Search) -> None:
            seen.append(of.evaluate([{"x": 1}, {"x": 2}, {"x": 1}]))
            seen.append(of.evaluate([{"x": 2}, {"x": 3}]))
            seen.append(of.migrants())

        ask = ["ask", {"count": 2}]

        def tell(x: int, fitness: Any) -> Any:
            return ["tell", {"genes": {"x": x}, "fitness": fitness}]

        found = answers(
            Callbacks(search),
            [CONFIGURE, tell(50, 5), ask, tell(1, 10), ask, tell(2, None), ask, ["inject", {"genes": {"x": 9}, "fitness": 3}], tell(3, 30), ask],
        )
        trials = [answer["result"].get("trials") for answer in found if "trials" in answer["result"]]
        asked = [[trial["genes"]["x"] for trial in each] for each in trials]
        self.assertEqual(asked, [[1, 2], [], [3], []], "known ones are not asked again, and the search ends")
        self.assertEqual(seen, [[10, None, 10], [None, 30], [({"x": 50}, 5), ({"x": 9}, 3)]])

    def test_an_error_of_an_algorithm_is_the_answer(self) -> None:
        def search(of: Search) -> None:
            of.evaluate([{"x": 1000}])

        found = answers(Callbacks(search), [CONFIGURE, ["ask", {"count": 2}], ["ask", {"count": 2}]])
        self.assertIn("invalid value 1000 of gene `x`", found[1]["error"]["message"])
        self.assertEqual(found[2]["result"], {"trials": []})
        [_, single] = answers(Callbacks(lambda of: of.evaluate({"x": 1})), [CONFIGURE, ["ask", {"count": 2}]])  # type: ignore
        self.assertIn("`evaluate` was called with {'x': 1}: expected a list of candidates", single["error"]["message"])

    def test_an_algorithm_that_proposes_known_candidates_only_does_not_hang(self) -> None:
        def search(of: Search) -> None:
            while True:
                of.evaluate([{"x": 1}])

        found = answers(Callbacks(search), [CONFIGURE, ["tell", {"genes": {"x": 1}, "fitness": 4}], ["ask", {"count": 2}], ["ask", {"count": 2}]])
        self.assertEqual([answer["result"]["trials"] for answer in found[2:]], [[{"genes": {"x": 1}}]] * 2)


if __name__ == "__main__":
    unittest.main()
