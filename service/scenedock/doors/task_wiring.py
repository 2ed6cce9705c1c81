"""Where tasks are wired without being opened: what is wrong shows at once, what takes memory and time waits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from scenedock.doors.settings import Settings, variable
from scenedock.doors.task_service import OpenTasks, TaskService
from scenedock.effects.sealing import seal_of
from scenedock.effects.task_lookout import TaskLookout
from scenedock.errors import InputError
from scenedock.model.action import Action
from scenedock.usecases.task_limits import Limits

if TYPE_CHECKING:
    from scenedock.usecases.schedules import Schedule

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
        from scenedock.doors.task_opening import opened_tasks

        return opened_tasks(settings, actions, action_effects, role, seal)

    busy = role == "worker" or bool(settings.schedules)
    return TaskService(tuple(actions), settings.readers, opened, None if role == "web" else lookout, at_once=busy)


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
