"""Tests of meta-optimizers."""

import contextlib
import io
import json
import sys
import unittest
from pathlib import Path
from typing import Any, List, Tuple

from doin_plugin import Domain, Features, MetaOptimizer, advise, conformance

EXAMPLE = Path(__file__).parents[1] / "examples" / "meta_mixture.py"
GENES = [{"name": "x", "kind": "integer", "lo": 0, "hi": 99}, {"name": "y", "kind": "log", "lo": 1, "hi": 64}]
HEAD = "import json, sys\nfor line in sys.stdin:\n m = json.loads(line); p = m.get('params'); r = {'version': 1}\n"
TAIL = "\n if 'id' in m: print(json.dumps({'jsonrpc': '2.0', 'id': m['id'], 'result': r}), flush=True)"


def question(count: int = 2, **more: Any) -> Any:
    features = {"kind": "forecast", "numbers": {"horizon": 24}}
    domains = [{"name": "a", "features": {"kind": "forecast", "numbers": {"horizon": 12}}, "found": [{"x": 5, "y": 8}, {"x": 6, "y": 9}]}]
    return {"method": "propose", "params": {"count": count, "seed": 7, "features": features, "genes": GENES, "domains": domains, **more}}


def answers(meta: MetaOptimizer, messages: List[Any]) -> List[Any]:
    """Returns the answers to messages; a text is a line as it stands."""
    lines = [
        message if isinstance(message, str) else json.dumps({"jsonrpc": "2.0", "id": at, **message}) for at, message in enumerate(messages)
    ]
    target = io.StringIO()
    with contextlib.redirect_stderr(io.StringIO()):
        advise(meta, io.StringIO("\n".join(lines) + "\n"), target)
    return [json.loads(line) for line in target.getvalue().splitlines()]


def outcomes(command: List[str]) -> Tuple[int, List[str]]:
    """Returns the exit code of the kit and the reasons of the failed cases."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        code = conformance.main(["--json", "--kind", "meta-optimizer", "--", *command])
    cases = json.loads(printed.getvalue())["cases"]
    return code, [case["reason"] for case in cases if case["outcome"] == "fail"]


class Best(MetaOptimizer):
    """Proposes the best candidate of each domain, and notes what it is asked."""

    def propose(self, features: Features, space: Any, domains: Any, count: int, seed: int) -> Any:
        self.asked = (features, [gene.name for gene in space.genes], domains, count, seed)
        return [domain.found[0] for domain in domains]


class MetaTest(unittest.TestCase):
    """Messages and their answers."""

    def test_a_question_calls_the_method(self) -> None:
        meta = Best()
        found = answers(meta, [{"method": "initialize", "params": {"version": 1, "kind": "meta-optimizer"}}, question(more=1)])
        self.assertEqual([answer["result"] for answer in found], [{"version": 1}, {"trials": [{"genes": {"x": 5, "y": 8}}]}])
        near = Domain("a", Features("forecast", {"horizon": 12}), [{"x": 5, "y": 8}, {"x": 6, "y": 9}])
        self.assertEqual(meta.asked, (Features("forecast", {"horizon": 24}), ["x", "y"], [near], 2, 7))

    def test_faults_are_errors_and_the_loop_goes_on(self) -> None:
        class Faulty(MetaOptimizer):
            """Proposes what is no candidate."""

            def propose(self, features: Features, space: Any, domains: Any, count: int, seed: int) -> Any:
                return [{"x": 100, "y": 1}] if count == 1 else {"x": 1, "y": 1} if count == 4 else [{"x": 1, "y": 1}] * 3

        initialize = {"method": "initialize", "params": {"version": 2, "kind": "meta-optimizer"}}
        other = {"method": "initialize", "params": {"version": 1, "kind": "optimizer"}}
        found = answers(Faulty(), ["{", initialize, other, *map(question, (1, 2, 4, 3)), {"method": "ask"}, {"method": "propose"}])
        errors = [answer.get("error") for answer in found]
        self.assertEqual([error and error["code"] for error in errors], [-32700, 1, 1, 1, 1, 1, None, -32601, 1])
        parts = ["version 2", "name it in `proposal_program`", "invalid value 100 of gene `x`", "here 2", "expected a list of candidates"]
        for error, part in zip(errors[1:6], parts):
            self.assertIn(part, error["message"])
        with self.assertRaisesRegex(TypeError, r"write `advise\(Faulty\(\)\)`"):
            advise(Faulty)  # type: ignore[arg-type]

    def test_distances_are_those_of_the_worker(self) -> None:
        hourly = Features("forecast", {"horizon": 31, "values": 1023})
        self.assertEqual(hourly.distance(Features("forecast", {"horizon": 7})), 2 + 10)
        self.assertEqual(hourly.distance(hourly), 0)


class MetaConformanceTest(unittest.TestCase):
    """Programs that conform, and programs that do not."""

    def test_the_example_conforms(self) -> None:
        self.assertEqual(outcomes([sys.executable, str(EXAMPLE)]), (0, []))

    def test_faults_are_named_with_the_next_step(self) -> None:
        trials = " if m['method'] == 'propose': r = {'trials': [{'genes': {'family': 0, 'rate': %s, 'depth': 1}}]%s}"
        for body, reason in [
            (" r = {'version': 2}", "answered by version 2: return"),
            (trials % ("0", ""), "invalid value 0 of gene `rate`"),
            (trials % ("5", " * 9"), "`propose` for 8 is answered by 9 trials"),
            (trials % ("__import__('random').randint(1, 1 << 20)", ""), "draw all random numbers from `seed`"),
            (" if m['method'] == 'propose': r = {'trials': []}", "nothing is proposed"),
            (" if m['method'] == 'propose': r = {'points': []}", "`propose` is answered by"),
        ]:
            code, failed = outcomes([sys.executable, "-c", HEAD + body + TAIL])
            self.assertEqual(code, 1)
            self.assertTrue(any(reason in each for each in failed), f"{reason}: {failed}")


if __name__ == "__main__":
    unittest.main()
