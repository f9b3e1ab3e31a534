"""Runs searches as processes of their own, each with a time limit: those of DOIN, and those of peers, whose logs are followed.

Standard library only.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
from typing import NamedTuple

import trainer

POLL = 0.02
# Seconds from a request to end until a process is killed.
PATIENCE = 3.0


class Run(NamedTuple):
    """Search after its end. Costs count trainings: one that is a third as long counts a third."""

    # Best fitness after a whole training; `None` if no training was whole.
    best: int | None
    cost: float
    seconds: float
    # `None` if there was no target. DOIN ends a generation before it compares the best candidate with the target.
    is_reached: bool | None
    # Report of `doin-worker optimize`.
    report: dict


def members(session: int) -> list[int]:
    """Returns the processes of a session."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # It has ended.
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


class Process:
    """A process in a session of its own, so that it ends with everything that it has started. Its output is in files, but for standard
    error that is shown."""

    def __init__(self, command: list[str], folder: pathlib.Path, env: dict[str, str], shows_errors: bool = False):
        self._out, self._errors = folder / "out", folder / "errors"
        with self._out.open("w") as out, self._errors.open("w") as errors:
            files = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": None if shows_errors else errors}
            self._process = subprocess.Popen(command, env={**os.environ, **env}, start_new_session=True, **files)

    def status(self) -> int | None:
        return self._process.poll()

    def succeeded(self, limit: float, option: str) -> list[str]:
        """Waits for the end of the process. Returns the lines that it has printed.

        Raises Fault if it fails, and Late that names `option` if it has not ended after `limit` seconds.
        """
        began = time.monotonic()
        while self.status() is None:
            if time.monotonic() - began > limit:
                raise trainer.Late(f"it has not ended within {limit:.0f} s: give it more with {option}{self.reason()}")
            time.sleep(POLL)
        if self.status() != 0:
            raise trainer.Fault(f"exit status {self.status()}{self.reason()}")
        lines = self._out.read_text(errors="replace").strip().splitlines()
        if not lines:
            raise trainer.Fault("it has printed nothing")
        return lines

    def reason(self) -> str:
        """Returns the end of what it has written to standard error."""
        lines = self._errors.read_text(errors="replace").strip().splitlines()[-6:]
        return "".join(f"\n  {line}" for line in lines)

    def end(self) -> None:
        """Asks the process to end, and kills what is left of it and of all that it has started."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        for pid in members(self._process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()


def printed(command: list[str], limit: float) -> list[str]:
    """Runs a program whose progress is shown, and returns the lines that it prints.

    Raises Fault if it fails, or if it has not ended after `limit` seconds.
    """
    with tempfile.TemporaryDirectory() as name:
        process = Process(command, pathlib.Path(name), {}, shows_errors=True)
        try:
            return process.succeeded(limit, "--part-limit")
        finally:
            process.end()


def ours(command: list[str], limit: float) -> Run:
    """Runs `doin-worker optimize` to its end, and returns its result.

    Raises Fault if it fails, or if it has not ended after `limit` seconds.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        at = command.index("--")
        state = folder / "state.json"
        process = Process([*command[:at], "--json", "--state", str(state), *command[at:]], folder, {"RUST_LOG": "error"})
        try:
            report = json.loads(process.succeeded(limit, "--limit")[-1])
        finally:
            process.end()
        results = json.loads(state.read_text())["islands"]["state"]["archive"]
    best = report["best"]["fitness"] if report["best"] else None
    cost = sum(1 / result["divisor"] for result in results)
    return Run(best, cost, report["seconds"], report["target_reached"], report)


def peer(command: list[str], env: dict[str, str], limit: float, budget: float, target: int | None = None) -> Run:
    """Runs the program of a peer until its trainings have cost `budget`, or until a fitness is at most `target`.

    Raises Fault if it ends by itself, or if it has not come so far after `limit` seconds.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        log = folder / "log"
        process = Process([*command, "--log", str(log)], folder, env)
        try:
            return followed(process, log, time.monotonic() + limit, budget, target)
        except TimeoutError:
            raise trainer.Late(f"it has not come to its end within {limit:.0f} s: give it more with --limit{process.reason()}") from None
        finally:
            process.end()


def followed(process: Process, log: pathlib.Path, end: float, budget: float, target: int | None) -> Run:
    """Reads the log of a peer to its budget or target."""
    start, best, cost, rest, read = None, None, 0.0, b"", 0
    while True:
        has_ended = process.status() is not None
        if log.exists():
            with log.open("rb") as file:
                file.seek(read)
                part = file.read()
            read += len(part)
            *lines, rest = (rest + part).split(b"\n")
            for line in map(json.loads, lines):
                if "start" in line:
                    # Of several ranks, the first one.
                    start = line["start"] if start is None else min(start, line["start"])
                    continue
                cost += 1 / line["divisor"]
                if cost > budget + 1e-6:
                    return Run(best, cost - 1 / line["divisor"], line["at"] - start, None if target is None else False, {})
                if line["divisor"] == 1 and (best is None or line["fitness"] < best):
                    best = line["fitness"]
                is_reached = None if target is None else best is not None and best <= target
                if is_reached or cost > budget - 1e-6:
                    return Run(best, cost, line["at"] - start, is_reached, {})
        if has_ended:
            raise trainer.Fault(f"it has ended with exit status {process.status()} before its budget{process.reason()}")
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(POLL)
