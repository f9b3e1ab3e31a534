"""Tests of spaces."""

import random
import unittest

from doin_plugin import Gene, Space

SPACE = Space(
    [
        Gene("family", "category", 0, 2),
        Gene("kernel", "integer", 2, 5, ("family", (1,))),
        Gene("stride", "integer", 1, 3, ("kernel", (5,))),
        Gene("rate", "log", 1, 1 << 20),
    ]
)


class SpaceTest(unittest.TestCase):
    """A space and its candidates."""

    def test_samples_keep_their_bounds_and_cover_them(self) -> None:
        source = random.Random(1)
        seen = [SPACE.sample(source) for _ in range(2_000)]
        for genes in seen:
            self.assertEqual(SPACE.checked(genes), genes)
        self.assertEqual({genes["family"] for genes in seen}, {0, 1, 2})
        octaves = [genes["rate"].bit_length() for genes in seen]
        self.assertGreater(sum(octave <= 10 for octave in octaves), 800, "half of the octaves of a logarithmic gene")
        self.assertEqual(Gene("x", "log", 7, 7).sample(source), 7)

    def test_genes_that_are_not_used_have_their_lower_bounds(self) -> None:
        for given, expected in [((0, 5, 3), (0, 2, 1)), ((1, 4, 3), (1, 4, 1)), ((1, 5, 3), (1, 5, 3))]:
            family, kernel, stride = given
            canonical = SPACE.canonical({"family": family, "kernel": kernel, "stride": stride, "rate": 9})
            self.assertEqual(tuple(canonical.values()), (*expected, 9))

    def test_candidates_of_another_space_are_refused_by_name(self) -> None:
        for change, reason in [
            ({"depth": 1}, "unknown gene `depth`: the space has family, kernel, stride, rate"),
            ({0: 1, "depth": 1}, "unknown gene `0`"),
            ({"rate": 0}, "invalid value 0 of gene `rate`"),
            ({"rate": 1.0}, "`1.0` of gene `rate` is not a whole number"),
            ({"rate": float("nan")}, "`nan` of gene `rate`"),
            ({"family": 1}, "gene `kernel` is missing: expected 2 to 5"),
        ]:
            with self.assertRaisesRegex(ValueError, reason):
                SPACE.checked({"family": 0, "rate": 9, **change})  # type: ignore[dict-item]
        with self.assertRaisesRegex(ValueError, r"`\[0, 2\]` is not a candidate"):
            SPACE.checked([0, 2])  # type: ignore[arg-type]
        self.assertEqual(SPACE.checked({"family": 0, "rate": 9}), {"family": 0, "kernel": 2, "stride": 1, "rate": 9})

    def test_truth_values_are_whole_numbers(self) -> None:
        family = SPACE.checked({"family": False, "rate": 9})["family"]
        self.assertEqual((family, type(family)), (0, int))

    def test_values_beyond_the_bounds_are_clamped(self) -> None:
        gene = Gene("rate", "log", 1, 64)
        values = [float("-inf"), -3.2, 7.6, 1e300, float("inf"), 10**400]
        self.assertEqual([gene.clamp(value) for value in values], [1, 1, 8, 64, 64, 64])
        with self.assertRaisesRegex(ValueError, "the value of gene `rate` is not a number"):
            gene.clamp(float("nan"))

    def test_genes_without_values_are_refused_by_name(self) -> None:
        with self.assertRaisesRegex(ValueError, "gene `x` has no values from 9 to 0"):
            Gene("x", "integer", 9, 0)
        with self.assertRaisesRegex(ValueError, "gene `x` of kind `log` has the lower bound 0: expected 1 or more"):
            Gene("x", "log", 0, 9)

    def test_a_space_is_read_as_it_is_configured(self) -> None:
        genes = [
            {"name": "a", "kind": "category", "lo": 0, "hi": 1, "more": 1},
            {"name": "b", "kind": "log", "lo": 1, "hi": 9, "usedIf": {"gene": "a", "values": [1]}},
        ]
        self.assertEqual(Space.of(genes).genes, [Gene("a", "category", 0, 1), Gene("b", "log", 1, 9, ("a", (1,)))])


if __name__ == "__main__":
    unittest.main()
