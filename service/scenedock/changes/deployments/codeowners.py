"""The line of CODEOWNERS that a deployment gets, beside that of the one it is made from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scenedock.changes.environments.entries import Entries, Entry
from scenedock.changes.environments.words import Words

_LINE = re.compile(r"^(?P<pattern>[^\s#]\S*)[ \t]+(?P<owners>[^#\r\n]*[^#\s])", re.MULTILINE)


def owners_of(text: str, home: str) -> Entries:
    """The owners that the last line about a folder names, as the only entry of the file; none without such a line."""
    found = [each for each in _LINE.finditer(text) if each["pattern"].strip("/").removesuffix("/**") == home]
    if not found:
        return Entries("text", ())
    last = found[-1]
    start, end = last.span("owners")
    line = text.count("\n", 0, start) + 1
    path = f"owners of {last['pattern']}"
    return Entries("text", (Entry(path, ("codeowners",), line, last["owners"], start, end, names=("owners",)),))


def lines_about(text: str, words: Words) -> Iterator[tuple[int, str]]:
    """The number and the pattern of each line whose pattern names something."""
    for each in _LINE.finditer(text):
        if words.are_in(each["pattern"]):
            yield text.count("\n", 0, each.start()) + 1, each["pattern"]


def with_line(text: str, entry: Entry, home: str, new_home: str, owners: str) -> str:
    """The text with a line for another folder behind that of an entry."""
    start = text.rfind("\n", 0, entry.start) + 1
    end = text.find("\n", entry.end)
    end = len(text) if end < 0 else end
    ending = "\r\n" if text[:end].endswith("\r") else "\n"
    end -= len(ending) - 1
    pattern = text[start : entry.start].replace(home, new_home, 1)
    return f"{text[:end]}{ending}{pattern}{owners}{text[end:]}"
