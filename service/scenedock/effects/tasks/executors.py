"""Executors: the processes that run tasks, and how each detects that another is dead.

A running process holds a lock with its own name, which the operating system or the database releases when it dies. The
name is new at each start, so that no process is mistaken for its predecessor.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import uuid
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenedock.effects.tasks.database import Database


class LocalExecutors:
    """Executors on one machine (tasks in SQLite): each locks a file in a shared folder."""

    doubt_milliseconds = 0

    def __init__(self, folder: Path) -> None:
        self.own = _new_name()
        self._folder = folder
        self._file: IO[bytes] | None = None

    def hold(self) -> None:
        """Be known as alive from now on."""
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / self.own).open("wb")
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def is_dead(self, name: str) -> bool:
        """Whether this executor has ended."""
        path = self._folder / name
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
                return True
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False

    def leave(self) -> None:
        """Be known as gone."""
        if self._file is not None:
            (self._folder / self.own).unlink(missing_ok=True)
            self._file.close()
            self._file = None


class SharedExecutors:
    """Executors on any machines (tasks in PostgreSQL): each holds an advisory lock, in a session of its own."""

    doubt_milliseconds = 1_000
    """How long an executor must appear dead: within this time, one that only lost its session has a new one."""

    def __init__(self, database: Database) -> None:
        self.own = _new_name()
        self._database = database
        self._session: Connection | None = None

    def hold(self) -> None:
        """Announce this executor as alive; also again after the server was unavailable."""
        from sqlalchemy import func, literal, select
        from sqlalchemy.exc import DBAPIError

        try:
            if self._session is not None:
                self._session.execute(select(literal(1)))
                return
        except DBAPIError:
            self.leave()
        self._session = self._database.session()
        self._session.execute(select(func.pg_advisory_lock(_number(self.own))))

    def is_dead(self, name: str) -> bool:
        """Whether this executor has ended, or lost its session."""
        from sqlalchemy import func, select

        self.hold()
        if self._session is None or name == self.own:
            return False
        free = bool(self._session.scalar(select(func.pg_try_advisory_lock(_number(name)))))
        if free:
            self._session.execute(select(func.pg_advisory_unlock(_number(name))))
        return free

    def leave(self) -> None:
        """Be known as gone."""
        if self._session is not None:
            session, self._session = self._session, None
            session.invalidate()
            session.close()


Executors: TypeAlias = LocalExecutors | SharedExecutors


def _new_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _number(name: str) -> int:
    """The number of a name's advisory lock, a signed 64-bit integer."""
    return int.from_bytes(hashlib.sha256(f"scenedock:{name}".encode()).digest()[:8], "big", signed=True)
