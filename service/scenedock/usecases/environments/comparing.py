"""Collect what tells of the keys of an environment: the same files elsewhere, of the service and of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scenedock.changes.environments.deciding import Judge
from scenedock.changes.environments.entries import Entries, entries_of
from scenedock.changes.environments.evidence import Evidence, Neighbour, Peer
from scenedock.changes.environments.items import Item, within
from scenedock.changes.environments.words import Words, path_for
from scenedock.errors import InputError, NotFoundError
from scenedock.releases.release import PairKey, Release
from scenedock.structs import dataclass, field
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.environments.pieces import Piece, PieceFinder

_MOST_PEERS = 60


@dataclass(slots=True)
class Comparer:
    """Collects the evidence for the pieces of a release; each file is read once."""

    ground: Ground
    release: Release
    new: str
    _entries: dict[str, Entries | None] = field(default_factory=dict)
    _pieces: dict[tuple[PairKey, str], Sequence[Piece]] = field(default_factory=dict)
    _peers: list[tuple[Release, Sequence[Piece]]] | None = None

    def judge(self, piece: Piece) -> Judge:
        """What decides on the keys of a piece."""
        neighbours = dict(self._neighbours(piece))
        peers = [peer for release, pieces in self._peer_pieces() for peer in self._peer(release, pieces, piece)]
        versions = {
            (line.line, next((key for key in reversed(line.spot.keys) if isinstance(key, str)), ""))
            for line in self.release.lines
            if line.line and line.spot and line.path == piece.path
        }
        form = Words(self.new).form
        has_both = any(each.environment == form for each in self.ground.releases.values() if form)
        old = Words(self.release.environment or "", self.release.service)
        return Judge(old, self.new, Evidence(neighbours, peers), frozenset(versions), has_both_forms=has_both)

    def entries_of(self, piece: Piece) -> Entries | None:
        """The entries of a piece; None where there is none, or it can't be read."""
        return self.entries(piece.path, piece.item)

    def entries(self, path: str, item: Item | None) -> Entries | None:
        """The entries of a file, or of an item of it; None where there is none, or it can't be read."""
        here = self._of_file(path)
        if here is None or item is None:
            return here
        try:
            return within(here, item, path)
        except InputError:
            return None

    def _neighbours(self, piece: Piece) -> Iterator[tuple[str, Neighbour]]:
        """The same piece in the other environments of the service."""
        old, shared = self.release.environment or "", self._shared(piece)
        for other in self.ground.by_service[self.release.service]:
            name = other.environment
            if name is None or name in {old, self.new} or other.repository != self.release.repository:
                continue
            like = (
                self.entries(own.path, own.item)
                for own in self._pieces_of(other, old)
                if piece.path in {own.path, path_for(own.path, name, old)}
            )
            if (entries := next((each for each in like if each is not None), None)) is not None:
                yield name, Neighbour(Words(name, self.release.service), entries, shared)

    def _pieces_of(self, release: Release, new: str) -> Sequence[Piece]:
        """What makes the environment of another release, whether or not another one has the same."""
        if (release.key, new) not in self._pieces:
            finder = PieceFinder(self.ground, release, new, is_compared=True)
            self._pieces[release.key, new] = finder.find()
        return self._pieces[release.key, new]

    def _shared(self, piece: Piece) -> Sequence[Entries]:
        """The values of the files below a values file that are not of one environment alone."""
        deployed = self.ground.deployed[self.release.key]
        paths = [layer.path for layer in deployed.layers if layer.is_file and not layer.elsewhere]
        if piece.item is not None or piece.path not in paths:
            return ()
        below = paths[: paths.index(piece.path)]
        found = (self._of_file(path) for path in below if path not in deployed.own_files)
        return [each for each in found if each is not None]

    def _peer_pieces(self) -> Sequence[tuple[Release, Sequence[Piece]]]:
        """The pieces of other services that have both environments; those with an own file in both."""
        if self._peers is None:
            self._peers = []
            old, own = self.release.environment, self.release
            for service, releases in self.ground.by_service.items():
                here = {each.environment: each for each in releases if each.repository == own.repository}
                if service != own.service and {old, self.new} <= here.keys() and len(self._peers) < _MOST_PEERS:
                    self._peers.append((here[old], self._pieces_of(here[old], self.new)))
        return self._peers

    def _peer(self, release: Release, pieces: Sequence[Piece], piece: Piece) -> Iterator[Peer]:
        """The files of another service that are like a piece."""
        for each in pieces:
            if (each.item is None) != (piece.item is None) or (each.item and each.path != piece.path):
                continue
            before, after = self.entries(each.path, each.item), self._after(release, each)
            if before is not None and after is not None and before.form == after.form:
                old, new = release.environment or "", self.new
                yield Peer(Words(old, release.service), Words(new, release.service), before, after)

    def _after(self, release: Release, piece: Piece) -> Entries | None:
        if piece.item is None:
            return self._of_file(piece.target)
        new = next((each for each in self.ground.by_service[release.service] if each.environment == self.new), None)
        pieces = self._pieces_of(new, release.environment or "") if new else ()
        own = next((each for each in pieces if each.item and each.path == piece.target), None)
        return self.entries(own.path, own.item) if own else None

    def _of_file(self, path: str) -> Entries | None:
        if path not in self._entries:
            try:
                self._entries[path] = entries_of(self._read(path), path)
            except (InputError, NotFoundError):
                self._entries[path] = None
        return self._entries[path]

    def _read(self, path: str) -> bytes:
        return self.ground.read(self.release.repository, path)
