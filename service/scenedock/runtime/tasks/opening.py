"""Where the effects of tasks are built; with it come SQLAlchemy and dbos, so `wiring` imports it late."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from scenedock.actions.effects import Effects
from scenedock.effects.local.disk import make_private_folder
from scenedock.effects.tasks.effects import TaskEffects
from scenedock.effects.tasks.engine import Engine, RemoteEngine
from scenedock.effects.tasks.executors import Executors, LocalExecutors, SharedExecutors
from scenedock.effects.tasks.sealing import Seal
from scenedock.effects.tasks.storage.database import Database, database_address
from scenedock.effects.tasks.storage.tables import migrate, require_version
from scenedock.effects.tasks.store import TaskStore, Told
from scenedock.effects.tasks.watch import TaskWatch
from scenedock.errors import ScenedockError
from scenedock.model.action import Action
from scenedock.runtime.tasks.service import OpenTasks
from scenedock.runtime.tasks.worker import TaskWorker
from scenedock.usecases.tasks.retention import forget_old_tasks_action, retention_schedule
from scenedock.usecases.tasks.run_task import RunningTasks
from scenedock.usecases.tasks.schedules import Schedules
from scenedock.usecases.tasks.undo_task import undo_step_action

if TYPE_CHECKING:
    from scenedock.runtime.tasks.settings import Role, TaskSettings


def opened_tasks(
    settings: TaskSettings,
    actions: Collection[Action[Any]],
    action_effects: Any,
    role: Role,
    seal: Seal,
    told: Told,
) -> OpenTasks:
    """The tasks; nothing runs yet. SQLite is migrated on the way, PostgreSQL by `scenedock migrate` alone.

    Raises
    ------
    InputError      something that a setting names can't be used
    ConflictError   the database must be migrated first, or a newer release has migrated it
    """
    database = open_database(settings)
    try:
        database.write(migrate if database.is_sqlite else require_version)
    except ScenedockError:
        database.close()
        raise
    store = TaskStore(database, told)
    rules = action_effects.approvals.rules.fingerprint if isinstance(action_effects, Effects) else ""
    if role == "web":
        return OpenTasks(
            TaskEffects(database, store, seal, RemoteEngine(database), TaskWatch(store), rules=rules), None
        )
    woken = threading.Event()
    executors: Executors = (
        LocalExecutors(settings.data / "executors") if database.is_sqlite else SharedExecutors(database, woken)
    )
    engine = Engine(database, executors.own, settings.threads, queued=role == "worker")
    effects = TaskEffects(database, store, seal, engine, TaskWatch(store), rules=rules)
    own = [*actions, forget_old_tasks_action(effects), undo_step_action(effects, actions)]
    running = RunningTasks(effects, own, action_effects, settings.limits)
    schedules = Schedules(effects, own, [retention_schedule(settings.keep_days), *settings.schedules])
    return OpenTasks(effects, TaskWorker(engine, running, executors, schedules, woken))


def open_database(settings: TaskSettings) -> Database:
    """The database of tasks.

    Raises
    ------
    InputError   it is neither SQLite nor PostgreSQL, or its folder can't be created
    """
    address = database_address(settings.database, settings.data)
    if address.file and address.file.parent == settings.data.absolute():
        make_private_folder(settings.data)
    return Database(address)
