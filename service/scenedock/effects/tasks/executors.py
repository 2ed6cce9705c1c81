"""Executors: the processes that run tasks, and how each detects that another is dead.

A running process holds a lock with its own name, which the operating system or the database releases when it dies. The
name is new at each start, so that no process is mistaken for its predecessor. The lock of a lost machine is held until
the database notices; so in PostgreSQL an executor also renews a lease, which ends by the database's own clock.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import threading
import uuid
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

from scenedock.effects.tasks.wakeups import listen
from scenedock.errors import TemporaryError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenedock.effects.tasks.storage.database import Database

_SECONDS_TO_HOLD = 10
_SECONDS_TO_LEAVE = 5
_SECONDS_AFTER_A_FAILURE = 0.1
_LEASE_MILLISECONDS = 20_000
_FORGOTTEN_AFTER_MILLISECONDS = 86_400_000
_NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
_RENEW = f"""INSERT INTO executor (name, alive_at) VALUES (:name, {_NOW})
ON CONFLICT (name) DO UPDATE SET alive_at = excluded.alive_at"""  # noqa: S608 - a constant
_FORGET = f"DELETE FROM executor WHERE alive_at < {_NOW} - :milliseconds"  # noqa: S608 - a constant
# The lock is one of the transaction, so if it was free, it is free again at once.
_IS_DEAD = f"""SELECT pg_try_advisory_xact_lock(:number) OR EXISTS (SELECT 1 FROM executor WHERE name = :name
AND alive_at < {_NOW} - :milliseconds)"""  # noqa: S608 - a constant


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
    """Executors anywhere (tasks are in PostgreSQL): each holds an advisory lock, in a session of its own, and a lease.

    A thread listens in that session, sets `woken` when a task is due, renews the lease, and notices at once when the
    session breaks.
    """

    doubt_milliseconds = 1_000
    """How long an executor must appear dead: within this time, one that only lost its session has a new one."""

    def __init__(self, database: Database, woken: threading.Event) -> None:
        self.own = _new_name()
        self._database = database
        self._woken = woken
        self._held = threading.Event()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="executor", daemon=True)

    def hold(self) -> None:
        """Be known as alive, and wait until that is so: at the start, and after the server was away.

        Raises
        ------
        TemporaryError   the database stays away
        """
        if self._thread.ident is None:
            self._thread.start()
        if not self._held.wait(_SECONDS_TO_HOLD):
            raise TemporaryError("the database of tasks can't be reached", retry_after=10)

    def is_dead(self, name: str) -> bool:
        """Whether this executor has ended, has lost its session, or hasn't renewed its lease."""
        from sqlalchemy import text

        if name == self.own or not self._held.is_set():
            return False
        values = {"number": _number(name), "name": name, "milliseconds": _LEASE_MILLISECONDS}
        return bool(self._database.read(text(_IS_DEAD).bindparams(**values))[0][0])

    def leave(self) -> None:
        """Be known as gone."""
        self._leaving.set()
        if self._thread.ident is not None:
            self._thread.join(_SECONDS_TO_LEAVE)

    def _keep(self) -> None:
        import psycopg
        from sqlalchemy import exc

        while not self._leaving.is_set():
            try:
                self._hold_and_listen()
            except (exc.SQLAlchemyError, psycopg.Error):  # the server is away, or was
                self._leaving.wait(_SECONDS_AFTER_A_FAILURE)

    def _hold_and_listen(self) -> None:
        from sqlalchemy import func, select, text

        with self._database.session() as session:
            try:
                # Shared: a lost session of ours may hold it until the server notices.
                session.execute(select(func.pg_advisory_lock_shared(_number(self.own))))
                session.execute(text(_FORGET), {"milliseconds": _FORGOTTEN_AFTER_MILLISECONDS})
                self._renew(session)
                self._held.set()
                listen(session, self._woken.set, partial(self._renew, session), self._leaving)
            finally:
                self._held.clear()
                session.invalidate()  # closed, not returned to the pool with its lock and its LISTEN

    def _renew(self, session: Connection) -> None:
        from sqlalchemy import text

        session.execute(text(_RENEW), {"name": self.own})


Executors: TypeAlias = LocalExecutors | SharedExecutors


def _new_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _number(name: str) -> int:
    """The number of a name's advisory lock, a signed 64-bit integer."""
    return int.from_bytes(hashlib.sha256(f"scenedock:{name}".encode()).digest()[:8], "big", signed=True)
