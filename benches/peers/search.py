#!/usr/bin/env python3
"""Measures searches: islands of DOIN on functions, on the genes of nets and through a chain, and the searches of others with the same trainer.

Called by `scripts/bench.sh islands`; docs/benchmarks/README.md says what the figures mean. Standard library only.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time
from collections.abc import Callable, Iterable

import load
from figures import Figures, number, ratio, table
from follow import printed
from peers import HERE, say
from results import machine
from run import two_cores
from searches import ISLAND_POPULATION, OWN, PEERS, Searches, data_folder, islands, prepare
from trainer import Fault, Late

# Parts, and the problems whose files they need.
PARTS = {"functions": [], "etth1": ["etth1"], "peers": ["etth1"], "chain": [], "eurusd": ["eurusd"]}
ISLANDS = (1, 2, 4, 8)
# Validation error of the champion of the first network (mean absolute error of step 24), history and horizon.
UPSTREAM, HISTORY, HORIZON = 0.008533, 79, 24
# Searches of the same budget, and of the time to a target.
SAME_BUDGET = ("ga", "de", "cmaes", "deap", "optuna", "random")
TO_TARGET = ("ga", "ga_islands", "de", "cmaes", "propulate", "optuna_asha", "optuna", "deap", "random")
# Largest budget of a search for a target, as a multiple of that of the comparison.
LONGEST = 4
# Most seconds for compiling a benchmark.
BUILD = 1800
# Seconds between two lines of progress.
PAUSE = 10.0


class Bench:
    """What the parts share: options, searches, failures, and the object of --json."""

    def __init__(self, options: argparse.Namespace, searches: Searches):
        self.options, self.searches = options, searches
        self.failed: dict[str, str] = {}
        # Peers that cannot be started.
        self.missing: set[str] = set()
        self.object: dict = {}
        # Time after which the present part starts no search.
        self.end = float("inf")
        self._random: dict[int, Figures] = {}
        self._unit: dict[str, int] = {}

    def fail(self, name: str, error: Exception | str) -> None:
        self.failed[name] = str(error)
        say(f"{name} failed: {error}")

    def runs(self, part: str, name: str, count: int, one: Callable[[int], float | None]) -> Figures | None:
        """Returns the figures of the seeds from 1 to `count`; `None` if one of them fails, which is reported by name."""
        if name in self.missing:
            return None
        numbers, due = [], time.monotonic() + PAUSE
        for seed in range(1, count + 1):
            try:
                if time.monotonic() > self.end:
                    raise Fault(f"its part has taken {self.options.part_limit:.0f} s: give it more with --part-limit, or fewer seeds")
                numbers.append(one(seed))
            except (Fault, OSError, ValueError, KeyError) as error:
                self.fail(f"{name} ({part})", f"seed {seed}: {error}")
                return None
            if seed == count or time.monotonic() > due:
                due = time.monotonic() + PAUSE
                say(f"{part}: {name}, {seed} of {count} seeds, median {number(Figures(numbers).median(), 4)}")
        return Figures(numbers)

    def unit(self, problem: str) -> int:
        if problem not in self._unit:
            self._unit[problem] = round(self.searches.unit(problem))
        return self._unit[problem]

    def loss(self, name: str, seed: int, budget: int) -> float:
        """Returns the validation loss of ETTh1 that a search finds with a budget, relative to the better naive model."""
        if name in OWN:
            run = self.searches.own(OWN[name], "etth1", seed, OWN[name].generations(budget))
        else:
            run = self.searches.peer(name, "etth1", seed, budget)
        if run.best is None:
            raise Fault("no candidate could be trained to the end")
        return run.best / self.unit("etth1")

    def random_loss(self, budget: int) -> Figures | None:
        """Returns the losses of random search with a budget, which are measured once."""
        if budget not in self._random:
            found = self.runs(f"etth1, {budget} candidates", "random", self.options.seeds, lambda seed: self.loss("random", seed, budget))
            if found is None:
                return None
            self._random[budget] = found
        return self._random[budget]

    def target(self) -> float:
        """Returns the loss of ETTh1 that searches have to reach: the median of random search with twice the budget."""
        if self.options.target is not None:
            return self.options.target
        found = self.random_loss(2 * self.options.budget)
        if found is None:
            raise Fault("random search has failed, so there is no target: give one with --target")
        return found.median()


def functions(bench: Bench) -> str:
    """Runs the benchmark of the crate, and returns its table."""
    command = ["cargo", "bench", "--quiet", "--workspace", "--bench", "islands", "--", "--runs", str(bench.options.runs), "--json"]
    if bench.options.plot:
        command += ["--plot", str(bench.options.plot)]
    say(f"functions: {bench.options.runs} runs of each search")
    *lines, last = printed(command, BUILD + bench.options.part_limit)
    bench.object.update(json.loads(last))
    return "\n".join(lines)


def same_budget(bench: Bench) -> str:
    """Searches the genes of a net of ETTh1 with the same number of candidates as peers."""
    budget, rows, losses = bench.options.budget, [], {}
    for name in SAME_BUDGET:
        if name == "random":
            found = bench.random_loss(budget)
        else:
            found = bench.runs(f"etth1, {budget} candidates", name, bench.options.seeds, lambda seed: bench.loss(name, seed, budget))
        if found is not None:
            losses[name] = found
            what = (OWN[name] if name in OWN else PEERS[name]).what
            rows.append([what, found.text(5), found.between(5)])
    medians = {name: found.median() for name, found in losses.items()}
    own = {"ours": medians[bench.options.ours]} if bench.options.ours in medians else {}
    bench.object["etth1_loss"] = {**own, **{name: medians[name] for name in ("deap", "optuna", "random") if name in medians}}
    bench.object["etth1_same_budget"] = {
        "candidates": budget,
        "seeds": bench.options.seeds,
        "losses": {name: {"median": found.median(), "interval": found.interval()} for name, found in losses.items()},
    }
    head = [f"loss after {budget} candidates", f"median of {bench.options.seeds} seeds", "95 %"]
    return table(head, rows)


def on_islands(bench: Bench) -> str:
    """Measures the rounds in which islands reach the target on ETTh1. In a round each island trains one candidate."""
    target, unit = bench.target(), bench.unit("etth1")
    rows, rounds, seconds = [], {}, {}
    for count in ISLANDS:
        search, cores, times = islands(count), min(count, bench.searches.cores), []
        longest = round(LONGEST * bench.options.budget / ISLAND_POPULATION)

        def one(seed: int) -> float | None:
            run = bench.searches.own(search, "etth1", seed, longest, cores, round(target * unit) / unit)
            times.append(run.seconds if run.is_reached else None)
            return float(run.report["generations"] * ISLAND_POPULATION) if run.is_reached else None

        found = bench.runs(f"etth1, islands to {target:.5f}", f"{count} islands", bench.options.seeds, one)
        if found is None:
            continue
        rounds[str(count)] = found.median()
        speed = ratio(rounds.get("1"), found.median())
        # Wall-clock time says nothing about islands that wait for each other's core.
        clock = Figures(times) if count <= bench.searches.cores else None
        if clock is not None:
            seconds[str(count)] = clock.median()
        rows.append([str(count), found.text(0), found.between(0), number(speed, 2), clock.text(2) if clock else "-"])
    bench.object["etth1_islands"] = {
        "target": target,
        "rounds": {count: median for count, median in rounds.items() if median is not None},
        "wall_clock_seconds": {count: median for count, median in seconds.items() if median is not None},
    }
    bench.object.setdefault("wall_clock_seconds", {})["etth1"] = bench.object["etth1_islands"]["wall_clock_seconds"]
    return table(["islands on ETTh1", f"rounds to {target:.5f}", "95 %", "speed-up", "seconds"], rows)


def to_target(bench: Bench) -> str:
    """Measures the time that searches need to the target, beside the cost of their trainings."""
    target, unit, repeats = bench.target(), bench.unit("etth1"), bench.options.repeats
    fitness, budget = round(target * unit), LONGEST * bench.options.budget
    rows, times = [], {}
    for name in TO_TARGET:
        costs: list[float | None] = []

        def one(seed: int) -> float | None:
            if name in OWN:
                search = OWN[name]
                run = bench.searches.own(search, "etth1", seed, search.generations(budget), target=fitness / unit)
            else:
                run = bench.searches.peer(name, "etth1", seed, budget, fitness)
            costs.append(run.cost if run.is_reached else None)
            return run.seconds if run.is_reached else None

        found = bench.runs(f"time to {target:.5f}", name, repeats, one)
        if found is None:
            continue
        times[name] = {"seconds": found.median(), "trainings": Figures(costs).median(), "reached": found.reached(), "runs": found.numbers}
        what = (OWN[name] if name in OWN else PEERS[name]).what
        rows.append([what, found.text(2), found.between(2), Figures(costs).text(0), f"{found.reached()} of {repeats}"])
        if name == "random" and found.median() is not None:
            # As on twice the cores (Li et al. 2018).
            twice = found.median() / 2
            times["random_twice"] = {"seconds": twice}
            rows.append(["random search with twice the budget", number(twice, 2), "half of the time above", "", ""])
    bench.object["seconds_to_target"] = {"target": target, **times}
    head = [f"time to {target:.5f} on ETTh1", f"seconds, median of {repeats} seeds", "lowest – highest", "trainings", "reached"]
    return table(head, rows)


def chain(bench: Bench) -> str:
    """Runs the benchmark of islands through a development chain, and returns its table."""
    command = ["cargo", "bench", "--quiet", "--workspace", "--bench", "island_chain", "--"]
    command += ["--workers", str(bench.searches.cores), "--runs", str(bench.options.chain_runs)]
    if bench.options.chain_problem == "demo":
        command += ["--problem", "demo"]
    else:
        command += ["--problem", "landscape", "--shape", bench.options.chain_problem]
    say(f"chain: 1 to {bench.searches.cores} workers, {bench.options.chain_runs} runs of each")
    found = json.loads(printed(command, BUILD + bench.options.part_limit)[-1])
    seconds = {count: Figures(numbers) for count, numbers in found["seconds"].items()}
    bench.object["chain"] = found
    bench.object.setdefault("wall_clock_seconds", {})["chain"] = {count: one.median() for count, one in seconds.items()}
    rows = [
        [count, one.text(0), one.between(0), number(ratio(seconds["1"].median(), one.median()), 2), f"{one.reached()} of {len(one.numbers)}"]
        for count, one in seconds.items()
    ]
    return table(["workers on a chain", f"seconds to {found['percent']:g} % on {found['problem']}", "lowest – highest", "speed-up", "reached"], rows)


def naive_error(folder: pathlib.Path) -> float:
    """Returns the mean absolute error of repeating the last value of EUR/USD, on the windows of the validation."""
    lines = (folder / "eurusd_4h" / "base_d5.csv").read_text().splitlines()[1:1576]
    values = [float(line.split(",")[1]) for line in lines]
    last = range(HISTORY - 1, len(values) - HORIZON)
    return statistics.fmean(abs(values[at + HORIZON] - values[at]) for at in last)


def eurusd(bench: Bench) -> str:
    """Searches EUR/USD from nothing to the error of the champion of the first network, on one island and on two."""
    target, repeats, rows, seconds = UPSTREAM / naive_error(bench.searches.data), bench.options.repeats, [], {}
    for count in (1, 2):
        search = OWN["ga"]._replace(islands=count, population=24)

        def one(seed: int) -> float | None:
            try:
                run = bench.searches.own(search, "eurusd", seed, 100_000, min(count, bench.searches.cores), target)
            except Late:
                return None
            return run.seconds if run.is_reached else None

        found = bench.runs(f"eurusd to {UPSTREAM}", f"eurusd, {count} islands", repeats, one)
        if found is None:
            continue
        seconds[str(count)] = found.median()
        speed = ratio(seconds.get("1"), found.median())
        rows.append([str(count), found.text(1), found.between(1), number(speed, 2), f"{found.reached()} of {repeats}"])
    bench.object.setdefault("wall_clock_seconds", {})["eurusd"] = {count: time for count, time in seconds.items() if time is not None}
    head = ["islands on EUR/USD, a core each", f"seconds to {UPSTREAM}", "lowest – highest", "speed-up", f"within {bench.searches.limit:.0f} s"]
    return table(head, rows)


WORK: dict[str, tuple[Callable[[Bench], str], ...]] = {
    "functions": (functions,),
    "etth1": (same_budget, on_islands),
    "peers": (to_target,),
    "chain": (chain,),
    "eurusd": (eurusd,),
}


def chosen_parts(text: str) -> list[str]:
    """Returns the parts of a list, in the order of the tables."""
    names = text.split(",")
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown part `{unknown[0]}`: choose among {', '.join(PARTS)}")
    return [part for part in PARTS if part in names]


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return int(text)


def arguments(words: Iterable[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="scripts/bench.sh islands", description="Measures searches; see docs/benchmarks/README.md.")
    parts = ", ".join(PARTS)
    options.add_argument("--parts", type=chosen_parts, default=list(PARTS), metavar="PART,...", help=f"{parts} (default all)")
    options.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options.add_argument("--plot", type=lambda text: pathlib.Path(text).resolve(), metavar="FILE", help="draw the speed-ups on functions as SVG")
    options.add_argument("--runs", type=positive, default=100, metavar="N", help="runs of each search on functions (default 100)")
    options.add_argument("--seeds", type=positive, default=20, metavar="N", help="seeds of each search on ETTh1 (default 20)")
    options.add_argument("--repeats", type=positive, default=5, metavar="N", help="seeds of times to a target (default 5)")
    options.add_argument("--chain-runs", type=positive, default=2, metavar="N", help="runs of each number of workers on a chain (default 2)")
    options.add_argument("--chain-problem", choices=("demo", "rastrigin", "quadratic"), default="demo", help="what is searched on a chain (default demo)")
    options.add_argument("--budget", type=positive, default=192, metavar="N", help="candidates of a search on ETTh1 (default 192)")
    options.add_argument("--target", type=float, metavar="LOSS", help="loss of ETTh1 to reach (default: that of random search with twice the budget)")
    options.add_argument("--limit", type=float, default=120, metavar="SECONDS", help="longest run of a search (default 120)")
    options.add_argument("--part-limit", type=float, default=1200, metavar="SECONDS", help="time after which a part starts no search (default 1200)")
    options.add_argument("--ours", choices=("ga", "de", "cmaes"), default="ga", help="search of DOIN in the JSON object (default ga)")
    options.add_argument("--worker", metavar="FILE", help="doin-worker, for all parts but functions and chain")
    options.add_argument("--cache", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return options.parse_args(list(words))


def main() -> int:
    options = arguments(sys.argv[1:])
    try:
        data = data_folder(HERE.parents[1], [problem for part in options.parts for problem in PARTS[part]])
    except Fault as error:
        sys.exit(f"error: {error}")
    os.environ["DOIN_DATA_DIR"] = str(data)
    os.chdir(HERE.parents[1])
    if not options.worker and set(options.parts) & {"etth1", "peers", "eurusd"}:
        sys.exit("error: name doin-worker with --worker FILE, or use scripts/bench.sh islands, which builds it")
    allowed, cores = os.sched_getaffinity(0), two_cores()
    bench = Bench(options, Searches(options.worker, data, options.cache, len(cores), options.limit))
    used = [name for part, names in (("etth1", SAME_BUDGET), ("peers", TO_TARGET)) if part in options.parts for name in names]
    for name, reason in prepare(options.cache, [name for name in PEERS if name in used]).items():
        bench.missing.add(name)
        bench.fail(name, reason)
    tables, watch, began = [], load.Watch(cores, []), time.monotonic()
    for part in options.parts:
        # Cargo compiles on all cores.
        os.sched_setaffinity(0, allowed if part in ("functions", "chain") else cores)
        start = time.monotonic()
        bench.end = start + options.part_limit
        for work in WORK[part]:
            try:
                tables.append(work(bench))
            except (Fault, OSError, ValueError, KeyError) as error:
                bench.fail(part, error)
        say(f"{part}: {time.monotonic() - start:.0f} s")
    print(f"{machine()}; cores {cores[0]} and {cores[1]}, {time.monotonic() - began:.0f} s. Other programs had {watch.others():.0%} of them.")
    print("\n" + "\n\n".join(tables))
    for name, reason in bench.failed.items():
        say(f"not measured: {name}: {reason}")
    if options.json:
        print(json.dumps({**bench.object, "machine": machine(), "disturbed": round(watch.others(), 3), "failed": bench.failed}))
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
