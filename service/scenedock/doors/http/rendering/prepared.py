"""A long part of a page that was rendered and compressed before, and is sent as often as it is shown."""

from __future__ import annotations

import secrets
import struct
import zlib
from typing import Final

from markupsafe import Markup

from scenedock.doors.http.rendering.seen import seen
from scenedock.structs import dataclass

PLACE: Final = Markup("<!-- {} -->").format(secrets.token_hex(16))
"""What a template has in its place; nobody who writes into a repository can guess it."""
_LEVEL: Final = 5
_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""Of gzip (RFC 1952): deflate, no flags, no time, any system."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The HTML of a part, and the same compressed, so that it can stand between others."""

    html: bytes
    deflated: bytes

    @classmethod
    def of(cls, html: str) -> Prepared:
        """The part of some HTML."""
        data = seen(html).encode()
        return cls(data, _deflated(data, zlib.Z_FULL_FLUSH))

    def __html__(self) -> str:
        """What a template writes."""
        return PLACE

    def between(self, text: str) -> bytes:
        """A page in which it has its place."""
        head, _, tail = text.partition(PLACE)
        return b"".join((head.encode(), self.html, tail.encode()))

    def gzipped_between(self, text: str) -> bytes:
        """The same, compressed: three parts of one stream, of which none refers to another."""
        head, tail = (each.encode() for each in text.split(PLACE))
        checksum = zlib.crc32(tail, zlib.crc32(self.html, zlib.crc32(head)))
        size = len(head) + len(self.html) + len(tail)
        parts = _deflated(head, zlib.Z_FULL_FLUSH), self.deflated, _deflated(tail, zlib.Z_FINISH)
        return b"".join((_HEADER, *parts, struct.pack("<II", checksum, size & 0xFFFFFFFF)))

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return len(self.html) + len(self.deflated)


def _deflated(data: bytes, end: int) -> bytes:
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush(end)
