"""The last good catalog in the PostgreSQL of tasks, which replicas share.

With the bare driver, as the lookout has it: a service without tasks needs no SQLAlchemy.
"""

from __future__ import annotations

from typing import Any, Final

from scenedock.effects.tasks.storage.connections import OneConnection
from scenedock.effects.tasks.storage.database import DatabaseAddress
from scenedock.model.kept_catalog import KeptCatalog

_VERSION: Final = "SELECT version FROM kept_catalog"
_LOAD: Final = "SELECT head, feed, memory, version FROM kept_catalog"
_INSERT: Final = """INSERT INTO kept_catalog (id, version, head, feed, memory) VALUES (1, 1, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING version"""
_UPDATE: Final = """UPDATE kept_catalog SET version = version + 1, head = %s, feed = %s, memory = %s
WHERE version = %s RETURNING version"""


class CatalogTable:
    """The catalog in the one row of a table; any thread may ask."""

    def __init__(self, address: DatabaseAddress) -> None:
        self._connection = OneConnection(address.url, "the catalog")

    def version(self) -> str:
        """What the present state is called; empty where there is none.

        Raises
        ------
        ConflictError    the database must be migrated first
        TemporaryError   it can't be reached
        """
        row = self._row(_VERSION)
        return str(row[0]) if row else ""

    def load(self) -> KeptCatalog | None:
        """The catalog; None where there is none.

        Raises
        ------
        ConflictError, TemporaryError   as `version` does
        """
        row = self._row(_LOAD)
        return KeptCatalog(row[0], row[1], row[2], str(row[3])) if row else None

    def save(self, kept: KeptCatalog, replacing: str) -> str | None:
        """Keep another one in the place of a version; the new version, or None if that is no longer the present one.

        Raises
        ------
        InputError                      the disk is full
        ConflictError, TemporaryError   as `version` does
        """
        texts = (kept.head, kept.feed, kept.memory)
        row = self._row(_UPDATE, *texts, int(replacing)) if replacing else self._row(_INSERT, *texts)
        return str(row[0]) if row else None

    def close(self) -> None:
        """Close the connection; the next question makes another."""
        self._connection.close()

    def _row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        rows = self._connection.rows(query, *values)
        return rows[0] if rows else None
