"""Wires tasks without opening them: errors show at once, but what takes memory and time waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from scenedock.effects.local.key_files import shared_key
from scenedock.effects.tasks.lookout import TaskLookout
from scenedock.effects.tasks.sealing import Seal, new_key
from scenedock.errors import InputError
from scenedock.model.action import Action
from scenedock.model.tasks.changes import NewEvent
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.service import OpenTasks, TaskService
from scenedock.runtime.tasks.settings import Role, TaskSettings

T = TypeVar("T")
_SEAL_KEY: Final = "seal.key"


def open_tasks(
    settings: TaskSettings,
    actions: Collection[Action[Any]],
    action_effects: Any,
    role: Role = "embedded",
    told: Callable[[Task, Sequence[NewEvent]], object] = lambda _task, _events: None,
    *,
    makes_key: bool = True,
) -> TaskService:
    """The tasks; neither the database nor the engine is opened before they are needed.

    `told` learns of each change of a task here, after it is stored. Without `makes_key`, no seal key is generated: then
    tasks can be read, but none can be given secrets.

    A process that runs the tasks of others, or schedules, needs them from the start.

    Raises
    ------
    InputError       something that a setting names can't be used
    ConflictError    the database must be migrated first, or a newer release has migrated it
    TemporaryError   the database can't be reached
    """
    has_key = makes_key or settings.seal_keys or (settings.data / _SEAL_KEY).exists()
    seal = seal_of(settings.seal_keys, settings.data) if has_key else Seal()
    lookout = TaskLookout(settings.database, settings.data, settings.keep_days)
    with closing(lookout):  # the server forks before it starts, and both processes would share the connection
        lookout.require_usable()

    def opened() -> OpenTasks:
        from scenedock.runtime.tasks.opening import opened_tasks

        return opened_tasks(settings, actions, action_effects, role, seal, told)

    def look(ask: Callable[[TaskLookout], T]) -> T:
        # With one of its own, because requests come in any thread, and the other lookout may be closed by now.
        with closing(TaskLookout(settings.database, settings.data, settings.keep_days)) as looking:
            return ask(looking)

    busy = role == "worker" or bool(settings.schedules)
    return TaskService(
        actions,
        settings.readers,
        opened,
        None if role == "web" else lookout,
        partial(look, TaskLookout.counts),
        partial(look, TaskLookout.sees_any),
        at_once=busy,
    )


def seal_of(keys: str, data: Path) -> Seal:
    """The seal with the configured keys (separated by commas), or with a generated key in the data folder.

    Raises
    ------
    InputError, NotFoundError   a key is invalid, or its file can't be created or read
    """
    if keys:
        return Seal(*(key.strip() for key in keys.split(",")))
    path = data / _SEAL_KEY
    key = shared_key(path, new_key, "the key that seals secrets")
    try:
        return Seal(key.decode("ascii", "replace").strip())
    except InputError:
        raise InputError(
            f"{path}: this is not a seal key, which has 32 bytes in URL-safe base64; restore the right one, or remove "
            "the file: then a new key is generated, and unfinished tasks must be retried with their secrets"
        ) from None
