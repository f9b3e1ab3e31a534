"""Peers: what they are called, how they are started, and how they are installed. Standard library only."""

import hashlib
import os
import pathlib
import subprocess
import sys
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
# Works, and their titles in the table.
WORKS = {
    "mlp": "MLP 96-64-64-24, 396 steps of 256",
    "lstm": "LSTM of 24 units x 48, 528 steps of 128",
    "rows": "Rows, MLP 16-128-128-26, 1,472 steps of 256",
}


class Peer(NamedTuple):
    """One way to train: a command, run once on all cores or once on each."""

    what: str
    work: str
    command: list[str]
    pinned: bool = False


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def all_peers(cache: pathlib.Path) -> dict[str, Peer]:
    python = str(cache / "venv/bin/python")
    jax = [python, str(HERE / "jax_mlp.py")]
    keras = [python, str(HERE / "keras_deap.py")]
    burn = [str(cache / "burn/release/peer-burn")]
    # Compiles in the process itself: helpers would outlive it.
    inductor = ["env", f"TORCHINDUCTOR_CACHE_DIR={cache / 'inductor'}", "TORCHINDUCTOR_COMPILE_THREADS=1"]
    torch = [*inductor, str(cache / "torch/bin/python"), str(HERE / "torch_rows.py")]
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
        "torch": Peer("PyTorch, one process of two threads", "rows", [*torch, "eager", "2"]),
        "torch_two": Peer("PyTorch, a process per core", "rows", [*torch, "eager", "1"], pinned=True),
        "torch_stacked_two": Peer("PyTorch, 16 stacked, a process per core", "rows", [*torch, "stacked", "1"], pinned=True),
        "torch_compiled_two": Peer("PyTorch, compiled, a process per core", "rows", [*torch, "compiled", "1"], pinned=True),
    }


def prepare(cache: pathlib.Path, works: list[str]) -> None:
    """Installs and builds the peers of `works`. Names those that cannot be; starting them fails later."""
    (cache / "logs").mkdir(parents=True, exist_ok=True)
    steps = []
    if "mlp" in works or "lstm" in works:
        steps.append(("JAX, TensorFlow and DEAP", lambda: install(cache / "venv", HERE / "requirements.txt")))
    if "mlp" in works:
        steps.append(("Burn", lambda: build_burn(cache)))
    if "rows" in works:
        steps.append(("PyTorch (about 5 GB)", lambda: install(cache / "torch", HERE / "requirements-torch.txt")))
    for what, step in steps:
        try:
            say(f"installing {what}, unless it is there")
            step()
        except (OSError, subprocess.CalledProcessError) as error:
            say(f"{what} cannot be installed, so what needs it will fail, too: {error}")


def install(folder: pathlib.Path, requirements: pathlib.Path) -> None:
    """Creates a virtual environment with exactly these versions, unless `folder` is one."""
    wanted = requirements.read_bytes()
    stamp = folder / hashlib.sha256(wanted).hexdigest()
    if stamp.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(requirements)], check=True)
    stamp.touch()


def build_burn(cache: pathlib.Path) -> None:
    """Compiles the Burn peer: minutes the first time."""
    flags = {"CARGO_TARGET_DIR": str(cache / "burn"), "RUSTFLAGS": "-Ctarget-cpu=native"}
    command = ["cargo", "build", "--release", "--locked", "--quiet"]
    subprocess.run(command, cwd=HERE / "burn", env={**os.environ, **flags}, check=True)
