"""Results of DOIN itself, from its commands. Standard library only."""

import functools
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The ordinary selection of the workspace, so that nothing is compiled that a build has not compiled already.
BUILD = ["cargo", "build", "--quiet", "--release", "--workspace", "--bin", "doin-worker"]
SCORING = ["cargo", "bench", "--quiet", "--workspace", "--bench", "scoring"]
# Candidates whose test errors are averaged; they are trained once.
SEEDS = 24


def last_line(command: list[str]) -> dict:
    """Returns the object in the last line that a command prints."""
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def build() -> str:
    """Compiles the program that `measure` runs and returns its path."""
    subprocess.run(BUILD, cwd=ROOT, check=True)
    return str(pathlib.Path(os.environ["CARGO_TARGET_DIR"]) / "release" / "doin-worker")


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


def measure(program: str) -> dict:
    """Returns one measurement, in the shape of the object that run.py prints."""
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
