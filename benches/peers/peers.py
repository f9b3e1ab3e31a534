"""Peers: what they are called, how they are started, and how they are installed. Standard library only."""

import hashlib
import os
import pathlib
import subprocess
import sys
from typing import NamedTuple

from isa import WITHOUT_YNNPACK, WRAPPERS, Isa

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
    # Flags of XLA beside those of the run.
    xla: str = ""
    # Name of the instruction set, if it is not that of the run.
    isa: str = ""

    def environment(self, shared: dict[str, str]) -> dict[str, str]:
        """Returns the environment of its processes in that of the run."""
        flags = " ".join(filter(None, (shared.get("XLA_FLAGS"), self.xla)))
        return {**shared, "XLA_FLAGS": flags} if flags else shared


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def bounded_products(isa: Isa, jax: list[str]) -> dict[str, Peer]:
    """Returns peers without YNNPACK, which no switch limits: it asks the processor which instructions its products take. On a processor
    that has more than the limit, JAX is measured both ways, and the better way counts."""
    if not isa.has_more:
        return {}
    bounded = {"pinned": True, "xla": WITHOUT_YNNPACK}
    return {
        "jax_single_bounded": Peer("JAX, one at a time, no YNNPACK, per core", "mlp", [*jax, "single"], **bounded),
        "jax_map_bounded": Peer("JAX, lax.map of 8, no YNNPACK, per core", "mlp", [*jax, "map"], **bounded),
    }


def all_peers(cache: pathlib.Path, isa: Isa) -> dict[str, Peer]:
    python = str(cache / "venv/bin/python")
    jax = [python, str(HERE / "jax_mlp.py")]
    keras = [python, str(HERE / "keras_deap.py")]
    burn = [str(cache / isa.folder("burn") / "release/peer-burn")]
    # YNNPACK is not limited, and TensorFlow has kernels of its own beside XLA and oneDNN. Products of NdArray have AVX2 at most.
    xla = f"avx2, products {isa.best}" if isa.has_more else ""
    tensorflow = "avx2 in XLA and oneDNN" if isa.has_more else ""
    ndarray = f"products avx2, rest {isa.best}" if isa.choice == "native" and isa.best.startswith("avx512") else ""
    # Compiles in the process itself: helpers would outlive it.
    inductor = ["env", f"TORCHINDUCTOR_CACHE_DIR={cache / isa.folder('inductor')}", "TORCHINDUCTOR_COMPILE_THREADS=1"]
    if isa.choice == "avx2":
        inductor.append(f"CXX={WRAPPERS / 'g++'}")
    torch = [*inductor, str(cache / "torch/bin/python"), str(HERE / "torch_rows.py")]
    return {
        "keras_deap": Peer("Keras + DEAP, one process", "mlp", [*keras, "mlp"], isa=tensorflow),
        "keras_deap_two": Peer("Keras + DEAP, a process per core", "mlp", [*keras, "mlp"], pinned=True, isa=tensorflow),
        "jax_vmap": Peer("JAX, vmap of 16, one process", "mlp", [*jax, "vmap"], isa=xla),
        "jax_single": Peer("JAX, one at a time, a process per core", "mlp", [*jax, "single"], pinned=True, isa=xla),
        "jax_map": Peer("JAX, lax.map of 8, a process per core", "mlp", [*jax, "map"], pinned=True, isa=xla),
        **bounded_products(isa, jax),
        # A candidate per thread; threads within its operators as well would only slow it down.
        "burn_ndarray": Peer("Burn, NdArray, two threads", "mlp", ["env", "RAYON_NUM_THREADS=1", *burn, "ndarray"], isa=ndarray),
        "burn_flex": Peer("Burn, Flex, two threads", "mlp", [*burn, "flex"]),
        "keras": Peer("Keras + DEAP, one process", "lstm", [*keras, "lstm"], isa=tensorflow),
        "keras_two": Peer("Keras + DEAP, a process per core", "lstm", [*keras, "lstm"], pinned=True, isa=tensorflow),
        "torch": Peer("PyTorch, one process of two threads", "rows", [*torch, "eager", "2"]),
        "torch_two": Peer("PyTorch, a process per core", "rows", [*torch, "eager", "1"], pinned=True),
        "torch_stacked_two": Peer("PyTorch, 16 stacked, a process per core", "rows", [*torch, "stacked", "1"], pinned=True),
        "torch_compiled_two": Peer("PyTorch, compiled, a process per core", "rows", [*torch, "compiled", "1"], pinned=True),
    }


def prepare(cache: pathlib.Path, works: list[str], isa: Isa) -> None:
    """Installs and builds the peers of `works`. Names those that cannot be; starting them fails later."""
    (cache / "logs").mkdir(parents=True, exist_ok=True)
    steps = []
    if "mlp" in works or "lstm" in works:
        steps.append(("JAX, TensorFlow and DEAP", lambda: install(cache / "venv", HERE / "requirements.txt")))
    if "mlp" in works:
        steps.append(("Burn", lambda: build_burn(cache, isa)))
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


def build_burn(cache: pathlib.Path, isa: Isa) -> None:
    """Compiles the Burn peer: minutes the first time. What bounds its instructions: the compiler's target for everything, the feature
    `x86-v4` for the products of Flex (gemm), and macerator for element-wise operations, which both choose at run time."""
    flags = {"CARGO_TARGET_DIR": str(cache / isa.folder("burn")), "RUSTFLAGS": "-Ctarget-cpu=native"}
    command = ["cargo", "build", "--release", "--locked", "--quiet"]
    if isa.choice == "avx2":
        flags |= {"RUSTFLAGS": "-Ctarget-cpu=x86-64-v3", "RUSTC_WRAPPER": str(WRAPPERS / "rustc")}
        command.append("--no-default-features")
    subprocess.run(command, cwd=HERE / "burn", env={**os.environ, **flags}, check=True)
