"""The sessions of people who have signed in, a file for each, in a folder that replicas may share."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from scenedock.effects.local.disk import make_private_folder, new_file_beside, read_file
from scenedock.errors import InputError, NotFoundError, TemporaryError


class SessionStore(Protocol):
    """Where an installation keeps sessions, for all its replicas, each with a record that the store needn't read.

    A key is a hash, from which nobody learns the id of the session. The owner is a user's reference, or the name of a
    token. Times are in milliseconds since 1970.
    """

    def add(self, key: str, owner: str, record: str, now: int) -> None:
        """Keep a new session."""

    def find(self, key: str) -> tuple[str, int] | None:
        """The record of a session, and when its owner was last seen; None if there is none, or no longer."""

    def touch(self, key: str, now: int) -> None:
        """Note when its owner was seen, unless it has been removed."""

    def remove(self, key: str) -> None:
        """Remove one session."""

    def remove_of(self, owner: str | None) -> int:
        """Remove all sessions of an owner (None: of everybody); return how many there were."""

    def forget(self, seen_before: int) -> None:
        """Remove those whose owners were last seen before a time."""

    def close(self) -> None:
        """Let go of what is held open."""


class SessionFiles:
    """A file for each session, named by its key. When the owner was seen is the time of the file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, key: str, owner: str, record: str, now: int) -> None:
        """Keep a new session.

        Raises
        ------
        TemporaryError   it can't be written
        """
        written = json.dumps({"owner": owner, "record": record})
        try:
            make_private_folder(self._folder)
            with new_file_beside(self._folder / key, written.encode(), 0o600) as beside:
                _note(beside, now)
                beside.rename(self._folder / key)
        except (OSError, InputError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise TemporaryError(f"the session can't be written: {reason}", retry_after=60) from error

    def find(self, key: str) -> tuple[str, int] | None:
        """The record of a session, and when its owner was last seen; None if there is none, or no longer.

        Raises
        ------
        TemporaryError   it can't be read
        """
        written = self._read(key)
        return (written["record"], written["seen_at"]) if written else None

    def touch(self, key: str, now: int) -> None:
        """Note when its owner was seen, unless it has been removed."""
        with suppress(OSError):  # it ends earlier than it could
            _note(self._folder / key, now)

    def remove(self, key: str) -> None:
        """Remove one session.

        Raises
        ------
        TemporaryError   it can't be removed
        """
        try:
            (self._folder / key).unlink(missing_ok=True)
        except OSError as error:
            raise TemporaryError(f"the session can't be removed: {error.strerror}", retry_after=10) from error

    def remove_of(self, owner: str | None) -> int:
        """Remove all sessions of an owner (None: of everybody); return how many there were.

        Raises
        ------
        TemporaryError   one of them can't be read or removed
        """
        ended = [key for key, kept in self._all() if owner in {None, kept["owner"]}]
        for key in ended:
            self.remove(key)
        return len(ended)

    def forget(self, seen_before: int) -> None:
        """Remove those whose owners were last seen before a time.

        Raises
        ------
        TemporaryError   one of them can't be read or removed
        """
        for key, kept in self._all():
            if kept["seen_at"] < seen_before:
                self.remove(key)

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self, key: str) -> dict[str, Any] | None:
        path = self._folder / key
        try:
            seen_at = path.stat().st_mtime_ns // 1_000_000
            return {**json.loads(read_file(path)), "seen_at": seen_at}
        except (FileNotFoundError, NotFoundError, ValueError):
            return None
        except (OSError, InputError) as error:
            raise TemporaryError("the session can't be read", retry_after=10) from error

    def _all(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in self._folder.glob("[0-9a-f]*"):
            if kept := self._read(path.name):
                yield path.name, kept


def _note(path: Path, milliseconds: int) -> None:
    os.utime(path, ns=(milliseconds * 1_000_000, milliseconds * 1_000_000))
