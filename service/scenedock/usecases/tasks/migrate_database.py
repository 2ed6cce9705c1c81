"""Bring the database of tasks to the version of this release."""

from __future__ import annotations

from scenedock.effects.tasks.database import Database
from scenedock.effects.tasks.engine import migrate_engine
from scenedock.effects.tasks.tables import migrate


def migrate_database(database: Database) -> int:
    """Bring all tables to the present version; answer how many versions ours were behind.

    Raises
    ------
    ConflictError    a newer release has migrated it already
    TemporaryError   it can't be reached
    """
    behind = database.write(migrate)
    migrate_engine(database)
    return behind
