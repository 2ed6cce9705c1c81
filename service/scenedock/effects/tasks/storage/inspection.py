"""Questions to the database of an installation that change nothing, and are answered or refused within seconds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from scenedock.effects.tasks.storage.connections import connect
from scenedock.effects.tasks.storage.database import DatabaseAddress
from scenedock.effects.tasks.storage.migrations import VERSIONS
from scenedock.errors import NotFoundError, TemporaryError

if TYPE_CHECKING:
    import psycopg

_ROUNDS: Final = 5
_WORDS: Final = {
    "role ": "there is no such user",
    "does not exist": "there is no such database",
    "password": "it refuses the password",
    "no pg_hba.conf entry": "it refuses the user from here",
    "too many": "it has too many connections",
    "starting up": "it is starting",
    "refused": "nothing listens there",
    "No such file": "nothing listens there",
    "timeout": "it doesn't answer in time",
    "timed out": "it doesn't answer in time",
    "translate host name": "its name is unknown",
    "resolve": "its name is unknown",
    "invalid": "its address isn't one of PostgreSQL",
    "certificate": "its certificate isn't trusted; `sslrootcert` in its address names a file of authorities",
}
"""What PostgreSQL's and the driver's messages say, which themselves may have the password; the first one counts."""


class Inspection:
    """One database, which may be away, empty, older or newer."""

    def __init__(self, address: DatabaseAddress) -> None:
        self.address = address
        self.is_sqlite = address.file is not None

    @property
    def name(self) -> str:
        """What it is, without a password."""
        if self.address.file:
            return str(self.address.file)
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        try:
            parts = conninfo_to_dict(self.address.url)
        except psycopg.ProgrammingError:  # whose message has the address
            return "PostgreSQL"
        host = ":".join(str(parts[each]) for each in ("host", "port") if each in parts)
        return f"PostgreSQL {parts.get('dbname', '')} at {host or 'localhost'}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query; none if a table is missing.

        Raises
        ------
        NotFoundError    there is no file of SQLite yet
        TemporaryError   it can't be reached or read, and why
        """
        return self._rows_of_sqlite(query) if self.is_sqlite else self._rows_of_postgresql(query)

    def version(self) -> int:
        """The version of the tables; 0 if there are none.

        Raises
        ------
        NotFoundError, TemporaryError   as `rows` does
        """
        rows = self.rows(f"SELECT max(version) FROM {VERSIONS}")  # noqa: S608 - a name of ours
        return (rows[0][0] or 0) if rows else 0

    def shares_sessions(self) -> bool:
        """Whether two connections that are open at once have the same session: then a pooler gives one to each in turn.

        So does PgBouncer with `pool_mode = transaction`. What a session should keep, such as a lock, is then lost.
        """
        import psycopg

        try:
            with closing(connect(self.address.url)) as one, closing(connect(self.address.url)) as other:
                seen: list[set[int]] = [set(), set()]
                for _ in range(_ROUNDS):
                    for number, connection in enumerate((one, other)):
                        seen[number].add(_session(connection))
                return bool(seen[0] & seen[1]) or any(len(each) > 1 for each in seen)
        except psycopg.Error as error:
            raise TemporaryError(reason(error), retry_after=10) from None

    def _rows_of_sqlite(self, query: str) -> list[tuple[Any, ...]]:
        file = self.address.file
        if file is None or not file.exists():
            raise NotFoundError(f"{file}: there is no database yet")
        try:
            with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                return connection.execute(query).fetchall()
        except sqlite3.Error as error:
            if "no such table" in str(error):
                return []
            raise TemporaryError(f"it can't be read: {error}", retry_after=10) from error

    def _rows_of_postgresql(self, query: str) -> list[tuple[Any, ...]]:
        import psycopg

        try:
            with closing(connect(self.address.url)) as connection:
                return connection.execute(query.encode()).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
        except psycopg.Error as error:
            raise TemporaryError(reason(error), retry_after=10) from None


def reason(error: psycopg.Error) -> str:
    """Why a database can't be used, in words that have nothing of its address."""
    return next((said for word, said in _WORDS.items() if word in str(error)), f"it fails ({type(error).__name__})")


def _session(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0
