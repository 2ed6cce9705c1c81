"""Compare the catalog-info.yaml files in repositories with the files that an export would write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import inf
from types import MappingProxyType

from scenedock.catalog.comparing.memory import CatalogMemory, memory_of
from scenedock.catalog.emitting.marker_files import MarkerFile, compare_marker_files
from scenedock.catalog.emitting.output import Home, entities_in_place
from scenedock.catalog.reading.entity_files import read_entities
from scenedock.catalog.reading.handwritten import is_ours
from scenedock.effects.git.repositories import Repository
from scenedock.errors import InputError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Place
from scenedock.structs import dataclass, replace
from scenedock.usecases.catalog.export_catalog import Export, in_order_of_severity
from scenedock.usecases.catalog.keep_catalog import ALLOW_DELETIONS, KeptExport, keep_catalog

_NOTHING: Mapping[str, float] = MappingProxyType({})
_ALLOW = "run `scenedock catalog export --in-place --allow-deletions .` there and commit what it writes"
"""How somebody allows what vanishes from files that are checked."""


@dataclass(frozen=True, slots=True)
class Check:
    """Our files that are not as they should be, the number of those that are, and all other findings."""

    wrong: tuple[MarkerFile, ...]
    right: int
    other_findings: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of it, the most severe first."""
        return in_order_of_severity([*(file.finding for file in self.wrong), *self.other_findings])

    @property
    def failed(self) -> bool:
        """Whether there is an error among them."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def none_is_committed(self) -> bool:
        """Whether the repositories have no file of ours at all, as where Backstage reads the feed."""
        return not self.right and bool(self.wrong) and all(file.found is None for file in self.wrong)

    def __str__(self) -> str:
        """`Failed: catalog-info.yaml files: 4 right, 1 differ; 1 other error`."""
        counts = {
            "right": self.right,
            "differ": sum(file.found is not None and file.wanted is not None for file in self.wrong),
            "missing": sum(file.found is None for file in self.wrong),
            "stale": sum(file.wanted is None for file in self.wrong),
        }
        summary = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "none"
        errors = sum(finding.severity == "error" for finding in self.other_findings)
        more = f"; {errors:,} other error{'' if errors == 1 else 's'}" if errors else ""
        return f"{'Failed' if self.failed else 'All right'}: catalog-info.yaml files: {summary}{more}"


@dataclass(frozen=True, slots=True)
class MarkerFiles:
    """The files that are ours or shall be, each as it is and as it should be; where they differ, what was kept.

    `result` is the export that they are made of.
    """

    files: tuple[MarkerFile, ...]
    findings: tuple[Finding, ...]
    result: Export
    kept: KeptExport | None = None


def check_catalog(result: Export, repositories: Mapping[str, Repository]) -> Check:
    """Check the files of the repositories that an export has read.

    Where `export --in-place` would refuse to make them right, because too much would vanish, that is an error, too, and
    what to do about it is the remedy of the repository's files.

    Raises
    ------
    InputError   a file can't be read
    """
    read = read_marker_files(result, repositories, allowed=True)
    wrong = tuple(file for file in read.files if not file.is_right)
    found = [*read.result.findings, *read.findings]
    if wrong:
        refused = _refused(result, repositories)
        found += refused.values()
        wrong = tuple(
            replace(file, remedy=refused[file.place.repository].remedy) if file.place.repository in refused else file
            for file in wrong
        )
    return Check(wrong, len(read.files) - len(wrong), in_order_of_severity(found))


def read_marker_files(
    result: Export,
    repositories: Mapping[str, Repository],
    *,
    allowed: bool,
    unchanged: Mapping[str, float] = _NOTHING,
    allow: str = ALLOW_DELETIONS,
) -> MarkerFiles:
    """Compare the files of the repositories with an export; those that there are, are the last good result.

    `allowed`, `unchanged` and `allow` are as in `keep_catalog`.

    Raises
    ------
    InputError   a file can't be read
    """
    if result.mapped is None:
        return MarkerFiles((), (), result)
    expected, findings = entities_in_place(result.mapped)
    existing: dict[Home, bytes] = {}
    for contents in result.repositories:
        for path in contents.catalog_files:
            try:
                existing[contents.facts.name, path] = repositories[contents.facts.name].read(path)
            except InputError as error:
                raise InputError(f"{Place(contents.facts.name, path)}: {error}") from error
    files, more = compare_marker_files(expected, existing)
    if all(file.is_right for file in files):
        return MarkerFiles(tuple(files), (*findings, *more), result)
    homes = {entity.ref: home for home, entities in _entities_in(existing).items() for entity in entities}
    memory = memory_of(entity for entities in _entities_in(existing).values() for entity in entities)
    kept = keep_catalog(result, memory, unchanged=unchanged, allow=allow, allowed=allowed)
    if kept.export.mapped is not None:
        expected, findings = entities_in_place(kept.export.mapped)
    files, more = compare_marker_files(_in_their_homes(expected, homes, memory, kept), existing)
    held = kept.kept.held  # of such a repository, not even a file that can't be read goes
    files = [file for file in files if file.wanted is not None or file.place.repository not in held]
    return MarkerFiles(tuple(files), (*findings, *more, *kept.kept.findings), kept.export, kept)


def _refused(result: Export, repositories: Mapping[str, Repository]) -> dict[str, Finding]:
    """What an export into the repositories would refuse until somebody allows it, one finding for each repository."""
    read = read_marker_files(
        result, repositories, allowed=False, unchanged=dict.fromkeys(repositories, inf), allow=_ALLOW
    )
    verdicts = read.kept.kept.verdicts.items() if read.kept else ()
    return {name: verdict.findings[0] for name, verdict in verdicts if verdict.asks_for}


def _entities_in(found: Mapping[Home, bytes]) -> dict[Home, tuple[Entity, ...]]:
    """The entities of the files that are ours, with their places; none of one that can't be read."""
    entities: dict[Home, tuple[Entity, ...]] = {}
    for home, data in found.items():
        with suppress(InputError):
            if is_ours(data):
                entities[home] = tuple(replace(each, place=Place(*home)) for each in read_entities(data, label=home[1]))
    return entities


def _in_their_homes(
    wanted: Mapping[Home, Sequence[Entity]],
    found: Mapping[EntityRef, Home],
    memory: CatalogMemory,
    kept: KeptExport,
) -> dict[Home, tuple[Entity, ...]]:
    """The catalog as files: what stays as it was remains in the file where it is."""
    last = {entity.ref: entity for entity in memory.entities}
    homes = {entity.ref: home for home, entities in wanted.items() for entity in entities}
    result: dict[Home, list[Entity]] = defaultdict(list)
    for entity in kept.entities:
        stays = entity is last.get(entity.ref)
        if home := found.get(entity.ref) if stays else homes.get(entity.ref):
            result[home].append(entity)
    return {home: tuple(entities) for home, entities in sorted(result.items())}
