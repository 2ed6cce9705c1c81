"""Read one repository for the catalog: facts from git and its files, one folder in memory at a time."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.reading.app_lists import files_of, read_app_lists
from scenedock.catalog.reading.enabling_lists import not_applied, read_enabling_lists
from scenedock.catalog.reading.environment_lists import (
    EnvironmentLists,
    find_unlisted,
    list_environments,
    read_value,
)
from scenedock.catalog.reading.folder_facts import FolderFacts, FolderRequest
from scenedock.catalog.reading.handwritten import CATALOG_FILE, ENTITY_FILES
from scenedock.catalog.reading.layouts.homes import Homes, find_homes
from scenedock.catalog.reading.layouts.shape import Given, LayoutFacts
from scenedock.catalog.reading.layouts.table import is_named, read_layouts
from scenedock.catalog.reading.mistakes import find_in_settings, find_missing_charts, find_unused_names
from scenedock.catalog.reading.plan import Plan, find_skeletons, plan_repository
from scenedock.catalog.reading.sources import Manifest, Manifests, Repositories
from scenedock.catalog.vocabulary.owners import CODEOWNERS_FILES, Codeowners, check_length
from scenedock.catalog.vocabulary.settings import FILE_NAME, CatalogSettings, read_settings
from scenedock.catalog.vocabulary.source_urls import provider_of
from scenedock.documents.reading import Document
from scenedock.effects.git.commands import GitAddress
from scenedock.effects.git.repositories import Repository
from scenedock.effects.git.snapshots import Snapshot
from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding, Place, Skipped
from scenedock.model.helm import Application, Deployed, HelmFolder, Listing, RepositoryFacts
from scenedock.model.json import Json
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.known_facts import (
    FactsOfRun,
    FileReader,
    FolderFactsReader,
    KnownRepository,
    ManifestsReader,
    known_repository,
)
from scenedock.usecases.catalog.reading.read_folders import read_folders
from scenedock.usecases.catalog.reading.reports import (
    find_missing_address,
    find_missing_charts_of,
    find_missing_folders,
    find_unread_files,
)
from scenedock.usecases.catalog.reading.used_branch import with_used_branch

if TYPE_CHECKING:
    from scenedock.catalog.comparing.tool_files import ToolFiles

_LAST_GOOD_STAY = "Fix the file; until then the last good entities stay."


@dataclass(slots=True)
class _ReadFolders:
    """What is read of the folders of a repository; `homes` are the folders of units that are no deployments."""

    repository: str
    findings: list[Finding]
    skipped: list[Skipped]
    doubtful: dict[str, Finding]
    folders: list[HelmFolder] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    units: list[Unit] = field(default_factory=list)
    homes: dict[str, HelmFolder] = field(default_factory=dict)

    def add(self, request: FolderRequest, facts: FolderFacts) -> None:
        path = request.planned.path
        self.findings.extend(facts.findings)
        self.units.extend(facts.units)
        if facts.unreadable:
            self.unreadable.add(path)
        if facts.doubtful:
            self.doubtful[path] = facts.doubtful
        if facts.home:
            self.homes[path] = facts.home
        if facts.folder:
            self.folders.append(facts.folder)
        elif request.has_chart:
            self.skipped.append(Skipped(Place(self.repository, path or "."), "its Chart.yaml can't be read"))


@dataclass(slots=True)
class RepositoryReader:
    """A repository whose files are listed and whose settings are read, ready to be read folder by folder."""

    facts: RepositoryFacts
    settings: CatalogSettings
    listing: Listing
    plan: Plan
    environments: EnvironmentLists
    files: FileReader
    manifest_files: ManifestsReader
    address: GitAddress
    snapshot: Snapshot | None = None
    known: KnownRepository | None = None
    now_known: KnownRepository | None = None
    kept_documents: dict[str, Document] | None = None
    jobs: int | None = 1
    findings: list[Finding] = field(default_factory=list)
    deployed: list[Deployed] = field(default_factory=list)
    doubtful: dict[str, Finding] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        name: str,
        folder: Repository,
        replacement: tuple[str, bytes] | None,
        of_run: FactsOfRun | None = None,
        *,
        keep_documents: bool = False,
    ) -> RepositoryReader:
        """Open a repository under a name; `replacement` (name and bytes) replaces its own settings except locks.

        With facts `of_run`, what is known already isn't read, and what is read becomes known. `keep_documents` keeps
        the documents of the charts and values files that are read.

        Raises
        ------
        NotFoundError   there is no such folder
        InputError      it can't be read, or its settings are invalid
        """
        snapshot = folder.snapshot() if of_run else None
        listing = folder.listing()
        files = FileReader(folder)
        if replacement is None:
            settings = _own_settings(name, files, listing)
        else:
            locks = _own_settings(name, files, listing).locks  # who passes other settings passes no lock
            settings = replace(read_settings(replacement[1], label=replacement[0]), locks=locks)
        address = folder.address()
        url = settings.repository or address.url
        facts = RepositoryFacts(
            name=name,
            url=url,
            branch=settings.branch or address.branch or "HEAD",
            provider=settings.provider or provider_of(url, settings.hosts),
            prefix=address.prefix,
        )
        unknown_branch = None
        if not settings.branch:
            facts, unknown_branch = with_used_branch(facts, address, files.read, listing)
        plan = plan_repository(name, listing, settings, find_skeletons(listing, files.read))
        environments = list_environments(plan, settings.names, files.read)
        known = of_run.before.get(name) if of_run else None
        manifests = ManifestsReader(files, snapshot, known.manifests if known else {})
        opened = cls(facts, settings, listing, plan, environments, files, manifests, address, snapshot, known)
        opened.kept_documents = {} if keep_documents else None
        opened.findings.extend(plan.findings)
        if replacement is None:
            opened.findings.extend(find_in_settings(name, settings, listing))
        opened.findings.extend(find_missing_folders(name, listing))
        opened.findings.extend(find_missing_address(facts, address.problem, is_folder=address.is_folder))
        if unknown_branch:
            opened.findings.append(unknown_branch)
        return opened

    @property
    def folder_count(self) -> int:
        """How many folders `read` will read."""
        return len(self.plan.charts) + len(self.plan.plain)

    @property
    def charts(self) -> frozenset[str]:
        """The folders with a chart."""
        return frozenset(planned.path for planned in self.plan.charts)

    def manifests(self) -> Manifests:
        """What Argo CD's manifests, its own and those of other repositories, are evaluated with."""
        files = tuple(path for path in self.listing.inside if path.rpartition("/")[2] not in ENTITY_FILES)
        return Manifests(self.facts.name, files, self.charts, self.facts.url, self.environments, self._value)

    def said_by_tools(self, here: Manifests, others: Iterable[Manifests]) -> LayoutFacts:
        """What its manifests say: of its own folders, and of other repositories' of the run."""
        repositories = Repositories(here, tuple(others))
        given = Given(repositories, self.documents(), self.files.read, self.settings.chart_folders)
        said = read_layouts(given, self.settings.layouts_off)
        self.findings.extend(said.findings)
        self.deployed.extend(said.deployed)
        return said

    def read(
        self, applications: Sequence[Application], units: Sequence[Unit], count: Callable[[], None]
    ) -> RepositoryContents:
        """Everything the catalog needs to know of the repository, one folder in memory at a time.

        `applications` and `units` are those that deploy folders of it, wherever their manifests are.
        """
        proven = {each.environment for each in applications if each.environment}
        proven |= {each.environment for each in units if each.environment}
        named = _value_files_of(applications) if applications else {}
        self.findings.extend(find_unlisted(self.facts.name, self.plan, self.environments, proven, named))
        self.findings.extend(find_unused_names(self.facts.name, self.plan, self.settings, self.listing, proven))
        files = FileReader(self.files.folder, self.files.problems, notes=False)
        known = self.known.folders if self.known else {}
        reader = FolderFactsReader(files, self.charts, self.snapshot, self.kept_documents, known)
        read = _ReadFolders(self.facts.name, self.findings, list(self.plan.skipped), dict(self.doubtful))
        homes = find_homes(units, self.settings, self.plan, self.listing.inside)
        requests = tuple(self._requests(named, homes))
        for request, facts in zip(requests, read_folders(reader, requests, self.jobs), strict=True):
            read.add(request, facts)
            if not request.is_unit:
                count()
        # Where facts are kept, what is said of the repository as a whole may depend on no more than the faces.
        seen = [folder.face for folder in read.folders] if self.snapshot else read.folders
        self.findings.extend(find_missing_charts(self.facts.name, seen, self.listing))
        listed = read_app_lists(self.facts.name, self.settings.apps, self.listing, self.files.read)
        self.findings.extend(listed.findings)
        read.unreadable.update(listed.unreadable, self.plan.refused)
        codeowners = self._codeowners()
        by_path = {folder.path: folder for folder in seen}
        deployed = tuple(self.deployed)
        deploys = read.units or self.plan.charts or self.plan.plain or self.settings.apps
        if self.listing.files and not deploys:
            self.findings.append(find_missing_charts_of(self.facts.name, self.plan, deployed))
        unknown = any(each.kind == "Argo CD ApplicationSet" for each in self.deployed)
        enabling = read_enabling_lists(self.plan.charts, by_path, self.environments, self.files.read)
        told = {finding.place.path for finding in self.findings}
        self.findings.extend(find_unread_files(self.facts.name, self.files.problems, told))
        self.now_known = known_repository(self.address, reader, self.manifest_files, self.files.seen)
        return RepositoryContents(
            facts=self.facts,
            settings=self.settings,
            codeowners=codeowners,
            folders=tuple(sorted(read.folders, key=lambda folder: folder.path)),
            items=(*listed.items, *enabling.items),
            decided=enabling.folders | (frozenset() if unknown else not_applied(by_path, applications)),
            applications=tuple(applications),
            skipped=tuple(sorted(read.skipped, key=lambda skip: skip.place.sort_key)),
            catalog_files=tuple(
                path
                for path in self.listing.inside
                if path.endswith(CATALOG_FILE) and posixpath.basename(path) == CATALOG_FILE
            ),
            unreadable=frozenset(read.unreadable),
            doubtful=read.doubtful,
            directories=self._directories() | listed.unreadable if read.unreadable or read.doubtful else frozenset(),
            deployed=deployed,
            units=tuple(read.units),
            unit_folders=read.homes,
            left_out=homes.left_out,
        )

    def _directories(self) -> frozenset[str]:
        return frozenset(folder for path in self.listing.files for folder in folders_above(path))

    def _requests(
        self, value_files: Mapping[str, Mapping[str, Sequence[str]]], homes: Homes
    ) -> Iterator[FolderRequest]:
        """The folders to read: those with a chart first, those of units alone last."""
        for has_chart, folders in ((True, self.plan.charts), (False, homes.plain)):
            for planned in folders:
                named = value_files.get(planned.path)
                files = None if named is None else {name: tuple(each) for name, each in named.items()}
                names = self.environments.of(planned.path)
                units = homes.units.get(planned.path, ())
                yield FolderRequest(self.facts.name, planned, has_chart, names, files, units)
        for planned in homes.alone:
            self.files.seen.update(planned.at(name) for name in planned.files if name.startswith("../"))
            units, names = homes.units[planned.path], self.environments.of(planned.path)
            yield FolderRequest(
                self.facts.name, planned, has_chart=False, environments=names, units=units, is_unit=True
            )

    def documents(self) -> dict[str, tuple[Manifest, ...]]:
        """The documents of each file that some layout looks at."""
        paths = {*self.plan.manifests, *(path for path in self.listing.files if is_named(path))}
        documents: dict[str, tuple[Manifest, ...]] = {}
        lists = {file.path for each in self.settings.apps for file in files_of(each, self.listing)}
        self.asked |= lists
        for path in sorted(paths - self.listing.outside):
            said = self.manifest_files.read(Place(self.facts.name, path))
            if said.documents:
                documents[path] = said.documents
            if said.finding and path not in lists:  # whoever reads a list says what is wrong with it
                self.findings.append(said.finding)
                doubt = replace(said.finding, severity="error", remedy=_LAST_GOOD_STAY)
                self.doubtful.setdefault(posixpath.dirname(path), doubt)
        return documents

    def tool_files(self) -> Callable[[], ToolFiles]:
        """Makes the files that may tell tools what to deploy, once it is read: only a later export asks for them."""
        read, excluded = self.files.folder.read, self.settings.exclude
        given = self.facts, self.listing, read, self.plan.manifests, self.asked, excluded

        def make() -> ToolFiles:
            from scenedock.catalog.comparing.tool_files import ToolFiles

            return ToolFiles(*given)

        return make

    def _value(self, path: str) -> Json:
        self.asked.add(path)
        return read_value(path, self.files.read)

    def _codeowners(self) -> Codeowners:
        """The owners from the first such file; an invalid line is a finding, and sets no owner."""
        for path in CODEOWNERS_FILES:
            if path in self.listing.inside:
                try:
                    data = self.files.read(path)
                    check_length(data)
                except InputError as error:
                    remedy = "Make the file readable; until then it sets no owner."
                    self._warn("unreadable-codeowners", str(error), Place(self.facts.name, path), remedy)
                    return Codeowners()
                codeowners = Codeowners.read(data.decode("utf-8", "replace"), self.settings.owner_names, path=path)
                remedy = "Fix the line; until then it sets no owner."
                for line, problem in codeowners.problems.items():
                    self._warn("unreadable-codeowners", problem, Place(self.facts.name, path, line), remedy)
                return codeowners
        return Codeowners()

    def _warn(self, code: str, message: str, place: Place, remedy: str) -> None:
        self.findings.append(Finding("warning", code, message, place, remedy))


def _value_files_of(applications: Sequence[Application]) -> Mapping[str, Mapping[str, Sequence[str]]]:
    from scenedock.catalog.reading.argo.applications import value_files_of  # a repository of charts alone needs no Argo

    return value_files_of(applications)


def _own_settings(name: str, files: FileReader, listing: Listing) -> CatalogSettings:
    label = f"{name}/{FILE_NAME}"
    if FILE_NAME not in listing.inside:
        if FILE_NAME in listing.outside or FILE_NAME in listing.special:
            raise InputError(f"{label}: this is neither a file nor a link to one of the repository")
        if files.is_folder(FILE_NAME, listing):
            raise InputError(f"{label}: this is a folder; the settings have to be a file")
        return CatalogSettings()
    try:
        data = files.read(FILE_NAME)
    except InputError as error:
        raise InputError(f"{label}: {error}") from error
    return read_settings(data, label=label)
