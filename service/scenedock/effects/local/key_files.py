"""Keys in files that replicas share: the first to come makes the file, whole, and all have what is in it."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from scenedock.effects.local.disk import new_file_beside, read_file
from scenedock.errors import InputError

_NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What `link` says on file systems that have none, such as SMB shares and some of FUSE's."""


def shared_key(path: Path, make: Callable[[], bytes], what: str) -> bytes:
    """The content of a key file; where there is none it is made, readable for its owner alone.

    Any number of processes may come at once, of containers that share nothing but the folder: they all get the same
    key, that of the file. `what` is how errors call the key.

    Raises
    ------
    InputError, NotFoundError   the file can't be made or read
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with new_file_beside(path, make(), 0o600) as beside:
                _name(beside, path)
    except OSError as error:
        raise InputError(f"{path}: {what} can't be written here: {error.strerror or error}") from error
    return read_file(path)


def _name(file: Path, path: Path) -> None:
    """Give a file its name, unless there is one of this name by now."""
    try:
        os.link(file, path)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        with path.with_name(f".{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                file.replace(path)
    with suppress(OSError):  # not every file system can: then the name is safe a little later
        _save(path.parent)


def _save(folder: Path) -> None:
    """Have the names in a folder outlast a power cut, before anything is made with a key that is found by one."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
