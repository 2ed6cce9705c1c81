"""Read repositories, make entities: the phases `folders → mapped → policed → linked → exported`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from scenedock.catalog.app_lists import AppListFile, files_of, read_items
from scenedock.catalog.argocd import API_GROUP, Manifests, read_applications
from scenedock.catalog.folders import FolderReader
from scenedock.catalog.identities import FolderPath, identify
from scenedock.catalog.links import link
from scenedock.catalog.mapping import Mapped, map_services
from scenedock.catalog.owners import CODEOWNERS_FILES, Codeowners
from scenedock.catalog.plan import Plan, PlannedFolder, plan_repository
from scenedock.catalog.policies import police
from scenedock.catalog.roles import assign_roles
from scenedock.catalog.services import RepositoryContents, gather
from scenedock.catalog.settings import FILE_NAME, AppList, Settings, read_settings
from scenedock.catalog.source_urls import provider_of
from scenedock.documents.reading import DocumentError, read_document, read_documents
from scenedock.effects.repositories import RepositoryFolder
from scenedock.errors import InputError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Place, Skipped
from scenedock.model.helm import HelmFolder, Listing, ListItem, RepositoryFacts
from scenedock.model.json import Json, JsonObject, as_object

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
        found = self.mapped.entities if self.mapped else ()
        return tuple(sorted(found, key=lambda entity: (entity.kind, entity.namespace, entity.name)))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Folders that were seen and not mapped."""
        return tuple(skip for contents in self.repositories for skip in contents.skipped)


def export_catalog(
    repositories: Mapping[str, RepositoryFolder],
    *,
    settings: bytes | None = None,
    known: Collection[EntityRef] = (),
    until: Phase = "exported",
    progress: Progress = lambda _done, _total: None,
) -> Export:
    """The catalog of some repositories, by the name each shall have in messages; what is listed first wins.

    `settings` replaces the `scenedock.yaml` of every repository.

    Raises
    ------
    NotFoundError   there is no such repository
    InputError      a repository can't be read, or its settings are wrong
    """
    opened = [_Opened.of(name, folder, settings) for name, folder in repositories.items()]
    total = sum(len(each.plan.charts) + len(each.plan.plain) for each in opened)
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
    folders = [FolderPath(number, folder.path) for number, each in enumerate(contents) for folder in each.folders]
    identities = identify(folders, [each.settings.names for each in contents], [each.facts.name for each in contents])
    by_place = {(folder.repository, folder.path): identity for folder, identity in identities.items()}
    services, findings = gather(contents, by_place)
    return map_services(services, contents, assign_roles(contents)), findings


def _sorted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    severities = ("error", "warning", "info")
    return tuple(
        sorted(
            findings, key=lambda each: (severities.index(each.severity), each.code, each.place.sort_key, each.message)
        )
    )


@dataclass(slots=True)
class _Opened:
    """A repository whose files are listed and whose settings are read, ready to be read folder by folder."""

    facts: RepositoryFacts
    settings: Settings
    listing: Listing
    plan: Plan
    folder: RepositoryFolder
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, folder: RepositoryFolder, given: bytes | None) -> _Opened:
        listing = folder.listing()
        settings = Settings()
        if given is not None:
            settings = read_settings(given)
        elif FILE_NAME in listing.files and FILE_NAME not in listing.outside:
            settings = read_settings(folder.read(FILE_NAME), label=f"{name}/{FILE_NAME}")
        address = folder.address()
        url = settings.repository or address.url
        facts = RepositoryFacts(
            name=name,
            url=url,
            branch=settings.branch or address.branch or "HEAD",
            provider=settings.provider or provider_of(url),
            prefix=address.prefix,
        )
        plan = plan_repository(name, listing, settings)
        opened = cls(facts, settings, listing, plan, folder, list(plan.findings))
        opened._judge()
        return opened

    def read(self, count: Callable[[], None]) -> RepositoryContents:
        """Everything the catalog needs to know of the repository, one folder in memory at a time."""
        reader = FolderReader(
            self.facts.name,
            self.folder.read,
            self.settings.names,
            frozenset(planned.path for planned in self.plan.charts),
            self.findings,
        )
        folders: list[HelmFolder] = []
        skipped = list(self.plan.skipped)
        for planned, read in self._planned(reader):
            if folder := read(planned):
                folders.append(folder)
            count()
        manifests = Manifests(self.listing.files, self.facts.url, self.settings.names, self._value)
        applications, findings = read_applications(self._argo_manifests(), manifests)
        self.findings.extend(findings)
        return RepositoryContents(
            facts=self.facts,
            settings=self.settings,
            codeowners=self._codeowners(),
            folders=tuple(sorted(folders, key=lambda folder: folder.path)),
            items=tuple(self._items()),
            applications=tuple(applications),
            skipped=tuple(sorted(skipped, key=lambda skip: skip.place.sort_key)),
        )

    def _planned(
        self, reader: FolderReader
    ) -> Iterator[tuple[PlannedFolder, Callable[[PlannedFolder], HelmFolder | None]]]:
        yield from ((planned, reader.chart_folder) for planned in self.plan.charts)
        yield from ((planned, reader.plain_folder) for planned in self.plan.plain)

    def _judge(self) -> None:
        """An empty repository and one without charts are two different things to tell."""
        place = Place(self.facts.name)
        if not self.listing.files:
            self._find(
                "empty-repository",
                "the repository has no files",
                place,
                "Check the path, or that the clone is complete.",
            )
        elif not self.plan.charts and not self.plan.plain and not self.settings.apps:
            self._find(
                "no-charts",
                f"none of its {len(self.listing.files):,} files is a Chart.yaml of a deployment"
                + (f" ({len(self.plan.skipped)} charts were skipped)" if self.plan.skipped else ""),
                place,
                "Name the root of a repository of Helm folders, or say in scenedock.yaml where services are.",
            )
        if not self.facts.url:
            self.findings.append(
                Finding(
                    "info",
                    "no-address",
                    "the repository's address isn't known, so no entity links to its source",
                    place,
                    "Set `repository` in scenedock.yaml, or add the git remote `origin`.",
                )
            )

    def _find(self, code: str, message: str, place: Place, remedy: str) -> None:
        self.findings.append(Finding("error", code, message, place, remedy))

    def _argo_manifests(self) -> Iterator[tuple[Place, JsonObject]]:
        for path in self.plan.manifests:
            try:
                data = self.folder.read(path)
                documents = read_documents(data) if API_GROUP.encode() in data else ()
            except InputError:
                continue
            for document in documents:
                yield Place(self.facts.name, path, document.line), as_object(document.value)

    def _value(self, path: str) -> Json:
        """What a YAML or JSON file says; nothing where it can't be read."""
        try:
            return read_document(self.folder.read(path)).value
        except InputError:
            return None

    def _codeowners(self) -> Codeowners:
        for path in CODEOWNERS_FILES:
            if path in self.listing.files and path not in self.listing.outside:
                try:
                    return Codeowners(self.folder.read(path).decode("utf-8", "replace"))
                except (ValueError, InputError) as error:
                    remedy = "Mend the file; until then nobody owns anything by it."
                    self.findings.append(
                        Finding("warning", "unreadable-codeowners", str(error), Place(self.facts.name, path), remedy)
                    )
        return Codeowners()

    def _items(self) -> Iterator[ListItem]:
        for app_list in self.settings.apps:
            files = files_of(app_list, self.listing)
            if not files:
                self._find(
                    "no-app-list",
                    f"no file is called {app_list.file!r}",
                    Place(self.facts.name, FILE_NAME),
                    "Correct `apps[].file`.",
                )
            for file in files:
                yield from self._items_of(app_list, file)

    def _items_of(self, app_list: AppList, file: AppListFile) -> Iterator[ListItem]:
        place = Place(self.facts.name, file.path)

        def note(message: str) -> None:
            self.findings.append(
                Finding("warning", "unreadable-app-list", message, place, "Correct `apps` or the file.")
            )

        try:
            document = read_document(self.folder.read(file.path))
        except DocumentError as error:
            place = Place(self.facts.name, file.path, error.line)
            note(str(error))
            return
        yield from read_items(app_list, file, as_object(document.value), note)


def name_repositories(paths: Sequence[str]) -> dict[str, str]:
    """A name for each path: its last folder, with more of the path where two would be alike.

    Raises
    ------
    InputError   one path is given twice
    """
    names: dict[str, str] = {}
    for path in paths:
        segments = [segment for segment in path.replace("\\", "/").split("/") if segment not in {"", "."}]
        for length in range(1, len(segments) + 1):
            name = "/".join(segments[-length:])
            if name not in names:
                names[name] = path
                break
        else:
            raise InputError(f"{path}: this repository is named twice; name each once")
    return names
