"""Read repositories and generate entities, in the phases `folders → mapped → policed → linked → exported`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from scenedock.catalog.emitting.output import in_order
from scenedock.catalog.explaining.coverage import Coverage, coverage_of, find_uncovered
from scenedock.catalog.mapping.deployments import RepositoryContents, said_environments
from scenedock.catalog.mapping.entities import Mapped, MappedPart, map_services
from scenedock.catalog.mapping.existing import leave_out_existing, leaving_out
from scenedock.catalog.mapping.identities import LAYERS, FolderPath, Identity, identify
from scenedock.catalog.mapping.links import link
from scenedock.catalog.mapping.policies import police
from scenedock.catalog.mapping.roles import assign_roles
from scenedock.catalog.mapping.services import DeployedService, gather
from scenedock.catalog.mapping.unit_services import UnitService, identify_units
from scenedock.catalog.vocabulary.formats import as_entity_name, key_in_folder
from scenedock.documents.reading import Document
from scenedock.effects.git.repositories import Repository
from scenedock.effects.local.forked import in_parts
from scenedock.errors import ScenedockError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import SEVERITIES, Finding, Skipped
from scenedock.model.helm import HelmFolder
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.known_facts import FactsOfRun
from scenedock.usecases.catalog.reading.read_repository import RepositoryReader

if TYPE_CHECKING:
    from scenedock.catalog.comparing.tool_files import ToolFiles

Phase: TypeAlias = Literal["folders", "mapped", "policed", "linked", "exported"]
PHASES: tuple[Phase, ...] = get_args(Phase)

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of folders that have been read, and of all folders."""


Names: TypeAlias = Mapping[str, Mapping[str, str]]
"""The names of services by repository and path: of their folders, and of the folders that hold these."""

_NO_NAMES: Names = MappingProxyType({})
_SHARED_AT_ONCE: Final = 2_000
"""Services that forks map before they end: what they look at meanwhile is in memory twice, as it counts its users."""


@dataclass(frozen=True, slots=True)
class ReadRepositories:
    """What was read: the repositories in their listed order, and what was found on the way.

    `problems` says for each repository that can't be read why. `documents` are those of charts and values files, by
    repository and path, where they were to be kept. `tool_files` make what may say what is gone, by repository, as long
    as these are open. Where services are to know no more of each other than their faces,
    `whole` are the folders of which the contents have only those, by repository and path.
    """

    contents: tuple[RepositoryContents, ...]
    findings: tuple[Finding, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, Mapping[str, Document]] = field(default_factory=dict)
    tool_files: Mapping[str, Callable[[], ToolFiles]] = field(default_factory=dict)
    whole: Mapping[tuple[str, str], HelmFolder] = field(default_factory=dict)

    def by_faces(self) -> ReadRepositories:
        """The same, where services are to know no more of each other than their faces."""
        whole = {(each.facts.name, folder.path): folder for each in self.contents for folder in each.folders}
        contents = (replace(each, folders=tuple(folder.face for folder in each.folders)) for each in self.contents)
        return replace(self, contents=tuple(contents), whole=whole)


@dataclass(frozen=True, slots=True)
class Export:
    """The result of a run: what was read, the entities as of the last phase that ran, and all there is to say.

    `names` are those that services have, `known` the references that were known, `elsewhere` those that come from
    elsewhere, and `until` is the last phase.
    """

    read: ReadRepositories
    mapped: Mapped | None
    findings: tuple[Finding, ...]
    names: Names = field(default_factory=dict)
    known: Collection[EntityRef] = ()
    elsewhere: Collection[EntityRef] = ()
    until: Phase = "exported"

    @property
    def repositories(self) -> tuple[RepositoryContents, ...]:
        """The repositories that were read."""
        return self.read.contents

    @property
    def entities(self) -> tuple[Entity, ...]:
        """The entities, sorted by kind, namespace and name; none in phase `folders`."""
        return tuple(in_order(self.mapped.entities)) if self.mapped else ()

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """What is deployed, and how much of it is represented."""
        return coverage_of(self.repositories)

    @property
    def depending_on_others(self) -> tuple[EntityRef, ...]:
        """The entities that are emitted only if they don't come from elsewhere, whether they do or not."""
        here = leaving_out(self.repositories)
        mapped = (*self.mapped.entities, *self.mapped.elsewhere) if self.mapped else ()
        return tuple(sorted(each.ref for each in mapped if each.place.repository in here))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Folders that are deliberately not mapped."""
        return tuple(skip for contents in self.repositories for skip in contents.skipped)


def export_catalog(
    repositories: Mapping[str, Repository],
    *,
    settings: tuple[str, bytes] | None = None,
    known: Collection[EntityRef] = (),
    elsewhere: Collection[EntityRef] = (),
    until: Phase = "exported",
    progress: Progress = lambda _done, _total: None,
    keep_documents: bool = False,
) -> Export:
    """The catalog of some repositories, by their names in messages; if they differ, the one listed first wins.

    `settings` (its name in messages, and its bytes) replaces the `scenedock.yaml` of every repository. `known` are
    references that the catalog has besides, `elsewhere` those that it has from elsewhere even if we could emit them.
    `keep_documents`: who asks next which version is where needs the charts and values files again.

    Raises
    ------
    NotFoundError   there is no such repository
    InputError      a repository can't be read, or its settings are invalid
    """
    read = read_repositories(repositories, settings=settings, progress=progress, keep_documents=keep_documents)
    return map_catalog(read, known=known, elsewhere=elsewhere, until=until)


def read_repositories(
    repositories: Mapping[str, Repository],
    *,
    settings: tuple[str, bytes] | None = None,
    progress: Progress = lambda _done, _total: None,
    tolerate: bool = False,
    facts: FactsOfRun | None = None,
    keep_documents: bool = False,
    jobs: int | None = 1,
) -> ReadRepositories:
    """Phase `folders`, as `export_catalog` has it; one repository that can't be read may be tolerated.

    With `facts`, what was known before isn't read again. `jobs` processes read folders at once; for None as many as a
    repository's size pays for.

    Raises
    ------
    NotFoundError, InputError   as `export_catalog` does
    """
    problems: dict[str, str] = {}
    opened: list[RepositoryReader] = []
    for name, folder in repositories.items():
        try:
            reader = RepositoryReader.of(name, folder, settings, facts, keep_documents=keep_documents)
            reader.jobs = jobs
            opened.append(reader)
        except ScenedockError as error:
            if not tolerate:
                raise
            problems[name] = str(error)
    total = sum(each.folder_count for each in opened)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    contents = _read(opened, count)
    if facts:
        facts.after = {each.facts.name: each.now_known for each in opened if each.now_known}
        facts.snapshots = {each.facts.name: each.snapshot for each in opened if each.snapshot}
        facts.complete = not problems and not any(each.files.problems for each in opened)
    documents = {each.facts.name: each.kept_documents for each in opened if each.kept_documents is not None}
    findings = tuple(finding for each in opened for finding in each.findings)
    tool_files = {each.facts.name: each.tool_files() for each in opened}
    return ReadRepositories(contents, findings, problems, documents, tool_files)


def map_catalog(
    read: ReadRepositories,
    *,
    names: Names = _NO_NAMES,
    known: Collection[EntityRef] = (),
    elsewhere: Collection[EntityRef] = (),
    until: Phase = "exported",
    jobs: int | None = 1,
) -> Export:
    """The phases from `mapped` on; `names` are those that services had before, which stay, `jobs` as when reading."""
    if until == "folders":
        return Export(read, None, in_order_of_severity(read.findings), until=until)
    contents = read.contents
    identities = _identities(contents, names)
    of_units = _units(contents, identities, names)
    services, found = gather(contents, identities, of_units, read.whole)
    share = partial(_shared, jobs=jobs)
    mapped = map_services(services, contents, assign_roles(contents), by_faces=bool(read.whole), share=share)
    if until != "mapped":
        mapped = police(mapped)
    if until in {"linked", "exported"}:
        listed = {EntityRef.parse(ref, default_kind="component") for each in contents for ref in each.settings.known}
        mapped = link(mapped, {*known, *listed})
    if until == "exported":
        mapped = leave_out_existing(mapped, elsewhere, contents)
    findings = in_order_of_severity([*read.findings, *found, *mapped.findings, *find_uncovered(contents)])
    given = _names(contents, identities, of_units)
    return Export(read, mapped, findings, given, known, elsewhere, until)


def _shared(
    work: Callable[[Sequence[DeployedService]], MappedPart], services: Sequence[DeployedService], jobs: int | None
) -> Iterator[MappedPart]:
    for begin in range(0, len(services), _SHARED_AT_ONCE):
        yield from in_parts(work, services[begin : begin + _SHARED_AT_ONCE], jobs, MappedPart)


def _read(opened: Sequence[RepositoryReader], count: Callable[[], None]) -> tuple[RepositoryContents, ...]:
    """The contents of all repositories; the Applications of one may deploy folders of another."""
    manifests = [each.manifests() for each in opened]
    said = [
        each.said_by_tools(manifests[number], [*manifests[:number], *manifests[number + 1 :]])
        for number, each in enumerate(opened)
    ]
    return tuple(
        each.read(
            [found for facts in said for found in facts.applications if found.repository == each.facts.name],
            [unit for facts in said for unit in facts.units if unit.repository == each.facts.name],
            count,
        )
        for each in opened
    )


def _identities(contents: Sequence[RepositoryContents], names: Names) -> Mapping[tuple[int, str], Identity]:
    """The services of folders, by the number of their repository and their path; also of those that can't be read."""
    folders = [
        FolderPath(number, path, path in listed, runs_in.get(path, frozenset()), layers and _is_layer(path, listed))
        for number, each in enumerate(contents)
        for listed, runs_in in [(_listed(each), said_environments(each))]
        for layers in [any(one.kind == "Kustomize folder" for one in each.deployed)]
        for path in (*(folder.path for folder in each.folders), *_unreadable_charts(each))
    ]
    identities = identify(
        folders,
        [each.settings.names for each in contents],
        [each.facts.root_name for each in contents],
        [names.get(each.facts.name, {}) for each in contents],
    )
    return {(folder.repository, folder.path): identity for folder, identity in identities.items()}


def _is_layer(path: str, listed: frozenset[str]) -> bool:
    """Whether a folder has a name that folders of Kustomize have, and is no library."""
    return posixpath.basename(path) in LAYERS and path not in listed


def _units(
    contents: Sequence[RepositoryContents], identities: Mapping[tuple[int, str], Identity], names: Names
) -> list[tuple[UnitService, ...]]:
    """The services of the units of each repository."""
    return [
        identify_units(
            each,
            {folder.path: identities[number, folder.path] for folder in each.folders},
            names.get(each.facts.name, {}),
        )
        for number, each in enumerate(contents)
    ]


def _unreadable_charts(contents: RepositoryContents) -> list[str]:
    """The folders that gave nothing because their Chart.yaml can't be read."""
    skipped = {skip.place.path for skip in contents.skipped}
    return sorted(path for path in contents.unreadable if (path or ".") in skipped)


def _names(
    contents: Sequence[RepositoryContents],
    identities: Mapping[tuple[int, str], Identity],
    of_units: Sequence[Sequence[UnitService]],
) -> Names:
    names: dict[str, dict[str, str]] = {each.facts.name: {} for each in contents}
    for (number, path), identity in identities.items():
        name = as_entity_name(identity.name)
        names[contents[number].facts.name] |= {path: name, identity.home: name}
    for each, services in zip(contents, of_units, strict=True):
        for unit, service in zip(each.units, services, strict=True):
            if not service.service:
                name = as_entity_name(service.name)
                names[each.facts.name][key_in_folder(unit.path, name)] = name
    return names


def _listed(contents: RepositoryContents) -> frozenset[str]:
    """The folders whose charts are dependencies of other charts in the repository."""
    charts = [folder.chart for folder in contents.folders if folder.chart]
    return frozenset(each.folder for chart in charts for each in chart.dependencies if each.folder is not None)


def in_order_of_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The most severe first, then by code and place."""
    return tuple(
        sorted(
            findings, key=lambda each: (SEVERITIES.index(each.severity), each.code, each.place.sort_key, each.message)
        )
    )
