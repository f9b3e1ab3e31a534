"""Checks the built book: links and anchors between its pages, its pictures and scripts, and that it loads nothing from elsewhere.

Usage: docs/book/tools/built.py FOLDER
"""

import os
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Targets and anchors of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.anchors, self.links, self.loaded, self.untitled = set(), [], [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps what an element refers to."""
        values = {name: value or "" for name, value in attrs}
        if anchor := values.get("id"):
            self.anchors.add(anchor)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in ("img", "script") and "src" in values:
            self.loaded.append(values["src"])
        if tag == "link" and "href" in values and values.get("rel") != "canonical":
            self.loaded.append(values["href"])
        if tag == "img" and not values.get("alt"):
            self.untitled.append(values.get("src", ""))


@cache
def page_of(path: Path) -> Page:
    """Returns a parsed page."""
    return Page(path)


def fault(page: Path, target: str, folder: Path) -> str:
    """Returns the fault of a target on a page, or nothing."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    path = unquote(parts.path)
    linked = Path(os.path.normpath(folder / path[1:] if path.startswith("/") else page.parent / path)) if path else page
    if not linked.exists():
        return "does not exist"
    if parts.fragment and linked.suffix == ".html" and unquote(parts.fragment) not in page_of(linked).anchors:
        return "has no such anchor"
    return ""


def main(folder: Path) -> int:
    """Prints the faults of all pages; returns the exit code."""
    failed, pages = 0, sorted(folder.rglob("*.html"))
    for path in pages:
        page = page_of(path)
        found = [f"{target} {why}" for target in page.links + page.loaded if (why := fault(path, target, folder))]
        found += [f"{target} is loaded from elsewhere" for target in page.loaded if urlsplit(target).netloc]
        found += [f"the picture {target} has no alternative text" for target in page.untitled]
        # The page of errors is served at any path, so its links are absolute.
        for text in found if path.name not in ("404.html", "toc.html") else []:
            print(f"{path.relative_to(folder)}: {text}", file=sys.stderr)
            failed = 1
    print(f"docs: {len(pages)} pages, their links and pictures are checked", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
