"""The pieces of a text that an edit replaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from scenedock.gitops.in_place.nodes import BREAK, Node, column, line_end, line_start


class Splice(NamedTuple):
    """New text in the place of what stands between two offsets."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with its pieces replaced; they don't overlap."""
    for start, end, new in sorted(splices, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def with_lines(text: str, at: int, lines: Iterable[str], newline: str) -> Splice:
    """Lines behind the one that has the character before an offset."""
    end = line_end(text, at)
    found = BREAK.match(text, end)
    if found:
        return Splice(found.end(), found.end(), "".join(f"{line}{found[0]}" for line in lines))
    return Splice(end, end, "".join(f"{newline}{line}" for line in lines))


def without_lines(text: str, start: int, end: int) -> Splice:
    """Nothing in the place of the lines from one that has an offset to one that has another."""
    begin, until = line_start(text, start), line_end(text, end)
    found = BREAK.match(text, until)
    if found:
        return Splice(begin, found.end(), "")
    before = re.search("(?:\r\n|[\n\r\x85\u2028\u2029])\\Z", text[:begin])
    return Splice(before.start() if before else begin, until, "")


def begins_line(text: str, at: int) -> bool:
    """Whether only spaces stand before an offset in its line."""
    return not text[line_start(text, at) : at].strip(" ")


def lifted(splices: Iterable[Splice], outer: str, block: Node) -> list[Splice]:
    """Pieces of the text of a literal block, as pieces of the text that has the block."""
    starts = [found.end() for found in BREAK.finditer(outer, block.content, block.end)]
    lines = [outer[start : line_end(outer, start)] for start in starts]
    indent = len(_first(lines)) - len(_first(block.value.split("\n")))
    newline = BREAK.search(outer, block.content)

    def place(at: int) -> int:
        line, inside = block.value.count("\n", 0, at), column(block.value, at)
        if line < len(starts):
            return starts[line] + (indent + inside if inside else 0)
        behind = BREAK.match(outer, line_end(outer, block.end))
        return behind.end() if behind else len(outer)

    return [
        Splice(place(start), place(end), _indented(new, indent, newline[0] if newline else "\n", start, block.value))
        for start, end, new in splices
    ]


def _first(lines: Iterable[str]) -> str:
    """The first line that has more than spaces."""
    return next((line for line in lines if line.strip(" ")), "")


def _indented(new: str, indent: int, newline: str, at: int, text: str) -> str:
    """New lines with a block's indentation; the first has it if it begins a line there."""
    lines = new.split("\n")
    begins = int(column(text, at) > 0)
    return newline.join([*lines[:begins], *(line and " " * indent + line for line in lines[begins:])])
