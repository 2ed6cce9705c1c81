"""A look at the repositories: what has changed since their facts were kept, read and written row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from scenedock.catalog.reading.folder_facts import FolderFacts, read_folder
from scenedock.catalog.refreshing.alone import CatalogIndex
from scenedock.catalog.vocabulary.owners import CODEOWNERS_FILES
from scenedock.effects.facts.table import FactsTable, Key, OpenFacts
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.effects.git.snapshots import FileState, SeenTree, TreeState
from scenedock.effects.local.facts_file import pack, unpack
from scenedock.errors import ScenedockError
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.known_facts import FileReader, KnownFolder, say_the_same
from scenedock.usecases.catalog.refreshing.kept_facts import (
    CATALOG,
    PROOFS,
    KnownCatalog,
    KnownTree,
    digest_of,
)
from scenedock.usecases.catalog.refreshing.kept_index import INDEX, row_of_index


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
        if not isinstance(directories, dict) or digest_of(TreeState(known.tree, directories)) != self.state:
            return False
        seen = self.repository.look(TreeState(known.tree, directories), self._states_in)
        if seen is None or self.repository.address() != known.address:
            return False
        if seen.now.tree != known.tree:
            self.rows["repository", self.name, ""] = replace(known, tree=seen.now.tree)
        if seen.now.directories != directories:
            self.rows["directories", self.name, ""] = dict(seen.now.directories)
        if self.rows:
            self.state = digest_of(seen.now)
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
    catalog = facts.get(CATALOG) if facts.version else None
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


def keep_changes(
    table: FactsTable,
    replacing: str,
    looked: Looked,
    result: str = "",
    proofs: Mapping[str, str] | None = None,
    index: CatalogIndex | None = None,
) -> None:
    """Keep what a look has shown and, if another catalog was made, what is known of that; and another index, whose
    tables are the same.
    """
    rows: dict[Key, object | None] = dict(looked.rows)
    if result:
        rows[PROOFS] = dict(proofs or {})
    if index:
        rows[INDEX] = row_of_index(index)
    if rows:
        catalog = replace(looked.catalog, result=result or looked.catalog.result)
        table.save({**rows, CATALOG: catalog}, replacing)
