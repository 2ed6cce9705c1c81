"""The sessions of people who have signed in, in the PostgreSQL of tasks, which replicas share.

With the bare driver, as the catalog: a service without tasks needs no SQLAlchemy.
"""

from __future__ import annotations

from typing import Final

from scenedock.effects.tasks.storage.connections import OneConnection
from scenedock.effects.tasks.storage.database import DatabaseAddress

_ADD: Final = "INSERT INTO page_session (key, owner, record, seen_at) VALUES (%s, %s, %s, %s)"
_FIND: Final = "SELECT record, seen_at FROM page_session WHERE key = %s"
_TOUCH: Final = "UPDATE page_session SET seen_at = %s WHERE key = %s"
_REMOVE: Final = "DELETE FROM page_session WHERE key = %s"
_REMOVE_OF: Final = "DELETE FROM page_session WHERE owner = %s OR %s::text IS NULL RETURNING key"
_FORGET: Final = "DELETE FROM page_session WHERE seen_at < %s"


class SessionTable:
    """A row for each session; any thread may ask.

    All methods raise ConflictError if the database must be migrated first, InputError if its disk is full, and
    TemporaryError if it can't be reached, or not within `patience` seconds because others wait for it.
    """

    def __init__(self, address: DatabaseAddress, patience: float = 2.0) -> None:
        self._connection = OneConnection(address.url, "sessions", patience)

    def add(self, key: str, owner: str, record: str, now: int) -> None:
        """Keep a new session."""
        self._connection.rows(_ADD, key, owner, record, now)

    def find(self, key: str) -> tuple[str, int] | None:
        """The record of a session, and when its owner was last seen; None if there is none, or no longer."""
        rows = self._connection.rows(_FIND, key)
        return (rows[0][0], rows[0][1]) if rows else None

    def touch(self, key: str, now: int) -> None:
        """Note when its owner was seen, unless it has been removed."""
        self._connection.rows(_TOUCH, now, key)

    def remove(self, key: str) -> None:
        """Remove one session."""
        self._connection.rows(_REMOVE, key)

    def remove_of(self, owner: str | None) -> int:
        """Remove all sessions of an owner (None: of everybody); return how many there were."""
        return len(self._connection.rows(_REMOVE_OF, owner, owner))

    def forget(self, seen_before: int) -> None:
        """Remove those whose owners were last seen before a time."""
        self._connection.rows(_FORGET, seen_before)

    def close(self) -> None:
        """Close the connection; the next question makes another."""
        self._connection.close()
