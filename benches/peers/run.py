#!/usr/bin/env python3
"""Measures DOIN's trainer, and with --peers other trainers of the same nets, on the same two cores, taking turns. Standard library only.

Called by `scripts/bench.sh compute`; docs/benchmarks/README.md says what the figures mean.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import threading

import isa
import load
import measure
import ours
from peers import WORKS, Peer, all_peers, prepare, say
from results import Results, summary, table

SAMPLE = "ett/ETTh1.csv"
START_LIMIT = 600  # Seconds for loading and compiling.


def data_folder() -> str:
    folder = pathlib.Path(os.environ.get("DOIN_DATA_DIR", ours.ROOT / "data")).resolve()
    if not (folder / SAMPLE).is_file():
        sys.exit(f"error: there is no {folder / SAMPLE}: set DOIN_DATA_DIR to the folder that has {SAMPLE} (hourly, columns date to OT)")
    return str(folder)


def two_cores() -> list[int]:
    """Returns the first two cores that this process may use and that are not two threads of one core."""
    chosen = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        siblings = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        chosen.setdefault(siblings.read_text() if siblings.exists() else cpu, cpu)
    if len(chosen) < 2:
        sys.exit("error: this benchmark needs two cores, and this process may use only one")
    return list(chosen.values())[:2]


class Process:
    """A running peer; one on each core if it is pinned."""

    def __init__(self, name: str, peer: Peer, cores: list[int], logs: pathlib.Path, limit: isa.Isa):
        self.log = logs / f"{name}.log"
        commands = [["taskset", "-c", str(core), *peer.command] for core in cores] if peer.pinned else [peer.command]
        with self.log.open("w") as log:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "text": True}
            shared = peer.environment(dict(os.environ))
            places = [{**shared, measure.PLACE: str(place)} for place in range(len(commands))]
            self.all = [subprocess.Popen(command, env=place, **pipes) for command, place in zip(commands, places)]
        self.versions: dict[str, str] = {}
        self.isa = peer.isa or limit.name()

    def ready(self) -> None:
        """Waits until it is warm."""
        answer = self._answers(START_LIMIT)[0]
        self.versions = answer["versions"]
        self.isa = answer.get("isa") or self.isa

    def repeat(self, seconds: float) -> list[dict]:
        """Trains for about `seconds` and returns the report of each process."""
        for process in self.all:
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        return self._answers(60 + 10 * seconds)

    def stop(self) -> None:
        for process in self.all:
            process.kill()
            process.wait()

    def _answers(self, limit: float) -> list[dict]:
        watchdog = threading.Timer(limit, self.stop)
        watchdog.start()
        try:
            lines = [process.stdout.readline() for process in self.all]
        finally:
            watchdog.cancel()
        if not all(lines):
            last = self.log.read_text(errors="replace").strip().splitlines()[-5:]
            raise RuntimeError("\n  ".join([f"ended or was silent for {limit:.0f} s; the end of {self.log}:", *last]))
        return [json.loads(line) for line in lines]


def run_rounds(results: Results, program: str, works: list[str], running: dict[str, Process], rounds: int, seconds: float) -> None:
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        if "ours" not in results.failed:
            try:
                results.own.append(ours.measure(program, works))
                for work in works:
                    say(f"  ours, {work}: {results.own[-1][work]['ours']:,.0f} candidates per hour")
            except (OSError, ValueError, subprocess.CalledProcessError) as error:
                results.fail("ours", error)
        for name, process in running.items():
            if name in results.failed:
                continue
            try:
                results.add(name, process.repeat(seconds))
                say(f"  {name}: {results.rates[name][-1]:,.0f} candidates per hour")
            except (OSError, ValueError, RuntimeError) as error:
                results.fail(name, error)


def chosen_works(text: str) -> list[str]:
    """Returns the works of a list, in the order of the table."""
    names = text.split(",")
    unknown = [name for name in names if name not in WORKS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown work `{unknown[0]}`: choose among {', '.join(WORKS)}")
    return [work for work in WORKS if work in names]


def arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="scripts/bench.sh compute", description="Measures training; see docs/benchmarks/README.md.")
    options.add_argument("--peers", action="store_true", help="also measure JAX, Keras + DEAP, Burn and PyTorch (installs them first)")
    options.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options.add_argument("--work", type=chosen_works, default=list(WORKS), metavar="WORK,...", help="mlp, lstm and rows (default all)")
    options.add_argument("--isa", choices=isa.CHOICES, default="native", help="limit everything to these instructions (default native)")
    options.add_argument("--rounds", type=int, default=5, help="repeats of each measurement (default 5)")
    options.add_argument("--seconds", type=float, default=5, help="length of a peer's repeat, at least one candidate (default 5)")
    options.add_argument("--worker", help="measure this doin-worker instead of building one", metavar="FILE")
    options.add_argument("--cache", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return options.parse_args()


def main() -> int:
    chosen = arguments()
    works = chosen.work
    if works != ["rows"]:
        os.environ["DOIN_DATA_DIR"] = data_folder()
    try:
        limit = isa.Isa(chosen.isa, isa.processor_flags())
    except ValueError as error:
        sys.exit(f"error: {error}")
    limited = limit.environment(dict(os.environ))
    os.environ.clear()
    os.environ.update(limited)
    cores = two_cores()
    results, program, running, peers = Results(), chosen.worker, {}, {}
    if not program:
        say("building DOIN's benchmark")
        try:
            program = ours.build()
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            results.fail("ours", error)
    if chosen.peers:
        peers = {name: peer for name, peer in all_peers(chosen.cache, limit).items() if peer.work in works}
        prepare(chosen.cache, works, limit)
    os.sched_setaffinity(0, cores)
    results.choice = limit.choice
    if program:
        try:
            results.isas["ours"] = ours.backend(program)
        except (OSError, ValueError, KeyError) as error:
            results.fail("ours", error)
    try:
        for name, peer in peers.items():
            say(f"starting {name}")
            try:
                running[name] = Process(name, peer, cores, chosen.cache / "logs", limit)
                running[name].ready()
                results.versions[name] = running[name].versions
                results.isas[name] = running[name].isa
            except (OSError, ValueError, RuntimeError) as error:
                results.fail(name, error)
        watch = load.Watch(cores, [process.pid for peer in running.values() for process in peer.all])
        run_rounds(results, program, works, running, chosen.rounds, chosen.seconds)
        results.disturbed = round(watch.others(), 3)
    finally:
        for process in running.values():
            process.stop()
    print(table(results, peers, works, cores, chosen.rounds))
    for name, reason in results.failed.items():
        say(f"not measured: {name}: {reason}")
    if chosen.json:
        print(json.dumps(summary(results, peers, works)))
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
