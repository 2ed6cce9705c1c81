"""Read the folders of a repository, those of a large one by several processes; what comes out is the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

from scenedock.catalog.reading.folder_facts import FolderFacts, FolderRequest
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.local.forked import can_fork, cores, forked
from scenedock.usecases.catalog.known_facts import FolderFactsReader

_LARGE: Final = 2_000
"""Folders from which on a second process is worth its start."""
_MOST: Final = 4
"""Processes by default: what is not shared takes longer than what more of them would save, and each has memory."""
_AT_ONCE: Final = 100


def read_folders(
    reader: FolderFactsReader, requests: Sequence[FolderRequest], jobs: int | None
) -> Iterator[FolderFacts]:
    """What the folders say, in their order; so many processes read them, or for None as many as their number pays for.

    Folders are only shared where nothing of their reading is kept, and what reads them has no process of its own.
    """
    if jobs is None:
        jobs = min(cores(), _MOST) if len(requests) >= _LARGE else 1
    if jobs == 1 or not requests or not _can_be_shared(reader):
        yield from map(reader.read, requests)
        return
    size = -(-len(requests) // jobs)
    own, *others = (requests[begin : begin + size] for begin in range(0, len(requests), size))
    with ExitStack() as stack:
        results = [stack.enter_context(forked(partial(_share, reader, part))) for part in others]
        yield from map(reader.read, own)
        for part, given in zip(others, results, strict=True):
            found = given()
            for some in _parts(part):
                yield from _taken(reader, some, next(found, None))


def _can_be_shared(reader: FolderFactsReader) -> bool:
    keeps_nothing = reader.snapshot is None and reader.documents is None
    return keeps_nothing and isinstance(reader.files.folder, RepositoryFolder) and can_fork()


def _share(reader: FolderFactsReader, requests: Sequence[FolderRequest]) -> Iterator[object]:
    """What a fork gives: for each part of its folders the facts, and what could not be read."""
    problems = reader.files.problems
    for some in _parts(requests):
        problems.clear()
        yield [reader.read(each) for each in some], dict(problems)


def _taken(reader: FolderFactsReader, requests: Sequence[FolderRequest], found: object) -> Iterator[FolderFacts]:
    """The facts that a fork gave; what it didn't is read here."""
    match found:
        case ([*given], dict() as problems):
            facts = [each for each in given if isinstance(each, FolderFacts)]
            if len(facts) == len(requests):
                reader.files.problems.update(problems)
                yield from facts
                return
    yield from map(reader.read, requests)


def _parts(requests: Sequence[FolderRequest]) -> Iterator[Sequence[FolderRequest]]:
    return (requests[begin : begin + _AT_ONCE] for begin in range(0, len(requests), _AT_ONCE))
