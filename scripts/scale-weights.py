#!/usr/bin/env python3
"""Scales the measured times of generated weight files to the reference machine.

Usage: scripts/scale-weights.py RATIO FILE...

RATIO is the time of scoring on the reference machine (1.89 ns per counted multiply-accumulate, AMD EPYC 7003) divided by the time on
the measuring machine, both of a dense net in the node's executor: `cargo bench --workspace --bench scoring` prints the latter as
`scoring_ns_per_mac`. Database weights are constants of the SDK and are not scaled. Comments keep the measured times.
"""

import re
import sys

TIME = re.compile(r"(Weight::from_parts\()([0-9_]+)(, )")


def grouped(number: int) -> str:
    """Returns `number` with underscores between groups of three digits."""
    return f"{number:,}".replace(",", "_")


def scaled(text: str, ratio: float) -> str:
    """Returns the text of a weight file with every time multiplied by `ratio`, rounded up, and with a note in its documentation."""
    if "reference machine" in text:
        sys.exit("error: the times of this file are scaled already")
    lines = text.splitlines(keepends=True)
    documented = next((at for at, line in enumerate(lines) if not line.startswith("//!")), 0)
    if documented == 0:
        sys.exit("error: this is not a weight file: it has no documentation")
    lines[documented:documented] = [
        "//!\n",
        f"//! Times are multiplied by {ratio:g}, to hold on the reference machine (docs/adr/0030). Comments have the times before.\n",
    ]

    def multiply(match: re.Match) -> str:
        picoseconds = int(match[2].replace("_", ""))
        return match[1] + grouped(-int(-picoseconds * ratio // 1)) + match[3]

    return "".join(line if line.lstrip().startswith("//") else TIME.sub(multiply, line) for line in lines)


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    ratio = float(sys.argv[1])
    if not 0.1 <= ratio <= 10:
        sys.exit(f"error: invalid ratio {ratio}: expected 0.1 to 10")
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            text = scaled(file.read(), ratio)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


main()
