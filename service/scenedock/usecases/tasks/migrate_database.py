"""Migrate the database of tasks to the version of this release."""

from __future__ import annotations

from scenedock.effects.tasks.engine import migrate_engine
from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.tables import migrate


def migrate_database(database: Database) -> int:
    """Migrate all tables to the current version; return the number of versions that ours were behind.

    Raises
    ------
    ConflictError    a newer release has already migrated it
    TemporaryError   the database can't be reached
    """
    behind = database.write(migrate)
    migrate_engine(database)
    return behind
