"""A look at the tables of tasks that costs next to nothing: whether there is anything to do.

SQLAlchemy and dbos take half a second and 45 MiB to open, which a service without tasks need not have. So it looks with
the bare driver, and with queries that any version of the tables answers.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenedock.effects.tasks.database import PATIENCE_SECONDS, database_address
from scenedock.effects.tasks.migrations import VERSIONS, require_known, require_present
from scenedock.errors import InputError, TemporaryError
from scenedock.model.tasks.task import end_of_retention

if TYPE_CHECKING:
    import psycopg

_SECONDS_TO_CONNECT: Final = 10


class TaskLookout:
    """Looks at the database of a URL, or at SQLite in the data folder; one thread at a time.

    Tasks are kept for `keep_days` after their end.

    Raises
    ------
    InputError   the URL is neither of SQLite nor of PostgreSQL
    """

    def __init__(self, url: str, data: Path, keep_days: int) -> None:
        self._address = database_address(url, data)
        self._keep_days = keep_days
        self._connection: sqlite3.Connection | psycopg.Connection[tuple[Any, ...]] | None = None

    def require_usable(self) -> None:
        """Refuse tables that this release can't use; SQLite's are made and brought up to date when they are opened.

        A database that starts together with us is waited for.

        Raises
        ------
        InputError       it is no such database
        ConflictError    they must be migrated first, or were by a newer release
        TemporaryError   the database stays away
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
        runs = "workflow_status" if self._address.file else "dbos.workflow_status"
        conditions = (
            "task WHERE status IN ('open', 'processing')",
            f"task WHERE created_at < {old:d} AND ended_at < {old:d}",  # there is an index of the former
            f"{runs} WHERE status = 'PENDING'",
        )
        return any(self._first(f"SELECT 1 FROM {each} LIMIT 1") for each in conditions)  # noqa: S608 - ours

    def close(self) -> None:
        """Close the connection; the next look makes another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _first(self, query: str) -> int | None:
        """The first value of the first row; None where there is none, or no such table yet."""
        file = self._address.file
        rows = self._rows_of_sqlite(file, query) if file else self._rows_of_postgresql(query)
        return rows[0][0] if rows else None

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
            raise InputError(f"{file}: this is no database of tasks: {error}") from error

    def _rows_of_postgresql(self, query: str) -> list[tuple[Any, ...]]:
        import psycopg

        try:
            self._connection = self._connection or psycopg.connect(
                self._address.url, autocommit=True, connect_timeout=_SECONDS_TO_CONNECT
            )
            return self._connection.execute(query).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
        except psycopg.ProgrammingError as error:  # whose words may be those of the address, password and all
            self.close()
            raise InputError(f"the database of tasks can't be used: {type(error).__name__}") from None
        except psycopg.Error:
            self.close()
            raise TemporaryError("the database of tasks can't be reached", retry_after=10) from None
