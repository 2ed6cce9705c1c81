"""The catalog as an installation keeps it: texts that whoever stores them needn't read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class KeptCatalog:
    """The last good catalog: `head` says what was refused and accepted, `feed` is what is served, `memory` the rest.

    `version` is what the store calls this state of it; empty for one that isn't stored. Each text is one line.
    """

    head: str
    feed: str
    memory: str
    version: str = ""

    @classmethod
    def of(cls, data: bytes) -> KeptCatalog:
        """The catalog of some data, which isn't stored."""
        head, feed, memory, _ = data.decode().split("\n")
        return cls(head, feed, memory)

    @property
    def data(self) -> bytes:
        """Its texts as they are in a file."""
        return f"{self.head}\n{self.feed}\n{self.memory}\n".encode()

    @property
    def digest(self) -> str:
        """What tells its texts from all others."""
        return digest_of(self.data)


@dataclass(frozen=True, slots=True)
class KeptEdit:
    """What makes another catalog of the data of one; and the digest of that.

    Each piece is where it begins in the data, where it ends, and what stands there then; they are in order.
    """

    pieces: tuple[tuple[int, int, bytes], ...] = ()
    digest: str = ""

    def applied(self, data: bytes) -> Iterator[bytes | memoryview]:
        """The data of the other one, in parts: what stays isn't copied."""
        yield from _edited(data, self.pieces)

    @classmethod
    def of(cls, data: bytes, pieces: tuple[tuple[int, int, bytes], ...]) -> KeptEdit:
        """The edit of some data."""
        digest = hashlib.sha256()
        for part in _edited(data, pieces):
            digest.update(part)
        return cls(pieces, digest.hexdigest())


def digest_of(data: bytes) -> str:
    """The digest of a catalog, of its data."""
    return hashlib.sha256(data).hexdigest()


def _edited(data: bytes, pieces: tuple[tuple[int, int, bytes], ...]) -> Iterator[bytes | memoryview]:
    view, at = memoryview(data), 0
    for begin, end, new in pieces:
        yield view[at:begin]
        yield new
        at = end
    yield view[at:]
