"""Entities that are gone and entities that are new: which of them are the same under another name.

Where the files of the folders that they describe are known, two are one if at least `SAME_FILES` of those files are
equal. Else two are one if at least `SAME_FIELDS` of all their fields are equal, once each one's own name is taken out
of its texts. Either way a pair counts only if neither side has a second candidate that is as good.

Components and Systems come first; what is named after one of them (`billing-db`) was renamed along with it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import Json

SAME_FILES = 0.5
SAME_FIELDS = 0.8
_MAIN_KINDS = frozenset({"Component", "System"})
_MAIN_WORDS = frozenset(kind.lower() for kind in _MAIN_KINDS)
_NAME = "\0"

Contents: TypeAlias = Mapping[EntityRef, frozenset[str]]
"""The files of the folders that entities describe, each as a text that is equal for equal files at equal paths."""
_Features: TypeAlias = Mapping[EntityRef, frozenset[object]]


def recognise_renames(
    gone: Sequence[Entity],
    new: Sequence[Entity],
    contents_gone: Contents = MappingProxyType({}),
    contents_new: Contents = MappingProxyType({}),
) -> dict[EntityRef, EntityRef]:
    """The new reference of every entity that was renamed, by its old one."""
    renames: dict[EntityRef, EntityRef] = {}
    for kind in sorted({entity.kind for entity in gone}, key=lambda kind: (kind not in _MAIN_KINDS, kind)):
        old = {entity.ref: entity for entity in gone if entity.kind == kind}
        candidates = {entity.ref: entity for entity in new if entity.kind == kind}
        if kind in _MAIN_KINDS:
            files_old = {ref: contents_gone[ref] for ref in old if ref in contents_gone}
            files_new = {ref: contents_new[ref] for ref in candidates if ref in contents_new}
            pairs = _matches(files_old, files_new, SAME_FILES)
            compared = {*files_old, *files_new}
        else:
            pairs = _renamed_along(old, candidates, renames)
            compared = {*pairs, *pairs.values()}
        fields_old = {ref: _fields(entity) for ref, entity in old.items() if ref not in compared}
        fields_new = {ref: _fields(entity) for ref, entity in candidates.items() if ref not in compared}
        renames |= pairs | _matches(fields_old, fields_new, SAME_FIELDS)
    return renames


def _renamed_along(
    old: Collection[EntityRef], new: Collection[EntityRef], renames: Mapping[EntityRef, EntityRef]
) -> dict[EntityRef, EntityRef]:
    """What has the old name of a service in its name, and is there with the new one."""
    words = [(_word(before.name), after.name) for before, after in renames.items() if before.kind in _MAIN_WORDS]
    pairs: dict[EntityRef, EntityRef] = {}
    for ref in old:
        for word, name in words:
            renamed = ref._replace(name=word.sub(name, ref.name))
            if renamed in new and renamed not in pairs.values():
                pairs[ref] = renamed
                break
    return pairs


def _matches(gone: _Features, new: _Features, least: float) -> dict[EntityRef, EntityRef]:
    """The pairs in which each is the other's only best match, and of whose features at least this share is equal."""
    of_old: dict[EntityRef, list[tuple[float, EntityRef]]] = defaultdict(list)
    of_new: dict[EntityRef, list[tuple[float, EntityRef]]] = defaultdict(list)
    for old, before in gone.items():
        for renamed, after in new.items():
            score = len(before & after) / max(len(before | after), 1)
            if score >= least:
                of_old[old].append((score, renamed))
                of_new[renamed].append((score, old))
    best = {old: _only_best(matches) for old, matches in of_old.items()}
    return {old: renamed for old, renamed in best.items() if renamed is not None and _only_best(of_new[renamed]) == old}


def _only_best(matches: Sequence[tuple[float, EntityRef]]) -> EntityRef | None:
    highest = max(score for score, _ in matches)
    best = [ref for score, ref in matches if score == highest]
    return best[0] if len(best) == 1 else None


def _fields(entity: Entity) -> frozenset[object]:
    """Every scalar of metadata and spec with its path, the own name taken out of it."""
    own = _word(entity.name)
    parts = ("metadata", "spec")
    scalars = (scalar for part in parts for scalar in _scalars((part,), entity.document.get(part)))
    return frozenset((path, own.sub(_NAME, text)) for path, text in scalars)


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")


def _scalars(path: tuple[str, ...], value: Json) -> Iterator[tuple[tuple[str, ...], str]]:
    match value:
        case Mapping():
            for key, below in value.items():
                yield from _scalars((*path, key), below)
        case list() | tuple():
            for below in value:
                yield from _scalars(path, below)
        case _:
            yield path, repr(value) if not isinstance(value, str) else value
