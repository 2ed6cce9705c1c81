"""The index with which a service is mapped alone, in the table of facts: what grows with the catalog is in parts.

Whoever asks for one key reads one part, which has about as many keys in each catalog.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final
from zlib import crc32

from scenedock.catalog.refreshing.alone import CatalogIndex
from scenedock.effects.facts.table import Key, OpenFacts
from scenedock.structs import dataclass, replace

INDEX: Final[Key] = ("index", "", "")
_PART: Final = "index-part"
_KEYS_OF_A_PART: Final = 128


class LostPartError(Exception):
    """A part is missing, or of another time: of its keys nobody knows anything, not even that they aren't there."""


@dataclass(frozen=True, slots=True)
class KnownIndex:
    """The index without its tables, and of how many parts each of these is. All of them have its mark."""

    index: CatalogIndex
    parts: Mapping[str, int]
    mark: str


class _Table(Mapping[Any, Any]):
    """A table whose parts are read when they are asked for."""

    def __init__(self, facts: OpenFacts, known: KnownIndex, name: str) -> None:
        self.known = known
        self._facts, self._name, self._parts = facts, name, known.parts[name]
        self._read: dict[int, Mapping[Any, Any]] = {}

    def __getitem__(self, key: object) -> Any:
        return self._part(_part_of(key, self._parts))[key]

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(map(self._part, range(self._parts)))

    def __len__(self) -> int:
        return sum(len(self._part(number)) for number in range(self._parts))

    def _part(self, number: int) -> Mapping[Any, Any]:
        if number not in self._read:
            row = self._facts.get(_row(self._name, number))
            if not isinstance(row, tuple) or row[0] != self.known.mark:
                raise LostPartError
            self._read[number] = row[1]
        return self._read[number]


def rows_of_index(index: CatalogIndex) -> dict[Key, object]:
    """The rows of an index, all of its parts among them, under a new mark."""
    mark = secrets.token_hex(16)
    rows: dict[Key, object] = {}
    numbers: dict[str, int] = {}
    for name, table in index.tables.items():
        numbers[name] = len(table) // _KEYS_OF_A_PART + 1
        parts: list[dict[Any, Any]] = [{} for _ in range(numbers[name])]
        for key, value in table.items():
            parts[_part_of(key, numbers[name])][key] = value
        rows |= {_row(name, number): (mark, part) for number, part in enumerate(parts)}
    rows[INDEX] = KnownIndex(_without_tables(index), numbers, mark)
    return rows


def row_of_index(index: CatalogIndex) -> KnownIndex:
    """The row of an index whose tables are those of a known one."""
    table = index.tables["names"]
    if not isinstance(table, _Table):
        raise TypeError("the tables of this index aren't kept")
    return replace(table.known, index=_without_tables(index))


def known_index(facts: OpenFacts) -> CatalogIndex | None:
    """The index; while its tables are used, the facts must stay open.

    Whoever asks one of them for a key may get a `LostPartError`.
    """
    known = facts.get(INDEX)
    if not isinstance(known, KnownIndex):
        return None
    return known.index.with_tables({name: _Table(facts, known, name) for name in known.parts})


def _without_tables(index: CatalogIndex) -> CatalogIndex:
    return index.with_tables({name: {} for name in index.tables})


def _row(name: str, number: int) -> Key:
    return _PART, "", f"{name} {number}"


def _part_of(key: object, parts: int) -> int:
    return crc32(repr(key).encode("utf-8", "backslashreplace")) % parts
