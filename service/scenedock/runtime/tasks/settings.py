"""The settings of tasks, and how they follow from the settings of the service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from scenedock.runtime.settings import Settings
from scenedock.structs import dataclass, field
from scenedock.usecases.tasks.limits import TaskLimits

if TYPE_CHECKING:
    from scenedock.usecases.tasks.schedules import Schedule

Role: TypeAlias = Literal["embedded", "web", "worker"]
"""What a process does with tasks: everything; only submit and read them; only run those that others submit."""


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """The settings of tasks. `database` is a URL, by default SQLite in `data`; `seal_keys` are separated by commas."""

    data: Path
    database: str = ""
    seal_keys: str = ""
    threads: int = 8
    limits: TaskLimits = field(default_factory=TaskLimits)
    keep_days: int = 30
    readers: int = 16
    schedules: tuple[Schedule, ...] = ()


def task_settings(settings: Settings) -> TaskSettings:
    """The settings of tasks from those of the service."""
    schedules: tuple[Schedule, ...] = ()
    if settings.repositories and settings.code_hosts:  # its import loads what reads repositories
        from scenedock.usecases.environments.expired import expiry_schedule

        schedules = (expiry_schedule(),)
    limits = (limit.rpartition("=") for limit in settings.task_limits)
    return TaskSettings(
        data=settings.data,
        database=settings.database_url,
        seal_keys=settings.seal_key,
        threads=settings.task_threads,
        limits=TaskLimits(
            settings.step_seconds,
            {action: int(number) for action, _, number in limits},
            key_days=settings.task_days,
        ),
        keep_days=settings.task_days,
        readers=settings.event_readers,
        schedules=schedules,
    )
