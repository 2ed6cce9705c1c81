"""Read repositories, make entities: the phases `folders → mapped → policed → linked → exported`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from scenedock.catalog.deployments import RepositoryContents
from scenedock.catalog.handwritten import is_ours
from scenedock.catalog.identities import FolderPath, identify
from scenedock.catalog.links import link
from scenedock.catalog.mapping import Mapped, map_services
from scenedock.catalog.output import files_in_place, handwritten_kept, in_order
from scenedock.catalog.policies import police
from scenedock.catalog.roles import assign_roles
from scenedock.catalog.services import gather
from scenedock.effects.disk import write_file
from scenedock.effects.repositories import RepositoryFolder
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Place, Skipped
from scenedock.usecases.read_repository import RepositoryReader

Phase: TypeAlias = Literal["folders", "mapped", "policed", "linked", "exported"]
PHASES: tuple[Phase, ...] = get_args(Phase)

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many of how many folders have been read."""


@dataclass(frozen=True, slots=True)
class Export:
    """The result of a run: what was read, the entities as of the last phase that ran, and all there is to say."""

    repositories: tuple[RepositoryContents, ...]
    mapped: Mapped | None
    findings: tuple[Finding, ...]

    @property
    def entities(self) -> tuple[Entity, ...]:
        """The entities, sorted by kind, namespace and name; none in phase `folders`."""
        return tuple(in_order(self.mapped.entities)) if self.mapped else ()

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Folders that were seen and not mapped."""
        return tuple(skip for contents in self.repositories for skip in contents.skipped)


def export_catalog(
    repositories: Mapping[str, RepositoryFolder],
    *,
    settings: tuple[str, bytes] | None = None,
    known: Collection[EntityRef] = (),
    until: Phase = "exported",
    progress: Progress = lambda _done, _total: None,
) -> Export:
    """The catalog of some repositories, by the name each shall have in messages; what is listed first wins.

    `settings` (its name in messages, and its bytes) replaces the `scenedock.yaml` of every repository.

    Raises
    ------
    NotFoundError   there is no such repository
    InputError      a repository can't be read, or its settings are wrong
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
        return Export(contents, None, _sorted(findings))
    mapped, found = _mapped(contents)
    findings.extend(found)
    if until != "mapped":
        mapped = police(mapped)
    if until in {"linked", "exported"}:
        elsewhere = {EntityRef.parse(ref, default_kind="component") for each in contents for ref in each.settings.known}
        mapped = link(mapped, {*known, *elsewhere})
    return Export(contents, mapped, _sorted([*findings, *mapped.findings]))


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
    """The folders whose charts others of the repository have among their dependencies."""
    charts = [folder.chart for folder in contents.folders if folder.chart]
    return frozenset(each.folder for chart in charts for each in chart.dependencies if each.folder is not None)


def _sorted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    severities = ("error", "warning", "info")
    return tuple(
        sorted(
            findings, key=lambda each: (severities.index(each.severity), each.code, each.place.sort_key, each.message)
        )
    )


def write_in_place(result: Export, roots: Mapping[str, Path]) -> tuple[list[str], list[Finding]]:
    """Write a catalog-info.yaml into each folder; returns the files that changed, and what there is to say.

    `roots` are the repositories by name. A file without our marker is a person's and stays as it is. One that can't be
    written is an error among the findings; the others are written all the same.
    """
    if result.mapped is None:
        return [], []
    files, findings = files_in_place(result.mapped)
    written: list[str] = []
    for (repository, path), text in files.items():
        place = Place(repository, path)
        try:
            if write_file(roots[repository] / path, text, may_replace=is_ours):
                written.append(str(roots[repository] / path))
        except ConflictError:
            findings.append(handwritten_kept(place, "what would stand in it is not written"))
        except (InputError, NotFoundError) as error:
            remedy = "Make the folder writable, or export to one `--output` file."
            findings.append(Finding("error", "not-written", str(error), place, remedy))
    return written, findings


def name_repositories(paths: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A name for each path: its last folder, with more of the path where two would be alike.

    `paths` are as they were typed, and absolute.

    Raises
    ------
    InputError   one path is given twice
    """
    names: dict[str, str] = {}
    for number, (path, absolute) in enumerate(paths):
        if any(absolute == other for _, other in paths[:number]):
            raise InputError(f"{path}: this repository is named twice; name each once")
        text = absolute.encode(errors="surrogateescape").decode(errors="replace")
        segments = [segment for segment in text.split("/") if segment] or ["root"]
        for length in range(1, len(segments) + 1):
            name = "/".join(segments[-length:])
            if name not in names:
                break
        else:  # two paths that differ only in bytes that are no text
            name = f"{name} ({number + 1})"
        names[name] = path
    return names
