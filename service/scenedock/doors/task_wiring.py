"""Where the effects of tasks are built: the part of wiring that needs a database."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from scenedock.doors.settings import Settings, variable
from scenedock.doors.task_service import TaskService, TaskWorker
from scenedock.effects.database import Database, database_address
from scenedock.effects.engine import Engine, RemoteEngine, migrate_engine
from scenedock.effects.executors import Executors, LocalExecutors, SharedExecutors
from scenedock.effects.sealing import seal_of
from scenedock.effects.task_store import TaskStore
from scenedock.effects.task_tables import migrate, require_version
from scenedock.effects.tasks import TaskEffects
from scenedock.errors import InputError, ScenedockError
from scenedock.model.action import Action
from scenedock.usecases.retention import forget_old_tasks_action, retention_schedule
from scenedock.usecases.run_task import Limits, RunningTasks
from scenedock.usecases.schedules import Schedule, Schedules

Role: TypeAlias = Literal["embedded", "web", "worker"]
"""What a process does with tasks: everything; submit and read; run those that others submit."""


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """What tasks need to be told. `database` is a URL, by default SQLite in `data`; `seal_keys` have commas between."""

    data: Path
    database: str = ""
    seal_keys: str = ""
    threads: int = 8
    limits: Limits = field(default_factory=Limits)
    keep_days: int = 30
    readers: int = 4
    schedules: tuple[Schedule, ...] = ()


def open_tasks(
    settings: TaskSettings, actions: Sequence[Action[Any]], action_effects: Any, role: Role = "embedded"
) -> TaskService:
    """The tasks; nothing runs yet. SQLite is migrated on the way, PostgreSQL by `scenedock migrate` alone.

    Raises
    ------
    InputError      what a setting names can't be used
    ConflictError   the database must be migrated first, or was by a newer release
    """
    seal = seal_of(settings.seal_keys, settings.data)
    database = open_database(settings)
    try:
        database.write(migrate if database.is_sqlite else require_version)
    except ScenedockError:
        database.close()
        raise
    readers = threading.BoundedSemaphore(settings.readers)
    store = TaskStore(database)
    if role == "web":
        remote = TaskEffects(database, store, seal, RemoteEngine(database), _milliseconds)
        return TaskService(remote, tuple(actions), None, readers)
    executors: Executors = (
        LocalExecutors(settings.data / "executors") if database.is_sqlite else SharedExecutors(database)
    )
    engine = Engine(database, executors.own, settings.threads, queued=role == "worker")
    effects = TaskEffects(database, store, seal, engine, _milliseconds)
    own = [*actions, forget_old_tasks_action(effects)]
    running = RunningTasks(effects, own, action_effects, settings.limits)
    schedules = Schedules(effects, own, [retention_schedule(settings.keep_days), *settings.schedules])
    return TaskService(effects, tuple(actions), TaskWorker(engine, running, executors, schedules), readers)


def task_settings(settings: Settings) -> TaskSettings:
    """What the service's settings say of tasks.

    Raises
    ------
    InputError   a limit is not `ACTION=NUMBER`
    """
    return TaskSettings(
        data=settings.data,
        database=settings.database_url,
        seal_keys=settings.seal_key,
        threads=settings.task_threads,
        limits=Limits(settings.step_seconds, dict(_limit(limit) for limit in settings.task_limits)),
        keep_days=settings.task_days,
        readers=settings.event_readers,
    )


def _limit(text: str) -> tuple[str, int]:
    action, _, number = text.rpartition("=")
    if not action or not number.isdecimal() or int(number) < 1:
        raise InputError(f"{variable('task_limits')}: {text!r} must be ACTION=NUMBER")
    return action, int(number)


def open_database(settings: TaskSettings) -> Database:
    """The database of tasks.

    Raises
    ------
    InputError   it is neither SQLite nor PostgreSQL
    """
    return Database(database_address(settings.database, settings.data))


def migrate_all(database: Database) -> int:
    """Bring all tables to the present version; answer how many versions ours were behind."""
    behind = database.write(migrate)
    migrate_engine(database)
    return behind


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
