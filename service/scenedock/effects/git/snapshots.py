"""What the files of a repository were at one time, so that later only those that have changed are read again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeAlias

from scenedock.structs import dataclass, field

FileState: TypeAlias = str | tuple[int, int, int, int] | None
"""What changes whenever the content of a file does: the id of its blob, or size, times and inode; None if unknown."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The states of all files by path; or instead the id of the tree that they are in, from which git can tell them.

    `links` says that some are links: what these lead to changes without them.
    """

    states: Mapping[str, FileState] = field(default_factory=dict)
    tree: str = ""
    links: bool = False

    def changes(self, now: Snapshot) -> Changes | None:
        """The files with other states; None where there are others, or nobody can tell."""
        if self.links or now.links or self.states.keys() != now.states.keys():
            return None
        before = self.states
        changed = {path: state for path, state in now.states.items() if state is None or before[path] != state}
        return Changes(changed, now)


@dataclass(frozen=True, slots=True)
class Changes:
    """The files that have other states since a snapshot, with these, and what the snapshot would be now."""

    states: Mapping[str, FileState]
    now: Snapshot


def state_of(facts: os.stat_result) -> tuple[int, int, int, int]:
    """Size, times and inode; a file whose permissions have changed has only another second time."""
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino


@dataclass(frozen=True, slots=True)
class TreeState:
    """All files at one time, in short: the id of the tree that they are in, or else a digest of each directory's."""

    tree: str = ""
    directories: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeenTree:
    """The files that have other states than at an earlier time, with these, and all files in short, no newer."""

    states: Mapping[str, FileState]
    now: TreeState
