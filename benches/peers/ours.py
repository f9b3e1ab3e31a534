"""Results of DOIN itself, from its commands. Standard library only."""

import functools
import json
import os
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The ordinary selection of the workspace, so that nothing is compiled that a build has not compiled already.
BUILD = ["cargo", "build", "--quiet", "--release", "--workspace", "--bin", "doin-worker"]
SCORING = ["cargo", "bench", "--quiet", "--workspace", "--bench", "scoring"]
# Candidates whose test errors are averaged; they are trained once.
SEEDS = 24

# The task and the net of letters.py and torch_rows.py: 12,000 rows train, 2,000 choose the epoch, and 6,000 are the test, which DOIN calls
# validation since nothing follows it.
TEST_ROWS = 6_000
ROWS = ["train", "--csv", str(ROOT / "data" / "letters.csv.gz"), "--label", "lettr", "--in-order", "--split", f"14000/{TEST_ROWS}"]
NET = ["--family", "mlp", "--depth", "2", "--width", "128", "--no-skip", "--epochs", "32"]
# Candidates of a measurement, which take some seconds, and options. Halving decides among 64 at a time.
ROW_RUNS = {
    "ours": (64, []),
    "ours_8bit": (128, ["--bits", "8"]),
    "ours_halving": (192, ["--halving"]),
    "ours_8bit_halving": (384, ["--bits", "8", "--halving"]),
}
# Error sum of one mistake: 2^OUT_FRAC (primitives/scoring/src/model.rs).
MISTAKE = 16


def last_line(command: list[str]) -> dict:
    """Returns the object in the last line that a command prints. Shows what it writes to standard error only if it fails."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise ValueError("\n  ".join([f"exit status {done.returncode}: {' '.join(command)}", *done.stderr.strip().splitlines()[-5:]]))
    return json.loads(done.stdout.strip().splitlines()[-1])


def build() -> str:
    """Compiles the program that `measure` runs and returns its path."""
    subprocess.run(BUILD, cwd=ROOT, check=True)
    return str(pathlib.Path(os.environ["CARGO_TARGET_DIR"]) / "release" / "doin-worker")


def backend(program: str) -> str:
    """Returns the name of the back-end that the program trains with."""
    command = [program, "bench", "--json", "--family", "linear", "--repeats", "1", "--seconds", "0", "--seeds", "1"]
    return last_line(command)["backend"]


@functools.cache
def slow(program: str) -> dict:
    """Results that are measured once: test errors, the runtime and Vulkan in software."""
    errors = last_line([program, "bench", "--json", "--family", "mlp,lstm", "--repeats", "1", "--seconds", "0", "--seeds", str(SEEDS)])
    software = last_line([program, "bench", "--json", "--family", "mlp", "--repeats", "3", "--seconds", "0", "--seeds", "1", "--gpu", "llvmpipe"])
    return {
        "errors": {work: errors[work]["test_mae"] for work in ("mlp", "mlp_8bit", "lstm", "lstm_long")},
        "scoring": last_line(SCORING)["scoring_ns_per_mac"],
        "lavapipe": software["lavapipe_gmacs"],
    }


def measure(program: str, works: list[str]) -> dict:
    """Returns one measurement of these works, in the shape of the object that run.py prints."""
    found = measure_series(program) if "mlp" in works or "lstm" in works else {}
    if "rows" in works:
        found["rows"] = measure_rows(program)
    return found


def measure_series(program: str) -> dict:
    """Measures both nets on the series."""
    once = slow(program)
    found = last_line([program, "bench", "--json", "--family", "mlp,lstm", "--repeats", "1", "--seconds", "4", "--seeds", "1"])
    bytes_alone = {"ours_8bit": found["mlp_8bit"]["ours"], "test_mae_8bit": once["errors"]["mlp_8bit"]}
    return {
        "mlp": {"ours": found["mlp"]["ours"], "test_mae": once["errors"]["mlp"], **bytes_alone},
        "lstm": {"ours": found["lstm"]["ours"], "test_mae": once["errors"]["lstm"], "test_mae_long": once["errors"]["lstm_long"]},
        "simd_fraction_of_peak": found["simd_fraction_of_peak"],
        "two_core_scaling": found["two_core_scaling"],
        "scoring_ns_per_mac": once["scoring"],
        "lavapipe_gmacs": once["lavapipe"],
    }


def measure_rows(program: str) -> dict:
    """Measures the net on rows: candidates per hour of populations, and the mean share of mistakes of those that are trained to the end."""
    found = {}
    for name, (population, options) in ROW_RUNS.items():
        command = [program, *ROWS, *NET, *options, "--population", str(population), "--cores", "2", "--json"]
        run = last_line(command)
        candidates = run["candidates"]
        if len(candidates) != population:
            raise ValueError(f"{len(candidates)} of {population} candidates were trained")
        found[name] = population * 3600 / run["seconds"]
        if "--halving" not in options:
            mistakes = statistics.mean(one["validation_error"] for one in candidates) / MISTAKE
            found[name.replace("ours", "test_error")] = mistakes / TEST_ROWS
    return found
