"""Keys in files that replicas share: the first one creates the file, and all use its content."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from scenedock.effects.local.disk import make_private_folder, new_file_beside, read_file
from scenedock.errors import InputError

_NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""The errors of `link` on file systems without hard links, such as SMB shares and some FUSE file systems."""


def shared_key(path: Path, make: Callable[[], bytes], what: str) -> bytes:
    """The content of a key file; if there is none, it is created, readable only for its owner, and ignored by git.

    Any number of processes may call this at once, in containers that share only the folder: all get the same key, the
    one in the file. `what` is the name of the key in errors.

    Raises
    ------
    InputError, NotFoundError   the file can't be created or read
    """
    try:
        if not path.exists():
            make_private_folder(path.parent)
            with new_file_beside(path, make(), 0o600) as beside:
                _name(beside, path)
    except OSError as error:
        raise InputError(f"{path}: {what} can't be written here: {error.strerror or error}") from error
    except InputError as error:
        raise InputError(f"{path}: {what} can't be written here: {error}") from error
    return read_file(path)


def _name(file: Path, path: Path) -> None:
    """Rename a file, unless a file with the new name exists by now."""
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
    with suppress(OSError):  # not every file system supports it: then the name is safe a little later
        _save(path.parent)


def _save(folder: Path) -> None:
    """Make the names in a folder survive a power failure, before anything is encrypted with a key in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
