"""Connections to PostgreSQL that notice within seconds that the other side is lost.

A machine that loses its power or network closes no connection. Without these settings, its partner would wait for two
hours, and its locks would be held for as long.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from scenedock.errors import ConflictError, InputError, TemporaryError

if TYPE_CHECKING:
    import psycopg

_SECONDS_TO_CONNECT: Final = 10
_LOST_AFTER_SECONDS: Final = 15
_CLIENT: Final = {
    "connect_timeout": str(_SECONDS_TO_CONNECT),
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": str(_LOST_AFTER_SECONDS * 1_000),
}
_SERVER: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": str(_LOST_AFTER_SECONDS * 1_000),
    # Ends a transaction whose client is lost, as it may hold the lock of a task's row.
    "idle_in_transaction_session_timeout": "10s",
}
NOT_STORED: Final = "a text contains a NUL character, which PostgreSQL can't store; remove it"


def has_nul(error: BaseException | None) -> bool:
    """Whether the driver refuses a text because it can't be stored; the connection is as good as before."""
    import psycopg

    return isinstance(error, psycopg.DataError) and "NUL" in str(error)


def arguments(url: str) -> dict[str, str]:
    """What to pass to libpq besides the URL, whose own parameters take precedence.

    Raises
    ------
    psycopg.ProgrammingError   the URL isn't one of PostgreSQL
    """
    from psycopg import conninfo

    return {name: value for name, value in _CLIENT.items() if name not in conninfo.conninfo_to_dict(url)}


def connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection on which every statement is a transaction.

    Raises
    ------
    psycopg.Error   the URL isn't one of PostgreSQL, or the server can't be reached
    """
    import psycopg

    return psycopg.connect(url, autocommit=True, **arguments(url))  # type: ignore[arg-type] # libpq's own parameters


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Let the server, too, notice that the other side of a new connection is lost."""
    settings = ", ".join("set_config(%s, %s, false)" for _ in _SERVER)
    connection.execute(f"SELECT {settings}".encode(), [text for pair in _SERVER.items() for text in pair])
    connection.commit()


class OneConnection:
    """A connection with the bare driver, which any thread may use in its turn; SQLAlchemy would take longer to load.

    `what` is the name of what is kept there, in errors. Nobody waits for a turn for more than `patience` seconds: where
    every request asks, a database that doesn't answer would take all threads.
    """

    def __init__(self, url: str, what: str, patience: float = 60.0) -> None:
        self._url = url
        self._what = what
        self._patience = patience
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._lock = threading.Lock()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query, or those that a statement returns.

        Raises
        ------
        ConflictError    the database must be migrated first
        InputError       the disk is full, or a value can't be stored
        TemporaryError   it can't be reached, or takes long to answer others
        """
        import psycopg

        if not self._lock.acquire(timeout=self._patience):
            raise TemporaryError(f"the database of {self._what} takes long to answer", retry_after=10)
        try:
            self._connection = self._connection or connect(self._url)
            done = self._connection.execute(query.encode(), values)
            return done.fetchall() if done.description else []
        except psycopg.errors.UndefinedTable:
            raise ConflictError(f"the database has no table for {self._what}: run `scenedock migrate`") from None
        except psycopg.errors.DiskFull:
            raise InputError("PostgreSQL: the disk is full; free some space") from None
        except psycopg.Error as error:  # whose words may be those of the address, password and all
            if has_nul(error):
                raise InputError(NOT_STORED) from None
            self._let_go()
            raise TemporaryError(f"the database of {self._what} can't be reached", retry_after=10) from None
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection; the next question makes another."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
