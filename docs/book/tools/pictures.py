"""Checks the pictures of the book: they have a title and a description, suit light and dark pages, load nothing, and are used."""

import re
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def picture_faults(path: Path) -> Iterator[str]:
    """Yields the faults of one picture."""
    text = path.read_text()
    try:
        root = xml.fromstring(text)
    except xml.ParseError as error:
        yield f"is not XML ({error})"
        return
    for name in ("title", "desc"):
        element = root.find(f"{SVG}{name}")
        if element is None or not (element.text or "").strip():
            yield f"has no <{name}>"
    if root.get("role") != "img" or "viewBox" not in root.attrib:
        yield 'needs role="img" and a viewBox'
    if "prefers-color-scheme: dark" not in text:
        yield "has no colours for dark pages (prefers-color-scheme)"
    if re.search(r"<script|<image|<foreignObject|@import|url\((?!#)|href=\"(?!#)|\son\w+=", text):
        yield "loads or runs something: draw it with shapes only"


def faults(root: Path) -> Iterator[str]:
    """Yields the faults of all pictures."""
    folder = root / "docs/book/src/pictures"
    pages = "".join(page.read_text() for page in (root / "docs/book/src").rglob("*.md"))
    for path in sorted(folder.iterdir()):
        shown = path.relative_to(root)
        if path.suffix != ".svg":
            yield f"{shown} is not an SVG picture"
            continue
        yield from (f"{shown} {fault}" for fault in picture_faults(path))
        if f"pictures/{path.name}" not in pages:
            yield f"{shown} is on no page"
