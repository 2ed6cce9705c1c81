"""What may have said that something is there, and now says nothing: as long as it can't be read, nothing has vanished.

A tool's manifest that was overwritten shows no sign of its tool. So for something that is gone, though its folder is
there, every file is read that could be one; as long as nothing is gone, nobody has to.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from scenedock.catalog.comparing.memory import path_of
from scenedock.catalog.comparing.tool_files import ToolFiles
from scenedock.catalog.vocabulary.globs import matches
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding
from scenedock.model.json import as_object, as_text
from scenedock.structs import dataclass, replace

_ENVIRONMENTS = "scenedock.dev/environments"
_INVALID = "handwritten-invalid"


@dataclass(frozen=True, slots=True)
class Doubts:
    """What can't be read and may have said what is gone: findings, that are errors unless nothing is gone.

    `unreadable` are folders as in `Look`; `directories`, what the repository has.
    """

    findings: tuple[Finding, ...] = ()
    unreadable: frozenset[str] = frozenset()
    directories: frozenset[str] = frozenset()


NO_DOUBTS = Doubts()


def find_doubts(
    files: ToolFiles,
    others: Iterable[ToolFiles],
    gone: Sequence[Entity],
    said: Iterable[Finding] = (),
    *,
    is_less: bool = False,
) -> Doubts:
    """The doubts about what is gone from a repository, or `is_less` than before; others may have its manifests.

    `said` are the findings of the export. What a person has deleted together with its folder, or with the file that it
    came from, is gone.
    """
    kept = [each for each in gone if not matches(files.home_of(each) or "", files.excluded)]
    there, moved = list[Entity](), list[Entity]()
    for each in kept:
        (there if _is_there(each, files) else moved).append(each)
    services = [each for each in there if path_of(each) is not None]
    described = [each for each in there if path_of(each) is None]
    doubted = [each for each in services if not (source := files.source_of(each)) or files.is_there(source)]
    found = [finding for each in doubted for finding in files.silent(each)]
    of_others = [finding for each in described for finding in files.described(each)]
    of_others += _invalid(files, described, said)
    if doubted or is_less:
        found += files.unreadable
    if is_anywhere := not all(map(files.source_of, doubted)):
        found += [finding for other in others for finding in other.unreadable]
    elsewhere = {files.home_of(each) or "": finding for each in moved for finding in files.elsewhere(each)}
    by_file = {(each.place.repository, each.place.path): each for each in (*found, *of_others, *elsewhere.values())}
    empty = tuple(files.emptied(any_file=is_anywhere)) if doubted or is_less else ()
    if not doubted and not elsewhere and not of_others:
        return Doubts((*(replace(each, severity="warning") for each in by_file.values()), *empty))
    if not by_file:
        return Doubts(empty)
    here = {posixpath.dirname(path) for repository, path in by_file if repository == files.facts.name}
    homes = {files.home_of(each) or "" for each in (*doubted, *described)}
    unreadable = frozenset(elsewhere) or here or homes
    return Doubts((*by_file.values(), *empty), frozenset(unreadable), files.folders | elsewhere.keys() | homes)


def _is_there(entity: Entity, files: ToolFiles) -> bool:
    """Whether the folder of an entity is there, or a folder, link or pipe in the place of its only file."""
    return (files.home_of(entity) or "") in files.folders or files.is_no_file(files.source_of(entity))


def _invalid(files: ToolFiles, described: Sequence[Entity], said: Iterable[Finding]) -> list[Finding]:
    """What is said of files that a person wrote, and that may have described something that is gone."""
    homes = {files.home_of(each) or "" for each in described}
    return [
        each
        for each in said
        if each.code == _INVALID
        and each.place.repository == files.facts.name
        and any(not home or each.place.path.startswith(f"{home}/") for home in homes)
    ]


def is_less_than(before: Entity, now: Entity | None) -> bool:
    """Whether an entity runs in fewer environments than before."""
    return now is not None and not _environments(before) <= _environments(now)


def _environments(entity: Entity) -> frozenset[str]:
    return frozenset(filter(None, as_text(as_object(entity.metadata.get("annotations")).get(_ENVIRONMENTS)).split(",")))
