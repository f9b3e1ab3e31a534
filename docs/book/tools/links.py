"""Checks relative links, anchors and pictures of Markdown files, and that the table of contents has every page of the book."""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

FENCE = re.compile(r"^\s*(```|~~~)")
CODE = re.compile(r"(`+)(?:(?!\1).)+?\1")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
INCLUDE = re.compile(r"\{\{#include ([^}\s:]+)[^}]*\}\}")
EXTERNAL = re.compile(r"^[a-z][a-z0-9+.-]*:")


def markdown_files(root: Path) -> list[Path]:
    """Returns the Markdown files of the repository, those that are not committed yet included. Files behind links are found once."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "*.md"], cwd=root, check=True, capture_output=True
    ).stdout.decode()
    files = [root / name for name in listed.split("\0") if name]
    return sorted(path for path in set(files) if path.is_file() and not path.is_symlink())


def anchor_of(heading: str) -> str:
    """Returns the anchor of a heading. The rules of mdBook and of GitHub agree for these headings: lower case, letters, digits,
    `-` and `_`; spaces become `-`."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return "".join("-" if sign.isspace() else sign for sign in text.lower() if sign.isalnum() or sign in "-_ \t")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yields the lines outside code blocks, with their numbers."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if mark := FENCE.match(line):
            fence = "" if fence == mark[1] else fence or mark[1]
        elif not fence:
            yield number, line


@cache
def anchors(path: Path) -> frozenset[str]:
    """Returns the anchors of a Markdown file."""
    seen: Counter[str] = Counter()
    found = set()
    for _, line in prose(path.read_text()):
        if heading := HEADING.match(line):
            anchor = anchor_of(heading[1])
            found.add(anchor if not seen[anchor] else f"{anchor}-{seen[anchor]}")
            seen[anchor] += 1
        found.update(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", line))
    return frozenset(found)


def target_fault(path: Path, target: str, book: Path) -> str:
    """Returns the fault of a link of `path`, or nothing."""
    file, _, anchor = unquote(target).partition("#")
    linked = Path(os.path.normpath(path.parent / file)) if file else path
    if not linked.exists():
        return f"{linked.name} does not exist"
    if path.is_relative_to(book) and not linked.is_relative_to(book):
        return "it leaves the book: name the file in words, or include it"
    if anchor and linked.suffix == ".md" and anchor not in anchors(linked):
        return f"{linked.name} has no heading #{anchor}"
    return ""


def file_faults(path: Path, shown: str, book: Path) -> Iterator[str]:
    """Yields the faults of one file."""
    text = path.read_text()
    if path.is_relative_to(book):
        for name in INCLUDE.findall(text):
            if not (path.parent / name).is_file():
                yield f"{shown}: the included file {name} does not exist"
    for number, line in prose(text):
        bare = CODE.sub("", line)
        for target in LINK.findall(bare) + REFERENCE.findall(bare):
            if not EXTERNAL.match(target) and (fault := target_fault(path, target, book)):
                yield f"{shown}:{number}: link to {target}: {fault}"


def book_pages(book: Path) -> list[Path]:
    """Returns all Markdown files of the book, also those in linked folders."""
    found = (Path(folder) / name for folder, _, names in os.walk(book, followlinks=True) for name in names)
    return sorted(path for path in found if path.suffix == ".md")


def faults(root: Path) -> Iterator[str]:
    """Yields the broken links of all Markdown files; those of linked files also as pages of the book."""
    book = root / "docs/book/src"
    for path in dict.fromkeys([*markdown_files(root), *book_pages(book)]):
        yield from file_faults(path, str(path.relative_to(root)), book)


def contents_faults(root: Path) -> Iterator[str]:
    """Yields pages that the table of contents lacks, and pages that it names twice."""
    book = root / "docs/book/src"
    summary = book / "SUMMARY.md"
    named = Counter(os.path.normpath(book / target) for target in LINK.findall(summary.read_text()))
    for page in book_pages(book):
        if page != summary and str(page) not in named:
            yield f"docs/book/src/SUMMARY.md lacks {page.relative_to(book)}: add it"
    for page, times in named.items():
        if times > 1:
            yield f"docs/book/src/SUMMARY.md names {os.path.relpath(page, book)} {times} times: mdBook takes a page once"
