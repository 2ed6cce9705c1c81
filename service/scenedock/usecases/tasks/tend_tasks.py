"""Tending: what every executor does repeatedly, so that no task is left behind.

Any number of executors may do it at once: each change is decided again under the lock of the task's row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from scenedock.effects.tasks.engine import Engine
from scenedock.effects.tasks.executors import Executors
from scenedock.effects.tasks.store import TaskStore
from scenedock.errors import TIMED_OUT, ScenedockError
from scenedock.model.tasks.changes import HANDOVER_MILLISECONDS, TaskChange, ended, failure, handed_out, lost
from scenedock.model.tasks.task import Task

_log: Final = logging.getLogger("scenedock.tasks")

_BEAT_MILLISECONDS = 5_000


class Tending:
    """One executor's care for all tasks; `look`, or `stay` while it drains, is called about every half second."""

    def __init__(self, store: TaskStore, engine: Engine, executors: Executors) -> None:
        self._store = store
        self._engine = engine
        self._executors = executors
        self._suspects: dict[str, int] = {}
        self._orphans: dict[tuple[str, int], int] = {}
        self._last_beat = 0

    def stay(self, now: int) -> None:
        """Report that this executor is alive, with all tasks that run here."""
        self._executors.hold()
        if now - self._last_beat >= _BEAT_MILLISECONDS:
            self._store.beat(self._executors.own, now)
            self._last_beat = now

    def look(self, now: int) -> None:
        """Assign tasks that are due, end those that are late, and take over those of dead executors."""
        self.stay(now)
        due = self._store.due(now)
        next_up = [task.id for task in due if self._is_next_up(task)]
        self._store.postpone(next_up, now, now + HANDOVER_MILLISECONDS)
        for task in due:
            if task.id not in next_up:
                self._hand_out(task, now)
        for owner in self._dead(now):
            for task in self._store.held_by(owner):
                _log.warning("executor %s is gone: task %s is taken over", owner, task.id)
                self._take_over(task, now)
        for task in self._store.late(now):
            if task.lease_owner not in self._suspects:  # a step isn't late if no executor could run it
                self._end_late(task, now)
        for task in self._orphaned(now):
            _log.warning("task %s is ours, but nobody runs it: it is assigned again", task.id)
            self._take_over(task, now)

    def _is_next_up(self, task: Task) -> bool:
        """Whether it only waits for one of our threads, or for a worker."""
        return self._engine.has(task.id, task.run) or self._engine.is_queued(task.id, task.run)

    def _hand_out(self, seen: Task, now: int) -> None:
        def decide(task: Task) -> TaskChange:
            if task.run != seen.run or task.wake_at != seen.wake_at or task.wake_at is None:
                return TaskChange(task)  # another was faster
            return handed_out(task, now)

        self._start_if_new(seen, self._store.change(seen.id, decide))

    def _take_over(self, seen: Task, now: int) -> None:
        def decide(task: Task) -> TaskChange:
            same = task.run == seen.run and task.lease_owner == seen.lease_owner
            return lost(task, now) if same and task.lease_owner is not None else TaskChange(task)

        self._start_if_new(seen, self._store.change(seen.id, decide))

    def _start_if_new(self, seen: Task, task: Task) -> None:
        if task.run == seen.run + 1 and task.lease_owner is None and not task.finished:
            self._engine.start(task.id, task.run)

    def _end_late(self, seen: Task, now: int) -> None:
        def decide(task: Task) -> TaskChange:
            if task.run != seen.run or task.deadline_at != seen.deadline_at or task.lease_owner is None:
                return TaskChange(task)
            return ended(task, "fail", failure(TIMED_OUT, "a step ran longer than the limit for steps"), now)

        self._store.change(seen.id, decide)

    def _dead(self, now: int) -> list[str]:
        dead = {name for name in self._store.owners() if name != self._executors.own and self._executors.is_dead(name)}
        self._suspects = {name: self._suspects.get(name, now) for name in dead}
        return sorted(
            name for name, since in self._suspects.items() if now - since >= self._executors.doubt_milliseconds
        )

    def _orphaned(self, now: int) -> list[Task]:
        """The tasks assigned to us that nobody runs here: their run could not store its end."""
        held = self._store.held_by(self._executors.own)
        idle = {(task.id, task.run): task for task in held if not self._engine.has(task.id, task.run)}
        self._orphans = {key: self._orphans.get(key, now) for key in idle}
        return [idle[key] for key, since in self._orphans.items() if now - since >= HANDOVER_MILLISECONDS]


def tend(look: Callable[[int], None], now: int) -> None:
    """Call `look` (or `stay`) once; errors are logged, and it is tried again the next time."""
    try:
        look(now)
    except ScenedockError as error:
        _log.warning("tasks can't be tended: %s", error)
    except Exception:  # noqa: BLE001 - the database can fail in many ways, and tending must survive them all
        _log.exception("tasks can't be tended; trying again")
