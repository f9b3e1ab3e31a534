#!/usr/bin/env python3
"""Checks the documentation without a build: links, anchors and pictures of all Markdown files, the table of contents, pictures, error
messages that the book quotes, and pages that are generated from code. Standard library only; external links are not fetched.

Usage: docs/book/tools/check.py
"""

import sys

sys.dont_write_bytecode = True

import generate
import links
import pictures
import quotes


def main() -> int:
    """Prints all faults; returns the exit code."""
    root = generate.ROOT
    faults = [*links.faults(root), *links.contents_faults(root), *pictures.faults(root), *quotes.faults(root)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if generate.main(True) or faults else 0


if __name__ == "__main__":
    sys.exit(main())
