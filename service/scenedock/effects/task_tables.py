"""The tables of tasks and of what wakes them, and the numbered changes that make them of whatever a database holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, func, inspect, select, text

from scenedock.errors import ConflictError

if TYPE_CHECKING:
    from sqlalchemy import Connection

METADATA = MetaData()

TASK = Table(
    "task",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("spec", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("heartbeat_at", BigInteger),
    Column("lease_owner", Text),
    Column("cancel_requested", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    Column("wake_at", BigInteger),
    Column("wait_for", Text),
    Column("deadline_at", BigInteger),
    Column("last_event", BigInteger, nullable=False),
    Column("last_mark", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("secrets_sealed", Text),
    Column("idempotency_key", Text),
    Index("task_created_by", "created_by", "created_at"),
    Index("task_status", "status", "created_at"),
    Index("task_created_at", "created_at"),
    Index("task_wake_at", "wake_at"),
    Index("task_wait_for", "wait_for"),
    Index("task_idempotency_key", "idempotency_key", unique=True),
)

TASK_EVENT = Table(
    "task_event",
    METADATA,
    Column("task_id", Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("step_id", Text),
    Column("step_status", Text),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

TASK_SEAT = Table(
    "task_seat",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("seat", Integer, primary_key=True, autoincrement=False),
    Column("task_id", Text, nullable=False),
    Index("task_seat_task_id", "task_id"),
)

SCHEDULE = Table(
    "schedule",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("last_tick", BigInteger, nullable=False),
)

WEBHOOK_DELIVERY = Table(
    "webhook_delivery",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Index("webhook_delivery_received_at", "received_at"),
)

VERSION = Table("task_schema", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))

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
)
"""What each version adds, from version 1. An entry that was released is never changed, only followed by another."""


def require_version(connection: Connection) -> None:
    """Refuse a database that this release can't use.

    Raises
    ------
    ConflictError   it must be migrated first, or was migrated by a newer release
    """
    known = inspect(connection).has_table(VERSION.name)
    found = (connection.scalar(select(func.max(VERSION.c.version))) or 0) if known else 0
    if found != len(MIGRATIONS):
        raise ConflictError(
            f"the database of tasks has version {found}, this release needs {len(MIGRATIONS)}: run `scenedock migrate`"
        )


_LOCK = 7_236_541_001  # any number, the same for all who migrate


def migrate(connection: Connection, version: int = len(MIGRATIONS)) -> int:
    """Bring a database to a version in the caller's transaction; answer how many versions it was behind.

    Raises
    ------
    ConflictError   a newer release has migrated it already
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    connection.execute(text("CREATE TABLE IF NOT EXISTS task_schema (version INTEGER NOT NULL PRIMARY KEY)"))
    found = connection.scalar(select(func.coalesce(func.max(VERSION.c.version), 0))) or 0
    if found > len(MIGRATIONS):
        raise ConflictError(
            f"the database of tasks has version {found}, this release knows {len(MIGRATIONS)}: run the newer release"
        )
    for number, statements in enumerate(MIGRATIONS[found:version], found + 1):
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(VERSION.insert().values(version=number))
    return version - found
