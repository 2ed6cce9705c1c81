"""The state of a repository whose versions are shown although it can't be read, or fetched, now."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class ReadState:
    """The state in which a repository was read: its `commit`, empty for a folder, and when (ISO 8601), if known.

    `why` says why it is the last good one and not that of now; it is empty while it is that of now.
    """

    commit: str = ""
    read_at: str = ""
    why: str = ""

    def __str__(self) -> str:
        """`commit 1a2b3c4d5e, read 2026-05-01T12:00:00Z`."""
        commit = f"commit {self.commit[:10]}" if self.commit else ""
        return ", ".join(filter(None, (commit, f"read {self.read_at}" if self.read_at else "")))


NONE_STALE: Final[Mapping[str, ReadState]] = MappingProxyType({})
"""Each repository is as it could be read and fetched the last time."""
