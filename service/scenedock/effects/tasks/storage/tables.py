"""The tables of the database for SQLAlchemy: tasks, what they wait for and keep, the kept catalog; their migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    inspect,
    select,
    text,
)

from scenedock.effects.tasks.storage.migrations import MIGRATIONS, VERSIONS, require_known, require_present

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

KEPT_CATALOG = Table(
    "kept_catalog",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("head", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("memory", Text, nullable=False),
)

EXECUTOR = Table(
    "executor",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("alive_at", BigInteger, nullable=False),
)

RESULT_FOLDER = Table(
    "result_folder",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("kept_at", BigInteger, nullable=False),
    Column("archive", LargeBinary, nullable=False),
)

TASK_FOLDER = Table(
    "task_folder",
    METADATA,
    Column("task_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Index("task_folder_name", "name"),
)

PAGE_SESSION = Table(
    "page_session",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

APPROVAL = Table(
    "approval",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, nullable=False),
    Column("step_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("request", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("until_at", BigInteger, nullable=False),
    Column("told", Integer, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Column("comment", Text, nullable=False),
    Index("approval_task_id", "task_id"),
    Index("approval_asked_at", "asked_at"),
)

PROCESS_KEY = Table(
    "process_key",
    METADATA,
    Column("process", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("accepted", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

VERSION = Table(VERSIONS, METADATA, Column("version", Integer, primary_key=True, autoincrement=False))


def require_version(connection: Connection) -> None:
    """Refuse a database that this release can't use.

    Raises
    ------
    ConflictError   it must be migrated first, or a newer release has migrated it
    """
    has_versions = inspect(connection).has_table(VERSION.name)
    require_present((connection.scalar(select(func.max(VERSION.c.version))) or 0) if has_versions else 0)


_LOCK = 7_236_541_001  # any number, the same for all who migrate


def migrate(connection: Connection, version: int = len(MIGRATIONS)) -> int:
    """Migrate a database to a version in the caller's transaction; return the number of versions that it was behind.

    Raises
    ------
    ConflictError   a newer release has already migrated it
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {VERSIONS} (version INTEGER NOT NULL PRIMARY KEY)"))
    present = connection.scalar(select(func.coalesce(func.max(VERSION.c.version), 0))) or 0
    require_known(present)
    for number, statements in enumerate(MIGRATIONS[present:version], present + 1):
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(VERSION.insert().values(version=number))
    return version - present
