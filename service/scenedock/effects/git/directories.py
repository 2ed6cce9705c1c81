"""The directories of a folder on disk in short: a digest of each, so that a look examines the files of changed ones."""

from __future__ import annotations

import errno
import os
import posixpath
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from scenedock.effects.git.snapshots import FileState, SeenTree, TreeState, state_of

StatesIn: TypeAlias = Callable[[str], Mapping[str, FileState] | None]
"""The states that the files of a directory had, by name; None where nobody knows them."""

_OPEN: Final = b""
"""Instead of the digest of a directory with a file whose state isn't known: no digest is equal to it."""


def digests_of(states: Mapping[str, FileState]) -> dict[str, bytes]:
    """The digest of each directory with files, of the states of all files by path."""
    lines: dict[str, list[str]] = defaultdict(list)
    unknown: set[str] = set()
    for path, state in states.items():
        directory, _, name = path.rpartition("/")
        if isinstance(state, tuple):
            lines[directory].append(_line(name, *state))
        else:
            unknown.add(directory)
    known = {directory: _digest(each) for directory, each in lines.items() if directory not in unknown}
    return known | dict.fromkeys(unknown, _OPEN)


def look_at_directories(
    root: Path, since: TreeState, states_in: StatesIn, settled: int, not_entered: Collection[str]
) -> SeenTree | None:
    """The files with other states; None where there are other files or directories, or one of them is a link.

    A file has a state if it has changed last before the time `settled`, in nanoseconds since the epoch.

    Raises
    ------
    OSError   a directory can't be read
    """
    now = _digests(root, not_entered)
    if now.keys() != since.directories.keys():
        return None
    changed: dict[str, FileState] = {}
    for directory, digest in now.items():
        if digest != since.directories[directory]:
            before, states = states_in(directory), _states(root / directory, settled)
            if before is None or states is None or before.keys() != states.keys():
                return None
            for name, state in states.items():
                if state is None or before[name] != state:
                    changed[posixpath.join(directory, name)] = state
            if None in states.values():
                now[directory] = _OPEN
    return SeenTree(changed, TreeState(directories=now))


def _digests(root: Path, not_entered: Collection[str]) -> dict[str, bytes]:
    """The digest of each directory with files; with as little work for each file as possible."""
    digests: dict[str, bytes] = {}
    waiting = [""]
    while waiting:
        directory, lines = waiting.pop(), list[str]()
        try:
            with os.scandir(f"{root}/{directory}") as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False):
                        facts = entry.stat(follow_symlinks=False)
                        lines.append(_line(entry.name, *state_of(facts)))
                    elif entry.name not in not_entered:
                        waiting.append(f"{directory}/{entry.name}" if directory else entry.name)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
        if lines:
            digests[directory] = _digest(lines)
    return digests


def _states(directory: Path, settled: int) -> dict[str, FileState] | None:
    """The states of the files of a directory; None if one is a link."""
    states: dict[str, FileState] = {}
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_symlink():
                return None
            if not entry.is_dir(follow_symlinks=False):
                state = state_of(entry.stat(follow_symlinks=False))
                states[entry.name] = state if max(state[1:3]) < settled else None
    return states


def _line(name: str, size: int, modified: int, changed: int, inode: int) -> str:
    return f"{name}\0{size} {modified} {changed} {inode}"


def _digest(lines: list[str]) -> bytes:
    import hashlib

    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).digest()[:16]
