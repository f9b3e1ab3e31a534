#!/usr/bin/env python3
"""Measures DOIN's trainer, and with --peers other trainers of the same nets, on the same two cores, taking turns. Standard library only.

Called by `scripts/bench.sh compute`; docs/benchmarks.md says what the figures mean.
"""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import threading
from typing import NamedTuple

import load
import measure
import ours

HERE = pathlib.Path(__file__).resolve().parent
SAMPLE = "ett/ETTh1.csv"
START_LIMIT = 600  # Seconds for loading and compiling.


class Peer(NamedTuple):
    """One way to train: a command, run once on all cores or once on each."""

    what: str
    work: str
    command: list[str]
    pinned: bool = False


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def peers(cache: pathlib.Path) -> dict[str, Peer]:
    python = str(cache / "venv/bin/python")
    jax = [python, str(HERE / "jax_mlp.py")]
    keras = [python, str(HERE / "keras_deap.py")]
    burn = [str(cache / "burn/release/peer-burn")]
    return {
        "keras_deap": Peer("Keras + DEAP, one process", "mlp", [*keras, "mlp"]),
        "keras_deap_two": Peer("Keras + DEAP, a process per core", "mlp", [*keras, "mlp"], pinned=True),
        "jax_vmap": Peer("JAX, vmap of 16, one process", "mlp", [*jax, "vmap"]),
        "jax_single": Peer("JAX, one at a time, a process per core", "mlp", [*jax, "single"], pinned=True),
        "jax_map": Peer("JAX, lax.map of 8, a process per core", "mlp", [*jax, "map"], pinned=True),
        # A candidate per thread; threads within its operators as well would only slow it down.
        "burn_ndarray": Peer("Burn, NdArray, two threads", "mlp", ["env", "RAYON_NUM_THREADS=1", *burn, "ndarray"]),
        "burn_flex": Peer("Burn, Flex, two threads", "mlp", [*burn, "flex"]),
        "keras": Peer("Keras + DEAP, one process", "lstm", [*keras, "lstm"]),
        "keras_two": Peer("Keras + DEAP, a process per core", "lstm", [*keras, "lstm"], pinned=True),
    }


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


def install(cache: pathlib.Path) -> None:
    """Creates a virtual environment with exactly the versions of requirements.txt."""
    wanted = (HERE / "requirements.txt").read_bytes()
    stamp = cache / "venv" / hashlib.sha256(wanted).hexdigest()
    if stamp.exists():
        return
    say(f"installing JAX, TensorFlow and DEAP below {cache / 'venv'}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(cache / "venv")], check=True)
    pip = [str(cache / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
    stamp.touch()


def build_burn(cache: pathlib.Path) -> None:
    say("building the Burn peer (minutes the first time)")
    flags = {"CARGO_TARGET_DIR": str(cache / "burn"), "RUSTFLAGS": "-Ctarget-cpu=native"}
    command = ["cargo", "build", "--release", "--locked", "--quiet"]
    subprocess.run(command, cwd=HERE / "burn", env={**os.environ, **flags}, check=True)


class Process:
    """A running peer; one on each core if it is pinned."""

    def __init__(self, name: str, peer: Peer, cores: list[int], logs: pathlib.Path):
        self.log = logs / f"{name}.log"
        commands = [["taskset", "-c", str(core), *peer.command] for core in cores] if peer.pinned else [peer.command]
        with self.log.open("w") as log:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "text": True}
            places = [{**os.environ, measure.PLACE: str(place)} for place in range(len(commands))]
            self.all = [subprocess.Popen(command, env=place, **pipes) for command, place in zip(commands, places)]
        self.versions: dict[str, str] = {}

    def ready(self) -> None:
        """Waits until it is warm."""
        self.versions = self._answers(START_LIMIT)[0]["versions"]

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


class Results:
    """Results and failures."""

    def __init__(self):
        self.own: list[dict] = []
        self.rates: dict[str, list[float]] = {}
        self.errors: dict[str, list[float]] = {}
        self.versions: dict[str, dict] = {}
        self.failed: dict[str, str] = {}
        # Share of the two cores that went to other programs while we measured.
        self.disturbed = 0.0

    def fail(self, name: str, error: Exception) -> None:
        self.failed[name] = str(error)
        say(f"{name} failed: {error}")

    def add(self, name: str, answers: list[dict]) -> None:
        self.rates.setdefault(name, []).append(measure.per_hour(answers))
        self.errors.setdefault(name, []).extend(error for answer in answers for error in answer["mae"])

    def median(self, *names: str) -> float | None:
        """Returns the best median among peers."""
        rates = [statistics.median(self.rates[name]) for name in names if name in self.rates and name not in self.failed]
        return round(max(rates)) if rates else None

    def details(self, name: str) -> dict:
        rates, errors = self.rates[name], self.errors[name]
        return {
            "per_hour": round(statistics.median(rates)),
            "lowest": round(min(rates)),
            "highest": round(max(rates)),
            "repeats": len(rates),
            "test_mae": round(statistics.mean(errors), 5),
            "candidates": len(errors),
            "versions": self.versions[name],
        }


def medians(objects: list):
    """Merges objects of one shape into one object of medians."""
    if objects and isinstance(objects[0], dict):
        return {key: medians([one[key] for one in objects]) for key in objects[0]}
    numbers = [one for one in objects if one is not None]
    return round(statistics.median(numbers), 5) if numbers else None


def machine() -> str:
    facts = [line.split(":", 1) for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()]
    known = {name.strip(): value.strip() for name, value in facts}
    names = [known.get("model name", platform.machine())]
    names += [f"{name} {known[name]}" for name in ("cpu family", "model") if name in known]
    return ", ".join(names)


def run_rounds(results: Results, program: str, running: dict[str, Process], rounds: int, seconds: float) -> None:
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        if "ours" not in results.failed:
            try:
                results.own.append(ours.measure(program))
                say(f"  ours: {results.own[-1]['mlp']['ours']:,.0f} candidates per hour")
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


def row(what: str, rates: list[float], mae: float | None, own: float | None) -> str:
    middle = statistics.median(rates)
    error = f"{mae:.5f}" if mae else ""
    ratio = f"{own / middle:.2f} x" if own else ""
    return f"{what:<42} {middle:>12,.0f} {f'{min(rates):,.0f} - {max(rates):,.0f}':>22} {error:>9} {ratio:>9}"


def table(results: Results, all_peers: dict[str, Peer], own: dict | None, cores: list[int], rounds: int) -> str:
    lines = [
        f"{machine()}; cores {cores[0]} and {cores[1]}",
        f"Medians of {rounds} repeats, taken in turns. Compiling and warming up are not counted.",
        f"Other programs had {results.disturbed:.0%} of the two cores meanwhile."
        + (" So the figures are too low: measure again on an idle machine." if results.disturbed > 0.05 else ""),
    ]
    for work, title in (("mlp", "MLP 96-64-64-24, 396 steps of 256"), ("lstm", "LSTM of 24 units x 48, 528 steps of 128")):
        rows = []
        mine = own[work] if own else {"ours": None, "test_mae": None}
        if mine["ours"]:
            rows.append(row("DOIN, exact integers", [one[work]["ours"] for one in results.own], mine["test_mae"], mine["ours"]))
        if mine.get("ours_8bit"):
            rates = [one[work]["ours_8bit"] for one in results.own]
            rows.append(row("DOIN, steps in 8 bits", rates, mine["test_mae_8bit"], mine["ours"]))
        for name, peer in all_peers.items():
            if peer.work == work and name in results.rates and name not in results.failed:
                rows.append(row(peer.what, results.rates[name], statistics.mean(results.errors[name]), mine["ours"]))
        if rows:
            lines += ["", f"{title:<42} {'per hour':>12} {'lowest - highest':>22} {'test MAE':>9} {'ours is':>9}", *rows]
    return "\n".join(lines)


def summary(results: Results, own: dict | None, all_peers: dict[str, Peer]) -> dict:
    empty = {"mlp": {"ours": None, "test_mae": None}, "lstm": {"ours": None, "test_mae": None}}
    rest = dict.fromkeys(("simd_fraction_of_peak", "two_core_scaling", "scoring_ns_per_mac", "lavapipe_gmacs"))
    whole = own or {**empty, **rest}
    if all_peers:
        for name, peer in all_peers.items():
            whole[peer.work][name] = results.median(name)
        whole["mlp"]["jax_best"] = results.median("jax_single", "jax_map")
        whole["details"] = {name: results.details(name) for name in results.rates if name not in results.failed}
    return {**whole, "machine": machine(), "disturbed": results.disturbed, "failed": results.failed}


def main() -> int:
    options = argparse.ArgumentParser(prog="scripts/bench.sh compute", description="Measures training; see docs/benchmarks.md.")
    options.add_argument("--peers", action="store_true", help="also measure JAX, Keras + DEAP and Burn (installs them first)")
    options.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options.add_argument("--rounds", type=int, default=5, help="repeats of each measurement (default 5)")
    options.add_argument("--seconds", type=float, default=5, help="length of a peer's repeat, at least one candidate (default 5)")
    options.add_argument("--cache", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    os.environ["DOIN_DATA_DIR"] = data_folder()
    cores = two_cores()
    results, program, running, all_peers = Results(), "", {}, {}
    say("building DOIN's benchmark")
    try:
        program = ours.build()
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        results.fail("ours", error)
    if chosen.peers:
        all_peers = peers(chosen.cache)
        (chosen.cache / "logs").mkdir(parents=True, exist_ok=True)
        for step in (install, build_burn):
            try:
                step(chosen.cache)
            except (OSError, subprocess.CalledProcessError) as error:
                say(f"{step.__name__} failed, the peers that need it will, too: {error}")
    os.sched_setaffinity(0, cores)
    try:
        for name, peer in all_peers.items():
            say(f"starting {name}")
            try:
                running[name] = Process(name, peer, cores, chosen.cache / "logs")
                running[name].ready()
                results.versions[name] = running[name].versions
            except (OSError, ValueError, RuntimeError) as error:
                results.fail(name, error)
        watch = load.Watch(cores, [process.pid for peer in running.values() for process in peer.all])
        run_rounds(results, program, running, chosen.rounds, chosen.seconds)
        results.disturbed = round(watch.others(), 3)
    finally:
        for process in running.values():
            process.stop()
    own = medians(results.own) if results.own and "ours" not in results.failed else None
    print(table(results, all_peers, own, cores, chosen.rounds))
    for name, reason in results.failed.items():
        say(f"not measured: {name}: {reason}")
    if chosen.json:
        print(json.dumps(summary(results, own, all_peers)))
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
