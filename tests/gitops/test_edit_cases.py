"""The cases of `cases/*.txt`: an edit, a file before it, and the same file after it, or why the edit is refused.

`␍` is a carriage return, `␉` a tab, `∎` the end of a file without a line break, and `<BOM>` a byte-order mark.
`follows` names the values that change along, `undo` what `undo` says if it isn't the removal of what was added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scenedock.errors import InputError
from scenedock.gitops.values_edits import Written, add_value, followers, remove_value, set_value, undo

FILE = "values.yaml"


@dataclass(frozen=True)
class Case:
    """A case, as it is written."""

    title: str
    verb: str
    path: str
    value: Any
    document: str | None
    lines: dict[str, str]
    before: bytes
    after: bytes | None
    refused: str

    def __str__(self) -> str:
        return self.title

    def edited(self) -> bytes:
        """The file with the edit."""
        if self.verb == "remove":
            return remove_value(self.before, self.path, FILE, self.document)
        edit = set_value if self.verb == "set" else add_value
        return edit(self.before, self.path, self.value, FILE, self.document)


def cases() -> Iterator[Case]:
    for file in sorted((Path(__file__).parent / "cases").glob("*.txt")):
        for text in f"{file.read_text(encoding='utf-8')}\n".split("=== ")[1:]:
            yield case(text[:-2])


def case(text: str) -> Case:
    head, _, body = text.partition("\n--- before\n")
    before, refused_mark, refused = body.partition("--- refused\n")
    before, _, after = before.partition("--- after\n")
    title, edit, *more = head.split("\n")
    verb, _, rest = edit.partition(" ")
    document = None
    if rest.startswith("@"):
        document, _, rest = rest[1:].partition(" ")
    path, _, value = rest.partition(" = ")
    lines = dict(line.split(" ", 1) for line in more)
    return Case(
        title,
        verb,
        path,
        json.loads(value) if value else None,
        document,
        lines,
        as_bytes(before),
        None if refused_mark else as_bytes(f"{after}\n" if after else ""),
        refused,
    )


def as_bytes(text: str) -> bytes:
    for sign, meant in (("␍", "\r"), ("␉", "\t"), ("<BOM>", "\ufeff"), ("∎\n", "")):
        text = text.replace(sign, meant)
    return text.encode()


CASES = list(cases())
NAMES = [each.title for each in CASES]


@pytest.mark.parametrize("each", CASES, ids=NAMES)
def test_an_edit(each: Case) -> None:
    if each.after is None:
        with pytest.raises(InputError) as refused:
            each.edited()
        assert str(refused.value) == each.refused
        return
    assert each.edited().decode() == each.after.decode()


@pytest.mark.parametrize("each", [each for each in CASES if each.after is not None and each.verb != "remove"], ids=str)
def test_its_undoing_gives_the_same_bytes(each: Case) -> None:
    back = undo(each.before, each.path, FILE, each.document)
    edited = each.edited()

    if back.written is None:
        assert remove_value(edited, back.path, FILE, each.document) == each.before
        if b"{" not in edited:
            assert remove_value(edited, each.path, FILE, each.document) == each.before
    else:
        assert set_value(edited, back.path, back.written, FILE, each.document) == each.before
        if each.verb == "add" and "undo" in each.lines:
            path, _, text = each.lines["undo"].partition(" =")
            assert (back.path, back.written) == (path, Written(text.removeprefix(" ")))


@pytest.mark.parametrize("each", [each for each in CASES if "&" in each.before.decode() and each.after], ids=str)
def test_who_follows_is_told(each: Case) -> None:
    along = followers(each.before, each.edited(), each.path, FILE, each.document)

    assert ", ".join(along) == each.lines.get("follows", "")
