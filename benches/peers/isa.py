"""Instruction sets: what each peer and DOIN are limited to, and how. Standard library only.

Sources of the switches: `xla_cpu_max_isa` (xla/debug_options_flags.cc), oneDNN's dispatcher control (ONEDNN_MAX_CPU_ISA, DNNL_MAX_CPU_ISA),
ATEN_CPU_CAPABILITY (aten/src/ATen/native/DispatchStub.cpp, torch/_inductor/cpu_vec_isa.py), MKL_ENABLE_INSTRUCTIONS (oneMKL), and
DOIN_BACKEND (worker/kernels/src/backend.rs).
"""

import pathlib

CHOICES = ("native", "avx2")
HERE = pathlib.Path(__file__).resolve().parent
# Folder of the wrappers of compilers.
WRAPPERS = HERE / "avx2"

MAX_ISA = "--xla_cpu_max_isa"
# Leaves no product to YNNPACK, so that XLA takes its own kernels and Eigen's.
WITHOUT_YNNPACK = "--xla_cpu_experimental_ynn_fusion_type="
# Variable that names the back-end of DOIN.
BACKEND = "DOIN_BACKEND"
# Variables that limit a program to AVX2; XLA_FLAGS is apart, since it has other flags too.
AVX2 = {
    BACKEND: "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
# Extensions of a processor, the best first, as /proc/cpuinfo has them, and as DOIN calls them.
EXTENSIONS = {
    "avx512_vnni": "avx512-vnni",
    "avx512f": "avx512",
    "avx_vnni": "avx-vnni",
    "avx2": "avx2",
    "i8mm": "neon-i8mm",
    "asimddp": "neon-dot",
    "asimd": "neon",
}


def processor_flags() -> frozenset[str]:
    """Returns the extensions of the first processor."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def best_of(flags: frozenset[str]) -> str:
    """Returns the name of the best extension among `flags`."""
    return next((name for flag, name in EXTENSIONS.items() if flag in flags), "baseline")


class Isa:
    """The instruction set of one run."""

    def __init__(self, choice: str, flags: frozenset[str]):
        if choice not in CHOICES:
            raise ValueError(f"unknown instruction set `{choice}`: choose among {', '.join(CHOICES)}")
        if choice == "avx2" and "avx2" not in flags:
            raise ValueError(f"this processor has no AVX2 (it has {best_of(flags)}): measure with --isa native")
        self.choice = choice
        self.best = best_of(flags)
        # A limit only limits where the processor has more.
        self.has_more = choice == "avx2" and "avx512f" in flags

    def name(self) -> str:
        """Returns the name of what a peer runs on: `avx2`, or `native` with the best extension of the processor."""
        return "avx2" if self.choice == "avx2" else f"native ({self.best})"

    def folder(self, name: str) -> str:
        """Returns the name of a folder of compiled programs: those of another instruction set have another folder."""
        return name if self.choice == "native" else f"{name}-{self.choice}"

    def environment(self, before: dict[str, str]) -> dict[str, str]:
        """Returns an environment that limits every program alike. Limits of peers that `before` has are removed first, so that their
        names are true; the name of DOIN's is that of its back-end."""
        others = [flag for flag in before.get("XLA_FLAGS", "").split() if not flag.startswith(MAX_ISA)]
        removed = {"XLA_FLAGS", *AVX2} - {BACKEND}
        after = {name: value for name, value in before.items() if name not in removed}
        if self.choice == "avx2":
            after |= AVX2
            others.append(f"{MAX_ISA}=AVX2")
        if others:
            after["XLA_FLAGS"] = " ".join(others)
        return after
