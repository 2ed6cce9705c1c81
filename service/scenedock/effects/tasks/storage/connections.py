"""Connections to PostgreSQL that notice within seconds that the other side is lost.

A machine that loses its power or network closes no connection. Without these settings, its partner would wait for two
hours, and its locks would be held for as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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


def arguments(url: str) -> dict[str, str]:
    """What to pass to libpq besides the URL, whose own parameters take precedence.

    Raises
    ------
    psycopg.ProgrammingError   the URL isn't one of PostgreSQL
    """
    from psycopg.conninfo import conninfo_to_dict

    return {name: value for name, value in _CLIENT.items() if name not in conninfo_to_dict(url)}


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
