"""A cheap check of the tables of tasks: whether there is anything to do.

SQLAlchemy and dbos take half a second and 45 MiB to load, which a service without tasks doesn't need. So this uses only
the database driver, and queries that work with any version of the tables.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenedock.effects.tasks.storage.connections import connect
from scenedock.effects.tasks.storage.database import PATIENCE_SECONDS, database_address
from scenedock.effects.tasks.storage.migrations import VERSIONS, require_known, require_present
from scenedock.errors import InputError, TemporaryError
from scenedock.model.tasks.task import end_of_retention
from scenedock.structs import dataclass

if TYPE_CHECKING:
    import psycopg


_COUNTS: Final = """SELECT sum(CASE WHEN lease_owner IS NOT NULL THEN 1 ELSE 0 END),
sum(CASE WHEN lease_owner IS NULL AND (status = 'open' OR wake_at <= {now:d}) THEN 1 ELSE 0 END),
sum(CASE WHEN lease_owner IS NULL AND status = 'processing' AND wake_at > {now:d} THEN 1 ELSE 0 END),
min(CASE WHEN lease_owner IS NOT NULL THEN NULL WHEN status = 'open' AND attempt = 1 THEN created_at
WHEN wake_at <= {now:d} THEN wake_at END)
FROM task WHERE status IN ('open', 'processing')"""


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many tasks haven't ended: those that run, that a worker could begin now, and that wait for something else.

    `oldest_at` is since when the first of the waiting ones could begin, in milliseconds since 1970; None without any.
    """

    running: int
    waiting: int
    resting: int
    oldest_at: int | None


def pending_runs(*, is_sqlite: bool) -> str:
    """What follows FROM, for the runs that dbos takes for running.

    The status is part of the text: SQLite uses a partial index only where it sees that the index has what it needs.
    """
    return f"{'' if is_sqlite else 'dbos.'}workflow_status WHERE status = 'PENDING'"


class TaskLookout:
    """Checks the database at a URL, or SQLite in the data folder; one thread at a time.

    Tasks are kept for `keep_days` after their end.

    Raises
    ------
    InputError   the URL is neither one of SQLite nor of PostgreSQL
    """

    def __init__(self, url: str, data: Path, keep_days: int) -> None:
        self._address = database_address(url, data)
        self._keep_days = keep_days
        self._connection: sqlite3.Connection | psycopg.Connection[tuple[Any, ...]] | None = None

    def require_usable(self) -> None:
        """Refuse tables that this release can't use; those of SQLite are created and migrated when they are opened.

        It waits for a database that starts at the same time as we do.

        Raises
        ------
        InputError       it is not a database of tasks
        ConflictError    the tables must be migrated first, or a newer release has migrated them
        TemporaryError   the database can't be reached
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                version = self._first(f"SELECT max(version) FROM {VERSIONS}") or 0  # noqa: S608 - a name of ours
            except TemporaryError:
                if time.monotonic() > until:
                    raise
                time.sleep(1)
            else:
                (require_known if self._address.file else require_present)(version)
                return

    def sees_work(self) -> bool:
        """Whether there is a task that hasn't ended, one that is to be forgotten, or a run that dbos takes for running.

        Raises
        ------
        TemporaryError   the database can't be reached
        """
        old = end_of_retention(time.time_ns() // 1_000_000, self._keep_days)
        conditions = (
            "task WHERE status IN ('open', 'processing')",
            f"task WHERE created_at < {old:d} AND ended_at < {old:d}",  # there is an index of the former
            pending_runs(is_sqlite=bool(self._address.file)),
        )
        return any(self._first(f"SELECT 1 FROM {each} LIMIT 1") for each in conditions)  # noqa: S608 - ours

    def sees_any(self) -> bool:
        """Whether there is any task, ended or not.

        Raises
        ------
        TemporaryError   the database can't be reached
        """
        return self._first("SELECT 1 FROM task LIMIT 1") is not None

    def counts(self) -> TaskCounts:
        """How many tasks haven't ended.

        Raises
        ------
        TemporaryError   the database can't be reached
        """
        now = time.time_ns() // 1_000_000
        rows = self._rows(_COUNTS.format(now=now))
        running, waiting, resting, oldest = rows[0] if rows else (0, 0, 0, None)
        return TaskCounts(running or 0, waiting or 0, resting or 0, oldest)

    def close(self) -> None:
        """Close the connection; the next check opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _first(self, query: str) -> int | None:
        """The first value of the first row; None if there is none, or no such table yet."""
        rows = self._rows(query)
        return rows[0][0] if rows else None

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        file = self._address.file
        return self._rows_of_sqlite(file, query) if file else self._rows_of_postgresql(query)

    def _rows_of_sqlite(self, file: Path, query: str) -> list[tuple[Any, ...]]:
        if not file.exists():
            return []
        try:
            self._connection = self._connection or sqlite3.connect(file)
            return self._connection.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            self.close()
            if "no such table" in str(error):
                return []
            raise TemporaryError(f"{file}: the tasks can't be read: {error}", retry_after=10) from error
        except sqlite3.DatabaseError as error:
            self.close()
            raise InputError(f"{file}: this is not a database of tasks: {error}") from error

    def _rows_of_postgresql(self, query: str) -> list[tuple[Any, ...]]:
        import psycopg

        try:
            self._connection = self._connection or connect(self._address.url)
            return self._connection.execute(query).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
        except psycopg.ProgrammingError as error:  # whose message may repeat the address with its password
            self.close()
            raise InputError(f"the database of tasks can't be used: {type(error).__name__}") from None
        except psycopg.Error:
            self.close()
            raise TemporaryError("the database of tasks can't be reached", retry_after=10) from None
