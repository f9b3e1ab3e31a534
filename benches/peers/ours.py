"""DOIN's own figures. Standard library only; the one place that knows where they come from."""

import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ["cargo", "bench", "--quiet", "-p", "doin-compute", "--bench", "training", "--no-run", "--message-format=json"]
FOUND = {
    "one": r"1 threads: (\d+) candidates per hour",
    "two": r"2 threads: (\d+) candidates per hour",
    "peak": r"alone: .* GMAC/s, ([\d.]+) % of the peak",
}


def build() -> str:
    """Compiles what `measure` runs; the result is its path."""
    done = subprocess.run(BUILD, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    built = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    paths = [message["executable"] for message in built if message.get("executable")]
    if not paths:
        raise ValueError(f"`{' '.join(BUILD)}` names no executable")
    return paths[-1]


def measure(program: str) -> dict:
    """One measurement, in the shape of the object that run.py prints; figures that there are not are None."""
    done = subprocess.run([program, "--bench"], check=True, stdout=subprocess.PIPE, text=True)
    found = {name: re.search(pattern, done.stdout) for name, pattern in FOUND.items()}
    missing = [name for name, match in found.items() if match is None]
    if missing:
        raise ValueError(f"its output has no figure for {', '.join(missing)}:\n{done.stdout}")
    one, two, peak = (float(match[1]) for match in found.values())
    return {
        "mlp": {"ours": two, "test_mae": None},
        "lstm": {"ours": None, "test_mae": None},
        "simd_fraction_of_peak": peak / 100,
        "two_core_scaling": two / one,
        "replay_ns_per_mac": None,
        "lavapipe_gmacs": None,
    }
