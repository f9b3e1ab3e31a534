"""Checks that every error message that the book quotes still occurs in the code.

A quote is a line of a code block with the language `error` in `faq.md`. It is the message as a user sees it: values stand where the code
has `{placeholders}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# String literals of Rust. Comments and characters are matched first, since they can have quotes.
RUST_LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|\'(?:\\.[^\']*|[^\'\\])\'|r(#*)"(.*?)"\1|"((?:[^"\\]|\\.)*)"', re.DOTALL)
SHELL_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
DOCUMENTATION = re.compile(r"((?:^[ \t]*///[^\n]*\n)+)", re.MULTILINE)
PLACEHOLDER = re.compile(r"\{[^{}]*\}|\$\{[^}]*\}|\$\(\(.*?\)\)|\$\w+")
# A message has to have this many characters that are not values, so that a quote cannot match a literal of placeholders.
LEAST = 24
SOURCES = ("node/src", "pallets", "primitives", "runtime/src", "worker", "scripts")


def unescaped(literal: str) -> str:
    """Returns the text of a literal."""
    joined = re.sub(r"\\\n\s*", "", literal)
    return joined.replace('\\"', '"').replace("\\\\", "\\").replace("\\`", "`").replace("\\n", "\n")


@dataclass(frozen=True)
class Message:
    """A message that the code can make."""

    parts: tuple[str, ...]

    def matches(self, text: str) -> bool:
        """Returns true if the message is `text`, apart from a prefix, such as the level of a log line, and an appended reason."""
        if max(self.parts, key=len) not in text:
            return False
        match = re.search(".*?".join(map(re.escape, self.parts)), text)
        is_start = match and (match.start() == 0 or text[: match.start()].endswith(" "))
        return bool(is_start and len(match[0]) * 2 > len(text))


def message(text: str) -> Message | None:
    """Returns the message of a literal, or nothing if it has too few words of its own."""
    parts = PLACEHOLDER.split(text.replace("{{", "\0").replace("}}", "\1"))
    if sum(map(len, parts)) < LEAST:
        return None
    return Message(tuple(part.replace("\0", "{").replace("\1", "}") for part in parts))


@cache
def messages(root: Path) -> frozenset[Message]:
    """Returns the messages of the code outside tests: literals, and documentation of errors."""
    found = []
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".rs", ".sh") or "tests" in path.parts or path.name == "tests.rs":
                continue
            text = path.read_text().split("\n#[cfg(test)]\nmod tests {")[0]
            if path.suffix == ".sh":
                literals = SHELL_LITERAL.findall(text)
            else:
                literals = [match[2] or match[3] or "" for match in RUST_LITERAL.finditer(text)]
            found += [unescaped(literal) for literal in literals if len(literal) >= LEAST]
            if path.parts[-2:] == ("src", "lib.rs") and "pallets" in path.parts:
                for block in DOCUMENTATION.findall(text):
                    found.append(" ".join(line.strip()[3:].strip() for line in block.splitlines()))
    return frozenset(made for text in found if (made := message(text)))


def faults(root: Path) -> Iterator[str]:
    """Yields the quotes that no message of the code makes."""
    page = root / "docs/book/src/faq.md"
    inside, quotes = False, 0
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```error"
        elif inside and line.strip():
            quotes += 1
            text = line.strip().removeprefix("error: ")
            if not any(made.matches(text) for made in messages(root)):
                yield f"docs/book/src/faq.md:{number}: no code has the message `{line.strip()}`: quote the message of today"
    if not quotes:
        yield "docs/book/src/faq.md quotes no error message: mark quotes by ```error"
