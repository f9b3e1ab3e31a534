"""Pages of the book that are generated from code.

Usage: docs/book/tools/generate.py
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True

import commands
import pallets
import rest
import rpc
import settings

ROOT = Path(__file__).resolve().parents[3]
PAGES = {
    "commands.md": commands.reference,
    "configuration.md": settings.reference,
    "rpc.md": rpc.reference,
    "rest.md": rest.reference,
    "chain-errors.md": pallets.reference,
}


def main(check: bool) -> int:
    """Writes all pages, or checks that they are up to date; returns the exit code."""
    failed = 0
    for name, make in PAGES.items():
        page = ROOT / "docs/book/src/reference" / name
        text = make(ROOT)
        if not check:
            page.write_text(text)
        elif not page.is_file() or page.read_text() != text:
            print(f"{page.relative_to(ROOT)} differs from the code: run scripts/docs.sh generate", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(False))
