#!/usr/bin/env python3
"""Prints the raw specification of the local network of `doin-node`, which has three validators, with as many development accounts more
as validators that it should have up to seven. zombienet runs it; `doin-node` is found on PATH.

Usage: chain_spec.py VALIDATORS
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

# Validators of the preset `local`, and those that are added.
PRESET = 3
FURTHER = ["Dave", "Eve", "Ferdie", "One"]


def doin_node(*arguments: str) -> str:
    """Returns the output of a command of the node."""
    return subprocess.run(["doin-node", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def export(chain: str, path: Path, *arguments: str) -> None:
    """Writes the specification of a chain."""
    doin_node("export-chain-spec", "--chain", chain, "--output", str(path), *arguments)


def address(name: str, scheme: str) -> str:
    """Returns the address of a development key."""
    key = doin_node("key", "inspect", "--output-type", "json", "--scheme", scheme, f"//{name}")
    return json.loads(key)["ss58Address"]


def add_validator(genesis: dict, name: str) -> None:
    """Adds a validator with the stake and the votes of the first one, and the keys of a development account."""
    account = address(name, "sr25519")
    _, _, *stake = genesis["staking"]["stakers"][0]
    genesis["staking"]["stakers"].append([account, account, *stake])
    keys = {"grandpa": address(name, "ed25519"), "babe": account}
    genesis["session"]["keys"].append([account, account, keys])
    # A weight needs the votes of most of the stake.
    _, votes = genesis["gauge"]["votes"][0]
    genesis["gauge"]["votes"].append([account, votes])


def main() -> None:
    """Prints the specification."""
    counts = [str(count) for count in range(PRESET, PRESET + len(FURTHER) + 1)]
    if len(sys.argv) != 2 or sys.argv[1] not in counts:
        sys.exit(f"usage: chain_spec.py VALIDATORS, a number from {counts[0]} to {counts[-1]}")
    with tempfile.TemporaryDirectory() as folder:
        plain, raw = Path(folder, "plain.json"), Path(folder, "raw.json")
        export("local", plain)
        spec = json.loads(plain.read_text())
        genesis = spec["genesis"]["runtimeGenesis"]["patch"]
        for name in FURTHER[: int(sys.argv[1]) - PRESET]:
            add_validator(genesis, name)
        plain.write_text(json.dumps(spec))
        export(str(plain), raw, "--raw")
        sys.stdout.write(raw.read_text())


if __name__ == "__main__":
    main()
