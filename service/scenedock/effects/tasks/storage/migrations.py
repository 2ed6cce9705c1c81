"""The migrations of the tables of tasks: a numbered list of SQL statements."""

from __future__ import annotations

from scenedock.errors import ConflictError

VERSIONS = "task_schema"
"""The table of the versions that a database has had, in its column `version`."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE task (id TEXT PRIMARY KEY, spec TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
        created_by TEXT, created_at BIGINT NOT NULL, ended_at BIGINT, heartbeat_at BIGINT, lease_owner TEXT,
        cancel_requested BOOLEAN NOT NULL, attempt INTEGER NOT NULL, run INTEGER NOT NULL, wake_at BIGINT,
        wait_for TEXT, deadline_at BIGINT, last_event BIGINT NOT NULL, last_mark TEXT NOT NULL, state TEXT NOT NULL,
        secrets_sealed TEXT, idempotency_key TEXT)""",
        "CREATE INDEX task_created_by ON task (created_by, created_at)",
        "CREATE INDEX task_status ON task (status, created_at)",
        "CREATE INDEX task_created_at ON task (created_at)",
        "CREATE INDEX task_wake_at ON task (wake_at)",
        "CREATE INDEX task_wait_for ON task (wait_for)",
        "CREATE UNIQUE INDEX task_idempotency_key ON task (idempotency_key)",
        """CREATE TABLE task_event (task_id TEXT NOT NULL, id BIGINT NOT NULL, attempt INTEGER NOT NULL,
        type TEXT NOT NULL, step_id TEXT, step_status TEXT, body TEXT NOT NULL, created_at BIGINT NOT NULL,
        PRIMARY KEY (task_id, id))""",
    ),
    (
        """CREATE TABLE task_seat (name TEXT NOT NULL, seat INTEGER NOT NULL, task_id TEXT NOT NULL,
        PRIMARY KEY (name, seat))""",
        "CREATE INDEX task_seat_task_id ON task_seat (task_id)",
        "CREATE TABLE schedule (name TEXT PRIMARY KEY, last_tick BIGINT NOT NULL)",
    ),
    (
        "CREATE TABLE webhook_delivery (id TEXT PRIMARY KEY, received_at BIGINT NOT NULL)",
        "CREATE INDEX webhook_delivery_received_at ON webhook_delivery (received_at)",
    ),
    (
        """CREATE TABLE kept_catalog (id INTEGER PRIMARY KEY, version BIGINT NOT NULL, head TEXT NOT NULL,
        feed TEXT NOT NULL, memory TEXT NOT NULL)""",
    ),
    (
        "CREATE TABLE executor (name TEXT PRIMARY KEY, alive_at BIGINT NOT NULL)",
        "CREATE TABLE result_folder (name TEXT PRIMARY KEY, kept_at BIGINT NOT NULL, archive BYTEA NOT NULL)",
        "CREATE TABLE task_folder (task_id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (task_id, name))",
        "CREATE INDEX task_folder_name ON task_folder (name)",
    ),
    (
        """CREATE TABLE page_session (key TEXT PRIMARY KEY, owner TEXT NOT NULL, record TEXT NOT NULL,
        seen_at BIGINT NOT NULL)""",
    ),
    (
        """CREATE TABLE approval (id TEXT PRIMARY KEY, task_id TEXT NOT NULL, step_id TEXT NOT NULL,
        attempt INTEGER NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL, asked_at BIGINT NOT NULL,
        until_at BIGINT NOT NULL, told INTEGER NOT NULL, decided_by TEXT, decided_at BIGINT, comment TEXT NOT NULL)""",
        "CREATE INDEX approval_task_id ON approval (task_id)",
        "CREATE INDEX approval_asked_at ON approval (asked_at)",
    ),
    (
        """CREATE TABLE process_key (process TEXT NOT NULL, purpose TEXT NOT NULL, digest TEXT NOT NULL,
        accepted TEXT NOT NULL, seen_at BIGINT NOT NULL, PRIMARY KEY (process, purpose))""",
    ),
)
"""The migration of each version, from version 1. A released entry is never changed, only followed by another.

SQLite stores bytes in a column of any type, so BYTEA works there, too.
"""


def require_known(version: int) -> None:
    """Refuse a database of this version if it is that of a newer release.

    Raises
    ------
    ConflictError   this release can't use it
    """
    if version > len(MIGRATIONS):
        raise ConflictError(
            f"the database of tasks has version {version}, this release supports {len(MIGRATIONS)}: use the newer "
            "release that has migrated it, or restore the backup from before"
        )


def require_present(version: int) -> None:
    """Refuse a database of any version but the current one.

    Raises
    ------
    ConflictError   it must be migrated first, or a newer release has migrated it
    """
    require_known(version)
    if version < len(MIGRATIONS):
        raise ConflictError(
            f"the database of tasks has version {version}, this release needs {len(MIGRATIONS)}: "
            "run `scenedock migrate`"
        )
