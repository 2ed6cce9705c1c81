"""Collect what tells of the keys of a service: the same files and items of the services beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final, TypeAlias

from scenedock.changes.deployments.codeowners import owners_of
from scenedock.changes.deployments.deciding import IN_ITEM, ServiceJudge
from scenedock.changes.deployments.words import ServiceWords
from scenedock.changes.environments.entries import Entries, Entry, entries_of
from scenedock.changes.environments.evidence import Evidence, Neighbour
from scenedock.changes.environments.items import Item, within
from scenedock.errors import InputError, NotFoundError
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.deployments.pieces import ServicePieces
from scenedock.usecases.environments.pieces import Piece

MOST_NEIGHBOURS: Final = 30
_Like: TypeAlias = tuple[str, str | None, tuple[str, ...]]


@dataclass
class ServiceComparer:
    """Collects the evidence for the pieces of a service; each file is read once. `owners` is the file of CODEOWNERS."""

    ground: Ground
    source: ServicePieces
    owners: str = ""
    _entries: dict[str, Entries | None] = field(default_factory=dict)

    @cached_property
    def neighbours(self) -> Mapping[str, tuple[ServiceWords, Mapping[_Like, Piece], ServicePieces]]:
        """The services beside it, with their pieces by what makes them alike."""
        found: dict[str, tuple[ServiceWords, Mapping[_Like, Piece], ServicePieces]] = {}
        for service, releases in self.ground.by_service.items():
            is_here = any(each.repository == self.source.repository for each in releases)
            if service == self.source.service or not is_here or len(found) >= MOST_NEIGHBOURS:
                continue
            pieces = ServicePieces(self.ground, self.source.repository, service, self.source.new)
            if like := {_like(each, pieces.words): each for each in pieces.find()}:
                found[service] = pieces.words, like, pieces
        return found

    def entries(self, path: str, item: Item | None) -> Entries | None:
        """The entries of a file, or of an item of it; None where there is none, or it can't be read."""
        here = self._of_file(path)
        if here is None or item is None:
            return here
        try:
            inside = within(here, item, path)
        except InputError:
            return None
        return replace(inside, entries=tuple(_in_item(each, len(item.steps)) for each in inside))

    def entries_of(self, piece: Piece) -> Entries | None:
        """The entries of a piece; of a text, the whole of it."""
        if piece.path == self.owners:
            return owners_of(self._text(piece.path), self.source.homes[0])
        if piece.is_text:
            entries = self._of_file(piece.path)
            return entries if entries is None or entries.form == "encrypted" else _as_text(self._text(piece.path))
        return self.entries(piece.path, piece.item)

    def judge(self, piece: Piece) -> ServiceJudge:
        """What decides on the keys of a piece."""
        neighbours = {} if piece.is_text and piece.path != self.owners else dict(self._neighbours(piece))
        versions = {
            (line.line, next((key for key in reversed(line.spot.keys) if isinstance(key, str)), ""))
            for key in self.source.keys
            for line in self.ground.releases[key].lines
            if line.line and line.spot and line.path == self.real_path(piece.path)
        }
        return ServiceJudge(
            self.source.words,
            self.source.new,
            Evidence(neighbours),
            frozenset(versions),
            environment=piece.environment or "",
        )

    def real_path(self, path: str) -> str:
        """The file that a link leads to."""
        return self.ground.repositories[self.source.repository].real_path(path)

    def _neighbours(self, piece: Piece) -> Iterator[tuple[str, Neighbour]]:
        for service, (words, pieces, finder) in self.neighbours.items():
            if piece.path == self.owners:
                owners = owners_of(self._text(piece.path), finder.homes[0]) if finder.homes else None
                entries = owners if owners and owners.entries else None
            else:
                other = pieces.get(_like(piece, self.source.words))
                entries = self.entries(other.path, other.item) if other else None
            if entries is not None:
                yield service, Neighbour(words, entries, list(self._shared(piece, pieces)))

    def _shared(self, piece: Piece, pieces: Mapping[_Like, Piece]) -> Iterator[Entries]:
        """The values of a neighbour's files below a values file."""
        for key in self.source.keys:
            paths = [layer.path for layer in self.ground.deployed[key].layers if layer.is_file and not layer.elsewhere]
            if piece.item is None and piece.path in paths:
                for path in paths[: paths.index(piece.path)]:
                    other = pieces.get((self.source.words.marked(path), None, ()))
                    if other and (entries := self._of_file(other.path)):
                        yield entries
                return

    def _of_file(self, path: str) -> Entries | None:
        if path not in self._entries:
            try:
                self._entries[path] = entries_of(self.ground.read(self.source.repository, path), path)
            except (InputError, NotFoundError):
                self._entries[path] = None
        return self._entries[path]

    def _text(self, path: str) -> str:
        return self.ground.read(self.source.repository, path).decode("utf-8", "replace")


def _in_item(entry: Entry, depth: int) -> Entry:
    """An entry of an item, which is the same in other items, wherever they stand in their list."""
    return replace(entry, identity=(entry.identity[0], *IN_ITEM, *entry.identity[1 + depth :])) if depth else entry


def _as_text(text: str) -> Entries:
    return Entries("text", (Entry("", ("text",), 1, text, 0, len(text)),))


def _like(piece: Piece, words: ServiceWords) -> _Like:
    """What makes pieces of two services the same: the path but for the name, and where an item stands."""
    steps = tuple(map(str, piece.item.steps[:-1])) if piece.item else ()
    return words.marked(piece.path), piece.environment if piece.item else None, steps
