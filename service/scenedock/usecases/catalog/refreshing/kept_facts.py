"""The facts of the feed's repositories in their table: what a look needs of them, and what a build leaves there."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeAlias, TypeVar

from scenedock.catalog.mapping.services import DeployedService, MemberParts
from scenedock.catalog.reading.folder_facts import FolderFacts, read_folder
from scenedock.catalog.refreshing.alone import CatalogIndex
from scenedock.catalog.vocabulary.owners import CODEOWNERS_FILES
from scenedock.effects.facts.table import FactsTable, Key, OpenFacts
from scenedock.effects.git.commands import GitAddress
from scenedock.effects.git.directories import digests_of
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.effects.git.snapshots import FileState, SeenTree, Snapshot, TreeState
from scenedock.effects.local.facts_file import pack, unpack
from scenedock.errors import ScenedockError
from scenedock.model.entity import EntityRef
from scenedock.model.helm import HelmFolder
from scenedock.usecases.catalog.known_facts import (
    FactsOfRun,
    FileReader,
    KnownFolder,
    KnownManifests,
    KnownRepository,
    say_the_same,
)

T = TypeVar("T")

FileUse: TypeAlias = tuple[FileState, tuple[str, ...] | None]
"""The state of a file, if it has one here, and the folders whose facts it is among; None: it is read besides."""

_CATALOG: Final[Key] = ("catalog", "", "")
_WANTED: Final[Key] = ("wanted", "", "")
_PROOFS: Final[Key] = ("proofs", "", "")
_INDEX: Final[Key] = ("index", "", "")


@dataclass(frozen=True, slots=True)
class KnownCatalog:
    """The repositories by name, each with a digest of its files' state, and the digest of what was made of them only.

    The latter is empty where files could not be read, or where something stays that the repositories don't say. The
    former tells rows that are of another time: each row is valid, also one that a damaged table brings back.
    """

    repositories: tuple[tuple[str, bytes], ...]
    result: str = ""


@dataclass(frozen=True, slots=True)
class KnownTree:
    """A repository as it was read: its address, and the tree of a clone. `links`: some of its files are links."""

    address: GitAddress
    tree: str
    links: bool


@dataclass(frozen=True, slots=True)
class MadeOfFacts:
    """What a build was made of, and the digest of its catalog if it was made of nothing else.

    `wanted` is as in `BuiltFeed`, `proofs` as in `Feed`. With an `index`, one of the `services` can be mapped alone.
    """

    facts: FactsOfRun
    result: str
    wanted: tuple[EntityRef, ...]
    proofs: Mapping[str, str] = field(default_factory=dict)
    index: CatalogIndex | None = None
    services: Sequence[DeployedService] = ()


class _Rows(Mapping[str, T], Generic[T]):
    """The rows of a kind that a repository has, by name; those that were asked for are `given`."""

    def __init__(self, facts: OpenFacts, kind: str, repository: str, of: type[T]) -> None:
        self._facts, self._kind, self._repository, self._of = facts, kind, repository, of
        self.given: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        found = self._facts.get((self._kind, self._repository, name))
        if not isinstance(found, self._of):
            raise KeyError(name)
        self.given[name] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts.names(self._kind, self._repository))

    def __len__(self) -> int:
        return len(self._facts.names(self._kind, self._repository))


def known_before(facts: OpenFacts, names: Sequence[str]) -> dict[str, KnownRepository]:
    """What is known of the folders and manifests of some repositories; each is read when it is asked for."""
    if not facts.version:
        return {}
    return {
        name: KnownRepository(
            GitAddress(),
            Snapshot(),
            folders=_Rows(facts, "folder", name, KnownFolder),
            manifests=_Rows(facts, "manifest", name, KnownManifests),
        )
        for name in names
    }


def known_proofs(facts: OpenFacts) -> Mapping[str, str]:
    """The proofs of the feed's files, as in `Feed`."""
    proofs = facts.get(_PROOFS)
    return proofs if isinstance(proofs, dict) else {}


def known_wanted(facts: OpenFacts) -> tuple[EntityRef, ...] | None:
    """The entities that are emitted only if they don't come from elsewhere; None where that isn't known."""
    wanted = facts.get(_WANTED)
    return wanted if isinstance(wanted, tuple) else None


def keep_facts(table: FactsTable, made: MadeOfFacts, replacing: str) -> None:
    """Keep what a build was made of: rows that are there already stay as they are, those of anything else go.

    Nothing is kept if the table isn't any more what the build has `replacing` as the version of what it has read.
    """
    rows: dict[Key, object] = {}
    same: list[Key] = []
    states: list[tuple[str, bytes]] = []
    for name, known in made.facts.after.items():
        snapshot = made.facts.snapshots[name]
        rows["repository", name, ""] = KnownTree(known.address, snapshot.tree, snapshot.links)
        directories = {} if snapshot.tree else digests_of(snapshot.states)
        if not snapshot.tree:
            rows["directories", name, ""] = directories
        states.append((name, _digest(TreeState(snapshot.tree, directories))))
        for directory, files in _uses(known, snapshot).items():
            rows["directory", name, directory] = files
        before = made.facts.before.get(name)
        kinds: tuple[tuple[str, Mapping[str, object], object], ...] = (
            ("folder", known.folders, before and before.folders),
            ("manifest", known.manifests, before and before.manifests),
        )
        for kind, now, then in kinds:
            given = then.given if isinstance(then, _Rows) else {}
            for path, each in now.items():
                if given.get(path) is each:
                    same.append((kind, name, path))
                else:
                    rows[kind, name, path] = each
    rows[_CATALOG] = KnownCatalog(tuple(states), made.result)
    rows[_WANTED], rows[_PROOFS] = made.wanted, dict(made.proofs)
    if made.result and made.index:
        rows[_INDEX] = made.index
        for service in made.services:
            if all(member.parts for member in service.members):
                parts = tuple((member.contents.facts.name, member.parts) for member in service.members)
                rows["service", "", service.name] = parts
    table.save_all(rows, same, replacing)


def _digest(state: TreeState) -> bytes:
    lines = [path.encode("utf-8", "surrogatepass") + b"\0" + each for path, each in sorted(state.directories.items())]
    return hashlib.sha256(b"\n".join((state.tree.encode(), *lines))).digest()


def _uses(known: KnownRepository, snapshot: Snapshot) -> dict[str, dict[str, FileUse]]:
    """For each directory its files by name, with what each is used for."""
    folders: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for path, folder in known.folders.items():
        for name in folder.request.planned.files:
            folders[folder.request.planned.at(name)] += (path,)
    uses: dict[str, dict[str, FileUse]] = defaultdict(dict)
    for path, state in snapshot.states.items():
        use = None if path in known.others else folders.get(path, ())
        directory, _, name = path.rpartition("/")
        uses[directory][name] = (None if snapshot.tree else state, use)
    return uses


@dataclass(slots=True)
class _Look:
    """A look at one repository: `rows` are those that have changed, `otherwise` folders that say something else now.

    `state` is the digest of its files' state: the one expected, and then the one of now. The folders have the facts
    from before and of now, whose faces are the same. `codeowners` has the bytes of a file of owners that has changed,
    by its path.
    """

    name: str
    repository: Repository
    facts: OpenFacts
    state: bytes
    rows: dict[Key, object | None] = field(default_factory=dict)
    otherwise: dict[str, tuple[FolderFacts, FolderFacts]] = field(default_factory=dict)
    codeowners: dict[str, bytes] = field(default_factory=dict)

    def is_enough(self) -> bool:
        """Whether whatever has changed since it was read is known now.

        Raises
        ------
        ScenedockError   it can't be read
        """
        known = self.facts.get(("repository", self.name, ""))
        if not isinstance(known, KnownTree) or known.links:
            return False
        directories = {} if known.tree else self.facts.get(("directories", self.name, ""))
        if not isinstance(directories, dict) or _digest(TreeState(known.tree, directories)) != self.state:
            return False
        seen = self.repository.look(TreeState(known.tree, directories), self._states_in)
        if seen is None or self.repository.address() != known.address:
            return False
        if seen.now.tree != known.tree:
            self.rows["repository", self.name, ""] = replace(known, tree=seen.now.tree)
        if seen.now.directories != directories:
            self.rows["directories", self.name, ""] = dict(seen.now.directories)
        if self.rows:
            self.state = _digest(seen.now)
        folders = self._folders_of(seen)
        return folders is not None and all(self._read(path, seen.states) for path in sorted(folders))

    def _states_in(self, directory: str) -> Mapping[str, FileState] | None:
        files = self.facts.get(("directory", self.name, directory))
        return {name: use[0] for name, use in files.items()} if isinstance(files, dict) else None

    def _folders_of(self, seen: SeenTree) -> set[str] | None:
        """The folders that changed files are part of; None where one is read besides, or nobody knows."""
        folders: set[str] = set()
        changed: dict[str, dict[str, FileState]] = defaultdict(dict)
        for path, state in seen.states.items():
            directory, _, name = path.rpartition("/")
            changed[directory][name] = state
        for directory, states in changed.items():
            files = self.facts.get(("directory", self.name, directory))
            if not isinstance(files, dict) or not files.keys() >= states.keys():
                return None
            for name, state in states.items():
                use = files[name][1]
                path = f"{directory}/{name}".lstrip("/")
                if use is None and path not in CODEOWNERS_FILES:
                    return None
                if use is None:
                    self.codeowners[path] = self.repository.read(path)
                folders.update(use or ())
                files[name] = (None if seen.now.tree else state, use)
            if not seen.now.tree:
                self.rows["directory", self.name, directory] = files
        return folders

    def _read(self, path: str, states: Mapping[str, FileState]) -> bool:
        before = self.facts.get(("folder", self.name, path))
        known = unpack(before.facts) if isinstance(before, KnownFolder) else None
        if not isinstance(before, KnownFolder) or not isinstance(known, FolderFacts):
            return False
        files = FileReader(self.repository)
        charts = [folder for folder, is_chart in known.asked.items() if is_chart]
        now = read_folder(before.request, charts, files.read)  # it asks for others only if it says something else
        if files.problems or None in before.states[len(before.request.planned.files) :]:
            return False
        is_same = say_the_same(known, now)
        if not is_same:
            if not _show_the_same(known, now):
                return False
            self.otherwise[path] = known, now
        at = before.request.planned.at
        known_states = zip(before.request.planned.files, before.states, strict=False)
        new = tuple(states.get(at(name), state) for name, state in known_states)
        self.rows["folder", self.name, path] = KnownFolder(before.request, new, before.facts if is_same else pack(now))
        return True


def _show_the_same(before: FolderFacts, now: FolderFacts) -> bool:
    """Whether facts are equal but for what the face of their folder leaves out."""
    if before.folder is None or now.folder is None:
        return False
    return replace(before, folder=before.folder.face) == replace(now, folder=now.folder.face)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at all repositories has shown: the rows that have changed, and folders that say something else.

    `catalog` is the last one, with the states of now. The folders are by repository and path, as files of owners are;
    all as in a look at one of them.
    """

    catalog: KnownCatalog
    rows: Mapping[Key, object | None]
    otherwise: Mapping[tuple[str, str], tuple[FolderFacts, FolderFacts]]
    codeowners: Mapping[tuple[str, str], bytes]

    @property
    def says_the_same(self) -> bool:
        """Whether nothing says anything else."""
        return not self.otherwise and not self.codeowners


def look_at(facts: OpenFacts, repositories: Mapping[str, ServedRepository], result: str) -> Looked | None:
    """What has changed since the catalog of this digest was made; None where more than a few folders is to be read."""
    catalog = facts.get(_CATALOG) if facts.version else None
    if not isinstance(catalog, KnownCatalog) or catalog.result != result:
        return None
    if tuple(name for name, _ in catalog.repositories) != tuple(repositories):
        return None
    states: list[tuple[str, bytes]] = []
    rows: dict[Key, object | None] = {}
    otherwise: dict[tuple[str, str], tuple[FolderFacts, FolderFacts]] = {}
    codeowners: dict[tuple[str, str], bytes] = {}
    try:
        for name, state in catalog.repositories:
            with repositories[name].opened() as opened:
                look = _Look(name, opened, facts, state)
                if not look.is_enough():
                    return None
                states.append((name, look.state))
                rows |= look.rows
                otherwise |= {(name, path): each for path, each in look.otherwise.items()}
                codeowners |= {(name, path): data for path, data in look.codeowners.items()}
    except ScenedockError:
        return None  # whoever reads it all says what is wrong
    return Looked(replace(catalog, repositories=tuple(states)), rows, otherwise, codeowners)


def known_index(facts: OpenFacts) -> CatalogIndex | None:
    """What a service is mapped alone with."""
    index = facts.get(_INDEX)
    return index if isinstance(index, CatalogIndex) else None


def known_parts(facts: OpenFacts, service: str) -> tuple[tuple[str, MemberParts], ...]:
    """What the members of a service are made of, with the names of their repositories; empty where nobody knows."""
    parts = facts.get(("service", "", service))
    return parts if isinstance(parts, tuple) else ()


def known_folder(facts: OpenFacts, repository: str, path: str) -> HelmFolder | None:
    """What a folder says, as it was read last."""
    row = facts.get(("folder", repository, path))
    known = unpack(row.facts) if isinstance(row, KnownFolder) else None
    return known.folder if isinstance(known, FolderFacts) else None


def keep_changes(
    table: FactsTable,
    replacing: str,
    looked: Looked,
    result: str = "",
    proofs: Mapping[str, str] | None = None,
    index: CatalogIndex | None = None,
) -> None:
    """Keep what a look has shown and, if another catalog was made, what is known of that; and another index."""
    rows: dict[Key, object | None] = dict(looked.rows)
    if result:
        rows[_PROOFS] = dict(proofs or {})
    if index:
        rows[_INDEX] = index
    if rows:
        catalog = replace(looked.catalog, result=result or looked.catalog.result)
        table.save({**rows, _CATALOG: catalog}, replacing)
