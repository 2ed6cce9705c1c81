"""What is known of repositories from the last time, so that only what has changed is read again."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping

from scenedock.catalog.reading.folder_facts import FolderFacts, FolderRequest, read_folder
from scenedock.catalog.reading.layouts.manifests import NOTHING, ManifestFile, read_manifest_file
from scenedock.documents.reading import Document
from scenedock.effects.git.commands import GitAddress
from scenedock.effects.git.repositories import Repository
from scenedock.effects.git.snapshots import FileState, Snapshot
from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Place
from scenedock.model.helm import Listing
from scenedock.structs import dataclass, field, replace


@dataclass(slots=True)
class FileReader:
    """Reads the files of a repository, and remembers which if it `notes` them, and of those that can't be read why."""

    folder: Repository
    problems: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    notes: bool = True

    def read(self, path: str) -> bytes:
        """The bytes of a file.

        Raises
        ------
        InputError   it can't be read
        """
        if self.notes:
            self.seen.add(path)
        try:
            return self.folder.read(path)
        except InputError as error:
            self.problems[path] = str(error)
            raise

    def is_folder(self, path: str, listing: Listing) -> bool:
        """Whether a path is a folder, also one without files, which no listing has."""
        if path in listing.folder_links or any(each.startswith(f"{path}/") for each in listing.files):
            return True
        try:
            self.folder.read(path)
        except InputError as error:
            return isinstance(error.__cause__, IsADirectoryError)
        return False


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """The facts of a folder, packed, what was asked for them, and the states of its files in their order.

    One more state, which is None, says that a file could not be read.
    """

    request: FolderRequest
    states: tuple[FileState, ...]
    facts: bytes


@dataclass(frozen=True, slots=True)
class KnownManifests:
    """What a file says to layouts, packed, and its state; `facts` is empty where none looks at it."""

    state: FileState
    facts: bytes


@dataclass(frozen=True, slots=True)
class KnownRepository:
    """A repository as it was read: its folders by path, and which `others` of its files were read besides theirs.

    `manifests` are those of the others that a layout could look at.
    """

    address: GitAddress
    snapshot: Snapshot
    charts: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    folders: Mapping[str, KnownFolder] = field(default_factory=dict)
    manifests: Mapping[str, KnownManifests] = field(default_factory=dict)


@dataclass(slots=True)
class FactsOfRun:
    """What was known of repositories before a run, and is after it, by name."""

    before: Mapping[str, KnownRepository] = field(default_factory=dict)
    after: dict[str, KnownRepository] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """All files of the repositories before they were read."""
    complete: bool = True
    """Whether all files could be read."""


@dataclass(slots=True)
class FolderFactsReader:
    """Reads the folders of one repository, unless nothing that its facts depend on has changed.

    Without a `snapshot`, it knows and keeps nothing. `documents`, if there are any, get those of what it reads.
    """

    files: FileReader
    charts: Collection[str]
    snapshot: Snapshot | None = None
    documents: dict[str, Document] | None = None
    known: Mapping[str, KnownFolder] = field(default_factory=dict)
    kept: dict[str, KnownFolder] = field(default_factory=dict)

    def read(self, request: FolderRequest) -> FolderFacts:
        """What a folder says."""
        if self.snapshot is None:
            return read_folder(request, self.charts, self.files.read, self.documents)
        from scenedock.effects.local.facts_file import pack, unpack

        path = request.planned.path
        known, states = self.known.get(path), _states(request, self.snapshot)
        if known and None not in states and known.states == states and known.request == request:
            facts = unpack(known.facts)
            if isinstance(facts, FolderFacts) and facts.holds(self.charts):
                self.kept[path] = known
                return facts
        facts = read_folder(request, self.charts, self.files.read, self.documents)
        if any(request.planned.at(name) in self.files.problems for name in request.planned.files):
            states = (*states, None)
        self.kept[path] = KnownFolder(request, states, pack(facts))
        return facts


@dataclass(slots=True)
class ManifestsReader:
    """Reads the files of one repository that a layout could look at, unless they haven't changed.

    Without a `snapshot`, it knows and keeps nothing.
    """

    files: FileReader
    snapshot: Snapshot | None = None
    known: Mapping[str, KnownManifests] = field(default_factory=dict)
    kept: dict[str, KnownManifests] = field(default_factory=dict)

    def read(self, place: Place) -> ManifestFile:
        """What a file says to layouts; nothing where it can't be read."""
        path = place.path
        known, state = self.known.get(path), self.snapshot.states.get(path) if self.snapshot else None
        if known and state is not None and known.state == state:
            from scenedock.effects.local.facts_file import unpack

            facts = unpack(known.facts) if known.facts else NOTHING
            if isinstance(facts, ManifestFile):
                self.files.seen.add(path)
                self.kept[path] = known
                return facts
        try:
            read = read_manifest_file(place, self.files.read(path))
        except InputError:
            return NOTHING
        if self.snapshot:
            from scenedock.effects.local.facts_file import pack

            self.kept[path] = KnownManifests(state, b"" if read == NOTHING else pack(read))
        return read


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """A repository as it is known now, and the paths of its files that have changed, though they say the same."""

    known: KnownRepository
    changed: frozenset[str] = frozenset()


def look_again(known: KnownRepository, repository: Repository) -> SeenAgain | None:
    """The repository as it is known now, if whatever has changed since says the same; None where more is to be read.

    Raises
    ------
    ScenedockError   it can't be read
    """
    changes = repository.changes(known.snapshot)  # before anything is read: what changes meanwhile is for the next time
    from scenedock.effects.local.facts_file import unpack

    if changes is None or not known.others.isdisjoint(changes.states) or repository.address() != known.address:
        return None
    if not changes.states:
        return SeenAgain(known)
    folders = dict(known.folders)
    for path in {folder for change in changes.states for folder in _folders_of(change, folders)}:
        before = folders[path]
        files = FileReader(repository)
        facts = read_folder(before.request, known.charts, files.read)
        if files.problems or not say_the_same(unpack(before.facts), facts):
            return None
        known_states = zip(before.request.planned.files, before.states, strict=False)
        states = tuple(changes.states.get(before.request.planned.at(name), state) for name, state in known_states)
        folders[path] = replace(before, states=states)
    return SeenAgain(replace(known, snapshot=_lean(changes.now), folders=folders), frozenset(changes.states))


def say_the_same(before: object, now: FolderFacts) -> bool:
    """Whether facts are equal and written alike: for Python 1 is true and 1.0, and the order of keys is nothing."""
    return isinstance(before, FolderFacts) and before == now and _handwritten(before) == _handwritten(now)


def _handwritten(facts: FolderFacts) -> str:
    """The only part of facts that holds JSON as a person wrote it."""
    folders = [folder for folder in (facts.folder, facts.home) if folder]
    return json.dumps([[entity.document for entity in folder.handwritten] for folder in folders])


def known_repository(
    address: GitAddress, reader: FolderFactsReader, manifests: ManifestsReader, others: Iterable[str]
) -> KnownRepository | None:
    """What is known of a repository after it was read; None where nothing is to be kept."""
    if reader.snapshot is None:
        return None
    snapshot, charts = _lean(reader.snapshot), frozenset(reader.charts)
    return KnownRepository(address, snapshot, charts, frozenset(others), reader.kept, manifests.kept)


def _lean(snapshot: Snapshot) -> Snapshot:
    """A snapshot without what git can tell of its tree."""
    return replace(snapshot, states={}) if snapshot.tree else snapshot


def _states(request: FolderRequest, snapshot: Snapshot) -> tuple[FileState, ...]:
    return tuple(snapshot.states.get(request.planned.at(name)) for name in request.planned.files)


def _folders_of(path: str, folders: Mapping[str, KnownFolder]) -> Iterator[str]:
    """The folders that a file is part of."""
    for folder in ("", *folders_above(path)):
        if folder in folders and posixpath.relpath(path, folder or ".") in folders[folder].request.planned.files:
            yield folder
