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
from scenedock.model.tasks.changes import HANDOVER_MILLISECONDS, TaskChange, ended, failure, lost
from scenedock.model.tasks.task import Task

_log: Final = logging.getLogger("scenedock.tasks")

_BEAT_MILLISECONDS = 5_000
_SWEEP_MILLISECONDS = 5_000


class Tending:
    """One executor's care for all tasks; `look`, or `stay` while it drains, is called every half second or so.

    `has_more` says whether more tasks may be due than there was room for: then `take` is called after the next run.
    """

    def __init__(self, store: TaskStore, engine: Engine, executors: Executors) -> None:
        self._store = store
        self._engine = engine
        self._executors = executors
        self._suspects: dict[str, int] = {}
        self._orphans: dict[tuple[str, int], int] = {}
        self._stale: set[str] = set()
        self._last_beat = 0
        self._last_sweep = 0
        self.has_more = False

    def stay(self, now: int) -> None:
        """Report that this executor is alive, with all tasks that run here."""
        self._executors.hold()
        if self._engine.is_busy and now - self._last_beat >= _BEAT_MILLISECONDS:
            self._store.beat(self._executors.own, now)
            self._last_beat = now

    def look(self, now: int) -> None:
        """Assign tasks that are due, end those that are late, and take over those of dead executors."""
        self.stay(now)
        tasks = self._store.to_tend(now)
        if any(task.wake_at is not None for task in tasks):
            self.take(now)
        held = [task for task in tasks if task.lease_owner is not None]
        dead = self._dead({task.lease_owner for task in held if task.lease_owner}, now)
        for task in held:
            if task.lease_owner in dead:
                _log.warning("executor %s is gone: task %s is taken over", task.lease_owner, task.id)
                self._take_over(task, now)
            # A step is not late because nobody was there to run it.
            elif task.deadline_at is not None and task.deadline_at <= now and task.lease_owner not in self._suspects:
                self._end_late(task, now)
        for task in self._orphaned(held, now):
            _log.warning("nobody runs task %s, which is ours: it is handed out again", task.id)
            self._take_over(task, now)
        if now - self._last_sweep >= _SWEEP_MILLISECONDS:
            self._sweep()
            self._last_sweep = now

    def take(self, now: int) -> None:
        """Begin tasks that are due, as many as there is room for."""
        self.has_more = True  # before the room is known: a run that ends in this moment is not overlooked
        room = self._engine.room
        if not room:
            return
        taken = self._store.hand_out(now, room, self._engine.has)
        self.has_more = len(taken) == room
        for task in taken:
            self._engine.start(task.id, task.run)
        self._engine.withdraw([task for task in taken if task.status == "open"], now)

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

    def _dead(self, owners: set[str], now: int) -> set[str]:
        """Those of the executors that have looked dead for long enough."""
        others = owners - {self._executors.own}
        self._suspects = {name: self._suspects.get(name, now) for name in others if self._executors.is_dead(name)}
        return {name for name, since in self._suspects.items() if now - since >= self._executors.doubt_milliseconds}

    def _orphaned(self, held: list[Task], now: int) -> list[Task]:
        """The tasks that stand under our name although nobody runs them here: their run could not write its end."""
        ours = [task for task in held if task.lease_owner == self._executors.own]
        idle = {(task.id, task.run): task for task in ours if not self._engine.has(task.id, task.run)}
        self._orphans = {key: self._orphans.get(key, now) for key in idle}
        return [idle[key] for key, since in self._orphans.items() if now - since >= HANDOVER_MILLISECONDS]

    def _sweep(self) -> None:
        """End the engine's records of runs whose process is dead, or whose task has ended.

        A run whose task has just ended is about to record that itself; one that is seen twice won't. What a thread of
        another process goes on with, only that process knows.
        """
        runs = self._engine.unended_runs()
        unended = self._store.unended({run.task_id for run in runs}) if runs else set()
        others = {run.executor for run in runs} - {self._executors.own}
        dead = {name for name in others if self._executors.is_dead(name)}
        own = self._executors.own
        known = [run for run in runs if run.executor == own or not run.goes_on]
        ended_runs = {run.record for run in known if run.task_id not in unended}
        stale = ended_runs | {run.record for run in runs if run.executor in dead}
        self._engine.give_up(sorted(stale & self._stale))
        self._stale = stale


def tend(look: Callable[[int], None], now: int) -> bool:
    """Call `look` (or `stay`) once; errors are logged, and it is tried again the next time. Returns its success."""
    try:
        look(now)
    except ScenedockError as error:
        _log.warning("tasks can't be tended: %s", error)
        return False
    except Exception:  # noqa: BLE001 - the database can fail in many ways, and tending must survive them all
        _log.exception("tasks can't be tended; trying again")
        return False
    return True
