"""Schedules: tasks that are submitted by the clock, once for each tick, however many replicas there are."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from croniter import croniter  # type: ignore[import-untyped] # it has no types

from scenedock.effects.tasks.effects import TaskEffects
from scenedock.model.action import Action, Caller
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass
from scenedock.usecases.tasks.submit_task import submit_task

_log: Final = logging.getLogger("scenedock.tasks")

LATE: Final = timedelta(minutes=1)
"""How late a tick is still submitted without `make_up`: all replicas may have been restarting."""
MOST_MADE_UP: Final = 1_000


@dataclass(frozen=True, slots=True)
class Schedule:
    """A task for each tick of a cron expression in UTC; with six fields the first is seconds.

    The task's parameter `scheduledAt` is its tick.

    With `make_up`, every tick that was missed while nothing ran is made up for, else only one that is slightly late.
    """

    name: str
    cron: str
    spec: JsonObject
    make_up: bool = False

    def ticks(self, after: int, until: int) -> list[int]:
        """The ticks after one time and up to another, in milliseconds since 1970; of too many, the last ones."""
        ticks: list[int] = []
        times = croniter(self.cron, _time(until + 1), ret_type=datetime, second_at_beginning=True)
        while len(ticks) < MOST_MADE_UP:
            tick = int(times.get_prev().timestamp() * 1_000)
            if tick <= after:
                break
            ticks.append(tick)
        return ticks[::-1]


class Schedules:
    """Submits the tasks of schedules when they are due; `look` is called about every half second."""

    def __init__(self, effects: TaskEffects, actions: Iterable[Action[Any]], schedules: Sequence[Schedule]) -> None:
        self._effects = effects
        self._actions = tuple(actions)
        self._schedules = schedules
        self._next: dict[str, int] = {}

    def look(self, now: int) -> None:
        """Submit what is due; errors are logged, and it is tried again the next time."""
        for schedule in self._schedules:
            try:
                if now >= self._next.get(schedule.name, 0):
                    self._submit(schedule, now)
            except Exception:  # noqa: BLE001 - the clock must continue, whatever error a schedule has
                _log.exception("schedule %s failed; trying again", schedule.name)

    def _submit(self, schedule: Schedule, now: int) -> None:
        ticks = schedule.ticks(self._effects.store.last_tick(schedule.name, now), now)
        caller = Caller(f"schedule:{schedule.name}", "local", scope="run")
        for tick in ticks:
            if schedule.make_up or _time(now) - _time(tick) <= LATE:
                spec = {**schedule.spec, "parameters": {"scheduledAt": _time(tick).isoformat()}}
                submit_task(self._effects, self._actions, caller, spec, key=str(tick))
        if ticks:
            self._effects.store.ticked(schedule.name, ticks[-1])
        following = croniter(schedule.cron, _time(now), ret_type=datetime, second_at_beginning=True).get_next()
        self._next[schedule.name] = int(following.timestamp() * 1_000)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)
