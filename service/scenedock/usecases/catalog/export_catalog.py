"""Read repositories and generate entities, in the phases `folders → mapped → policed → linked → exported`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from scenedock.catalog.emitting.output import in_order
from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.mapping.entities import Mapped, map_services
from scenedock.catalog.mapping.identities import FolderPath, identify
from scenedock.catalog.mapping.links import link
from scenedock.catalog.mapping.policies import police
from scenedock.catalog.mapping.roles import assign_roles
from scenedock.catalog.mapping.services import gather
from scenedock.effects.git.repositories import Repository
from scenedock.errors import InputError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Skipped
from scenedock.usecases.catalog.read_repository import RepositoryReader

Phase: TypeAlias = Literal["folders", "mapped", "policed", "linked", "exported"]
PHASES: tuple[Phase, ...] = get_args(Phase)

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of folders that have been read, and of all folders."""


@dataclass(frozen=True, slots=True)
class Export:
    """The result of a run: its input, the entities after the last phase, and all findings."""

    repositories: tuple[RepositoryContents, ...]
    mapped: Mapped | None
    findings: tuple[Finding, ...]

    @property
    def entities(self) -> tuple[Entity, ...]:
        """The entities, sorted by kind, namespace and name; none in phase `folders`."""
        return tuple(in_order(self.mapped.entities)) if self.mapped else ()

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Folders that are deliberately not mapped."""
        return tuple(skip for contents in self.repositories for skip in contents.skipped)


def export_catalog(
    repositories: Mapping[str, Repository],
    *,
    settings: tuple[str, bytes] | None = None,
    known: Collection[EntityRef] = (),
    until: Phase = "exported",
    progress: Progress = lambda _done, _total: None,
) -> Export:
    """The catalog of some repositories, by their names in messages; if they differ, the one listed first wins.

    `settings` (its name in messages, and its bytes) replaces the `scenedock.yaml` of every repository.

    Raises
    ------
    NotFoundError   there is no such repository
    InputError      a repository can't be read, or its settings are invalid
    """
    opened = [RepositoryReader.of(name, folder, settings) for name, folder in repositories.items()]
    total = sum(each.folder_count for each in opened)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    contents = tuple(each.read(count) for each in opened)
    findings = [finding for each in opened for finding in each.findings]
    if until == "folders":
        return Export(contents, None, in_order_of_severity(findings))
    mapped, of_mapping = _mapped(contents)
    findings.extend(of_mapping)
    if until != "mapped":
        mapped = police(mapped)
    if until in {"linked", "exported"}:
        elsewhere = {EntityRef.parse(ref, default_kind="component") for each in contents for ref in each.settings.known}
        mapped = link(mapped, {*known, *elsewhere})
    return Export(contents, mapped, in_order_of_severity([*findings, *mapped.findings]))


def _mapped(contents: Sequence[RepositoryContents]) -> tuple[Mapped, list[Finding]]:
    folders = [
        FolderPath(number, folder.path, folder.path in listed)
        for number, each in enumerate(contents)
        for listed in [_listed(each)]
        for folder in each.folders
    ]
    identities = identify(
        folders, [each.settings.names for each in contents], [each.facts.root_name for each in contents]
    )
    by_place = {(folder.repository, folder.path): identity for folder, identity in identities.items()}
    services, findings = gather(contents, by_place)
    return map_services(services, contents, assign_roles(contents)), findings


def _listed(contents: RepositoryContents) -> frozenset[str]:
    """The folders whose charts are dependencies of other charts in the repository."""
    charts = [folder.chart for folder in contents.folders if folder.chart]
    return frozenset(each.folder for chart in charts for each in chart.dependencies if each.folder is not None)


def in_order_of_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The most severe first, then by code and place."""
    severities = ("error", "warning", "info")
    return tuple(
        sorted(
            findings, key=lambda each: (severities.index(each.severity), each.code, each.place.sort_key, each.message)
        )
    )


def name_repositories(paths: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A name for each path: its last folder, with more of the path if two names would be equal.

    `paths` are pairs of the path as it was typed and the absolute path. The name of a bare repository has no `.git`.

    Raises
    ------
    InputError   a path occurs twice
    """
    names: dict[str, str] = {}
    for number, (path, absolute) in enumerate(paths):
        if any(absolute == other for _, other in paths[:number]):
            raise InputError(f"{path}: this repository is listed twice; list each only once")
        text = absolute.encode(errors="surrogateescape").decode(errors="replace")
        segments = [segment.removesuffix(".git") or segment for segment in text.split("/") if segment] or ["root"]
        for length in range(1, len(segments) + 1):
            name = "/".join(segments[-length:])
            if name not in names:
                break
        else:  # two paths that differ only in bytes that are not Unicode
            name = f"{name} ({number + 1})"
        names[name] = path
    return names
