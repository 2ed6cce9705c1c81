"""Read the folders of a repository, those of a large one by several processes; what comes out is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scenedock.catalog.reading.folder_facts import FolderFacts, FolderRequest
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.local.forked import in_parts
from scenedock.structs import dataclass
from scenedock.usecases.catalog.known_facts import FolderFactsReader


@dataclass(frozen=True, slots=True)
class ReadFolders:
    """What some folders say, and of files that could not be read why."""

    facts: tuple[FolderFacts, ...]
    problems: Mapping[str, str]


def read_folders(
    reader: FolderFactsReader, requests: Sequence[FolderRequest], jobs: int | None
) -> Iterator[FolderFacts]:
    """What the folders say, in their order; so many processes read them, or for None as many as their number pays for.

    Folders are only shared where nothing of their reading is kept, and what reads them has no process of its own.
    """
    problems = reader.files.problems

    def read(some: Sequence[FolderRequest]) -> ReadFolders:
        known = set(problems)
        facts = tuple(map(reader.read, some))
        return ReadFolders(facts, {path: said for path, said in problems.items() if path not in known})

    if not _can_be_shared(reader):
        yield from map(reader.read, requests)
        return
    for each in in_parts(read, requests, jobs, ReadFolders):
        problems.update(each.problems)
        yield from each.facts


def _can_be_shared(reader: FolderFactsReader) -> bool:
    keeps_nothing = reader.snapshot is None and reader.documents is None
    return keeps_nothing and isinstance(reader.files.folder, RepositoryFolder)
