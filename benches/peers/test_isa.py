"""Tests of the limits of instructions: python3 -m unittest discover -s benches/peers. Standard library only."""

import pathlib
import subprocess
import tempfile
import unittest

from isa import WITHOUT_YNNPACK, WRAPPERS, Isa, best_of
from peers import all_peers
from results import Results, lines_of

ZEN_3, ZEN_5 = frozenset({"sse2", "avx2"}), frozenset({"sse2", "avx2", "avx512f", "avx512_vnni"})
CACHE = pathlib.Path("/cache")


def run_wrapper(name: str, *arguments: str, **variables: str) -> list[str]:
    """Returns the arguments with which a wrapper calls the compiler, which is a script that prints them one a line."""
    with tempfile.TemporaryDirectory() as folder:
        compiler = pathlib.Path(folder) / "compiler"
        compiler.write_text('#!/bin/sh\nfor argument in "$@"; do echo "$argument"; done\n')
        compiler.chmod(0o755)
        given = [str(compiler), *arguments] if name == "rustc" else arguments
        environment = {"PATH": "/usr/bin:/bin", "PEER_CXX": str(compiler), **variables}
        done = subprocess.run([WRAPPERS / name, *given], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


class IsaTest(unittest.TestCase):
    def test_a_limit_reaches_every_program(self):
        after = Isa("avx2", ZEN_5).environment({"HOME": "/h", "XLA_FLAGS": "--a=1 --xla_cpu_max_isa=AVX512"})
        self.assertEqual(after["XLA_FLAGS"], "--a=1 --xla_cpu_max_isa=AVX2")
        self.assertEqual((after["DOIN_BACKEND"], after["ONEDNN_MAX_CPU_ISA"], after["ATEN_CPU_CAPABILITY"]), ("avx2", "AVX2", "avx2"))
        self.assertEqual(after["HOME"], "/h")

    def test_native_peers_have_no_limit_from_outside(self):
        before = {"DOIN_BACKEND": "portable", "ATEN_CPU_CAPABILITY": "avx2", "XLA_FLAGS": "--xla_cpu_max_isa=AVX"}
        self.assertEqual(Isa("native", ZEN_5).environment(before), {"DOIN_BACKEND": "portable"})

    def test_names_say_what_is_there(self):
        self.assertEqual([best_of(flags) for flags in (ZEN_3, ZEN_5, frozenset())], ["avx2", "avx512-vnni", "baseline"])
        arm = frozenset({"asimd", "asimddp"})
        self.assertEqual([best_of(flags) for flags in (arm, arm | {"i8mm"})], ["neon-dot", "neon-i8mm"])
        self.assertEqual((Isa("avx2", ZEN_5).name(), Isa("native", ZEN_5).name()), ("avx2", "native (avx512-vnni)"))
        with self.assertRaisesRegex(ValueError, "no AVX2 .it has baseline.: measure with --isa native"):
            Isa("avx2", frozenset())
        with self.assertRaisesRegex(ValueError, "choose among native, avx2"):
            Isa("avx9", ZEN_5)

    def test_products_that_no_switch_limits_are_named_and_measured_both_ways(self):
        limited, plain = all_peers(CACHE, Isa("avx2", ZEN_5)), all_peers(CACHE, Isa("avx2", ZEN_3))
        self.assertEqual(set(limited) - set(plain), {"jax_single_bounded", "jax_map_bounded"})
        self.assertEqual((limited["jax_map"].isa, plain["jax_map"].isa), ("avx2, products avx512-vnni", ""))
        flags = limited["jax_map_bounded"].environment({"XLA_FLAGS": "--a=1"})["XLA_FLAGS"]
        self.assertEqual(flags, f"--a=1 {WITHOUT_YNNPACK}")
        self.assertEqual(limited["jax_map"].environment({"A": "b"}), {"A": "b"})
        self.assertTrue(all(len(peer.what) <= 44 for peer in limited.values()), "the column of the table")

    def test_programs_of_two_instruction_sets_have_two_folders(self):
        burn = [all_peers(CACHE, Isa(choice, ZEN_5))["burn_flex"].command[0] for choice in ("native", "avx2")]
        self.assertEqual(burn, ["/cache/burn/release/peer-burn", "/cache/burn-avx2/release/peer-burn"])

    def test_the_table_names_the_instructions_of_each_line(self):
        results = Results()
        results.own = [{"mlp": {"ours": 100.0, "test_mae": 0.1, "ours_8bit": 90.0, "test_mae_8bit": 0.1}}]
        peers = {"jax_map": all_peers(CACHE, Isa("avx2", ZEN_5))["jax_map"]}
        results.rates, results.errors = {"jax_map": [50.0]}, {"jax_map": [0.1]}
        results.isas = {"ours": "avx2", "jax_map": "avx2, products avx512-vnni"}
        lines = lines_of("mlp", results, peers, results.of_ours())
        self.assertEqual([line.isa for line in lines], ["avx2", "avx2", "avx2, products avx512-vnni"])
        self.assertTrue(lines[-1].text(100.0).endswith("2.00 x  avx2, products avx512-vnni"))


class WrapperTest(unittest.TestCase):
    def test_macerator_is_compiled_without_avx_512(self):
        crate = ["--crate-name", "macerator", "--cfg", 'feature="avx512"', "--cfg", "avx512", "--cfg", 'feature="std"', "src/my lib.rs"]
        self.assertEqual(run_wrapper("rustc", *crate), ["--crate-name", "macerator", "--cfg", 'feature="std"', "src/my lib.rs"])

    def test_other_crates_are_compiled_as_they_are(self):
        crate = ["--crate-name", "macerator_macros", "--cfg", 'feature="avx512"']
        self.assertEqual(run_wrapper("rustc", *crate), crate)
        self.assertEqual(run_wrapper("rustc", "-vV"), ["-vV"])

    def test_what_torch_compiles_is_not_for_the_processor(self):
        self.assertEqual(run_wrapper("g++", "-march=native", "-O3", "a b.cpp"), ["-march=x86-64-v3", "-O3", "a b.cpp"])


if __name__ == "__main__":
    unittest.main()
