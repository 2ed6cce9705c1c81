"""The facts of the feed's repositories in their table: what a build leaves there, and what is known from it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

from scenedock.catalog.mapping.services import DeployedService, MemberParts
from scenedock.catalog.reading.folder_facts import FolderFacts
from scenedock.catalog.refreshing.alone import CatalogIndex
from scenedock.effects.facts.table import FactsTable, Key, OpenFacts
from scenedock.effects.git.commands import GitAddress
from scenedock.effects.git.directories import digests_of
from scenedock.effects.git.snapshots import FileState, Snapshot, TreeState
from scenedock.effects.local.facts_file import unpack
from scenedock.model.entity import EntityRef
from scenedock.model.helm import HelmFolder
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.known_facts import (
    FactsOfRun,
    KnownFolder,
    KnownManifests,
    KnownRepository,
)
from scenedock.usecases.catalog.refreshing.kept_index import rows_of_index

T = TypeVar("T")

FileUse: TypeAlias = tuple[FileState, tuple[str, ...] | None]
"""The state of a file, if it has one here, and the folders whose facts it is among; None: it is read besides."""

CATALOG: Final[Key] = ("catalog", "", "")
_WANTED: Final[Key] = ("wanted", "", "")
PROOFS: Final[Key] = ("proofs", "", "")


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
    proofs = facts.get(PROOFS)
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
    weight = 0
    for name, known in made.facts.after.items():
        snapshot = made.facts.snapshots[name]
        rows["repository", name, ""] = KnownTree(known.address, snapshot.tree, snapshot.links)
        directories = {} if snapshot.tree else digests_of(snapshot.states)
        if not snapshot.tree:
            rows["directories", name, ""] = directories
        states.append((name, digest_of(TreeState(snapshot.tree, directories))))
        for directory, files in _uses(known, snapshot).items():
            rows["directory", name, directory] = files
        before = made.facts.before.get(name)
        kinds: tuple[tuple[str, Mapping[str, KnownFolder | KnownManifests], object], ...] = (
            ("folder", known.folders, before and before.folders),
            ("manifest", known.manifests, before and before.manifests),
        )
        for kind, now, then in kinds:
            given = then.given if isinstance(then, _Rows) else {}
            for path, each in now.items():
                weight += len(each.facts)
                if given.get(path) is each:
                    same.append((kind, name, path))
                else:
                    rows[kind, name, path] = each
    rows[CATALOG] = KnownCatalog(tuple(states), made.result)
    rows[_WANTED], rows[PROOFS] = made.wanted, dict(made.proofs)
    if made.result and made.index:
        rows |= rows_of_index(made.index)
        for service in made.services:
            if all(member.parts for member in service.members):
                parts = tuple((member.contents.facts.name, member.parts) for member in service.members)
                rows["service", "", service.name] = parts
    table.save_all(rows, same, replacing, weight)


def digest_of(state: TreeState) -> bytes:
    """What a tree's state is compared by."""
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


def known_parts(facts: OpenFacts, service: str) -> tuple[tuple[str, MemberParts], ...]:
    """What the members of a service are made of, with the names of their repositories; empty where nobody knows."""
    parts = facts.get(("service", "", service))
    return parts if isinstance(parts, tuple) else ()


def known_folder(facts: OpenFacts, repository: str, path: str) -> HelmFolder | None:
    """What a folder says, as it was read last."""
    row = facts.get(("folder", repository, path))
    known = unpack(row.facts) if isinstance(row, KnownFolder) else None
    return known.folder if isinstance(known, FolderFacts) else None
