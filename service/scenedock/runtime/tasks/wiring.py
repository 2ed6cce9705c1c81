"""Where tasks are wired without being opened: what is wrong shows at once, what takes memory and time waits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from scenedock.effects.local.key_files import shared_key
from scenedock.effects.tasks.lookout import TaskLookout
from scenedock.effects.tasks.sealing import Seal, new_key
from scenedock.errors import InputError
from scenedock.model.action import Action
from scenedock.runtime.tasks.service import OpenTasks, TaskService
from scenedock.runtime.tasks.settings import Role, TaskSettings


def open_tasks(
    settings: TaskSettings, actions: Sequence[Action[Any]], action_effects: Any, role: Role = "embedded"
) -> TaskService:
    """The tasks; neither the database nor the engine is open before they are needed.

    Who runs the tasks of others, or has a clock to keep, needs them from the start.

    Raises
    ------
    InputError       what a setting names can't be used
    ConflictError    the database must be migrated first, or was by a newer release
    TemporaryError   it can't be reached
    """
    seal = seal_of(settings.seal_keys, settings.data)
    lookout = TaskLookout(settings.database, settings.data, settings.keep_days)
    with closing(lookout):  # who serves forks before it starts, and a connection would be both processes'
        lookout.require_usable()

    def opened() -> OpenTasks:
        from scenedock.runtime.tasks.opening import opened_tasks

        return opened_tasks(settings, actions, action_effects, role, seal)

    busy = role == "worker" or bool(settings.schedules)
    return TaskService(tuple(actions), settings.readers, opened, None if role == "web" else lookout, at_once=busy)


def seal_of(keys: str, data: Path) -> Seal:
    """The seal with the configured keys (commas between them), or with one made and kept in the data folder.

    Raises
    ------
    InputError, NotFoundError   a key is none, or its file can't be made or read
    """
    if keys:
        return Seal(*(key.strip() for key in keys.split(",")))
    path = data / "seal.key"
    key = shared_key(path, new_key, "the key that seals secrets")
    try:
        return Seal(key.decode("ascii", "replace").strip())
    except InputError:
        raise InputError(
            f"{path}: this is no seal key, which has 32 bytes in URL-safe base64; put the right one back, or remove "
            "the file: then there will be a new key, and unfinished tasks must be retried with their secrets"
        ) from None
