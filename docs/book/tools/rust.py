"""Reads documented structs, enums and type aliases out of Rust source, as far as the reference pages need them.

The source is formatted by rustfmt, so one item, field or variant starts on a line of its own.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ITEM = re.compile(r"^(\t*)pub (struct|enum) (\w+)(?:<[^>]*>)?(?: \{| *\(|;)")
ALIAS = re.compile(r"^pub type (\w+) = ([^;]+);")
FIELD = re.compile(r"^(?:pub )?(\w+): (.+),$")
VARIANT = re.compile(r"^(\w+)(?:\((.*)\))?(\s*\{)?,?$")
LINK = re.compile(r"\[(`[^`\]]+`)\](?:\([^)\s]*\))?")


@dataclass
class Member:
    """A field of a struct, or a variant of an enum."""

    name: str
    rust_type: str = ""
    documentation: str = ""
    attributes: str = ""
    fields: list["Member"] = field(default_factory=list)


@dataclass
class Item:
    """A struct or an enum."""

    name: str
    kind: str
    documentation: str
    attributes: str
    members: list[Member]


def plain(documentation: str) -> str:
    """Returns rustdoc without intra-doc links, and with the last part of a path only: ``[`crate::a::B`]`` becomes `` `B` ``."""

    def shortened(match: re.Match) -> str:
        parts = match[1].strip("`").replace("crate::", "").split("::")
        # A path of modules ends in a type; `Type::Variant` stays.
        kept = parts[-2:] if len(parts) > 1 and parts[-2][:1].isupper() else parts[-1:]
        return f"`{'::'.join(kept)}`"

    return LINK.sub(shortened, documentation)


def documentation_and_attributes(lines: list[str], at: int) -> tuple[str, str]:
    """Returns documentation and attributes above line `at`."""
    documented, attributes = [], []
    at -= 1
    while at >= 0:
        line = lines[at].strip()
        if line.startswith("///"):
            documented.insert(0, line[3:].strip())
        elif line.startswith("//"):
            pass
        elif line and (line.startswith("#[") or line.endswith(")]") or line[:1].isalpha() and line.endswith(",") or line == ")]"):
            # An attribute of several lines ends with `)]` and lists one derive on each line.
            if line.startswith("#[") or attributes and not attributes[0].startswith("#["):
                attributes.insert(0, line)
            elif line.endswith(")]"):
                attributes.insert(0, line)
            else:
                break
        else:
            break
        at -= 1
    text = "\n".join(documented)
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)]
    return plain("\n\n".join(paragraphs)).strip(), " ".join(attributes)


def members(lines: list[str], start: int, depth: int, kind: str) -> list[Member]:
    """Returns the fields or variants of the item whose body starts on line `start`, at `depth` tabs."""
    found, at = [], start
    indent = "\t" * depth
    while at < len(lines) and not (lines[at].startswith("\t" * (depth - 1) + "}") and not lines[at].startswith(indent)):
        line = lines[at]
        if line.startswith(indent) and not line.startswith(indent + "\t"):
            text = line.strip()
            match = FIELD.match(text) if kind == "struct" else VARIANT.match(text)
            if match and not text.startswith(("//", "#[")):
                documentation, attributes = documentation_and_attributes(lines, at)
                member = Member(match[1], match[2] or "", documentation, attributes)
                if kind == "enum" and match[3]:
                    member.fields = members(lines, at + 1, depth + 1, "struct")
                found.append(member)
        at += 1
    return found


def read(path: Path) -> tuple[dict[str, Item], dict[str, str]]:
    """Returns the structs and enums of a file by name, and its type aliases."""
    lines = path.read_text().split("\n#[cfg(test)]\nmod tests {")[0].splitlines()
    items, aliases = {}, {}
    for at, line in enumerate(lines):
        if alias := ALIAS.match(line):
            aliases[alias[1]] = alias[2]
        if match := ITEM.match(line):
            documentation, attributes = documentation_and_attributes(lines, at)
            depth = len(match[1]) + 1
            body = members(lines, at + 1, depth, match[2]) if line.endswith("{") else []
            items[match[3]] = Item(match[3], match[2], documentation, attributes, body)
    return items, aliases
