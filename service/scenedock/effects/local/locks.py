"""Locks between processes, which are released when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scenedock.errors import InputError, NotFoundError, TemporaryError

_SECONDS_TO_WAIT = 60.0


@contextmanager
def only_one(lock: Path, what: str) -> Iterator[None]:
    """Hold a lock file, which is removed at the end; a second process is refused.

    Raises
    ------
    TemporaryError   another process holds it
    NotFoundError    its folder doesn't exist
    InputError       it can't be created
    """
    file = _held(lock, what)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(file)


def _held(lock: Path, what: str) -> int:
    """The open lock file, if it is ours and still has its name: a previous holder may have removed it."""
    while True:
        try:
            file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(f"{what}: its folder doesn't exist; create it first") from None
        except OSError as error:
            raise InputError(f"{what}: can't be written: {error.strerror or error} ({lock})") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(file, 32, 0).decode("ascii", "replace").strip()
            os.close(file)
            raise TemporaryError(
                f"{what}: another run{f' (process {holder})' if holder else ''} is writing it; wait until it is done",
                retry_after=_SECONDS_TO_WAIT,
            ) from None
        with suppress(FileNotFoundError):
            if os.path.samestat(lock.stat(), os.fstat(file)):
                os.ftruncate(file, 0)
                os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
                return file
        os.close(file)
