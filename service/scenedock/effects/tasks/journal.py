"""The journal of one run of a task: what it does to its task, written in as few transactions as readers allow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from scenedock.effects.tasks.store import TaskStore
from scenedock.model.tasks.changes import (
    LeaseLostError,
    NewEvent,
    TaskChange,
    cancelled,
    claiming,
    fenced,
    logged,
    overtaken,
)
from scenedock.model.tasks.task import Task

_MOST_LINES = 200
_LONGEST_SECONDS = 0.3


class Journal:
    """Collects changes of a task in memory, and writes them together when asked, or when log lines have waited.

    `task` is the task as it will be stored; it begins as one that was just started, which the first write makes true.
    Only the run that holds the task can write: one that finds that another does raises LeaseLostError.
    """

    def __init__(self, store: TaskStore, task: Task, clock: Callable[[], int]) -> None:
        self.task = task
        self._store = store
        self._clock = clock
        self._run = task.run
        self._events: list[NewEvent] = []
        self._writes = 0
        self._since = 0.0
        self._lock = threading.RLock()

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._clock()

    def add(self, change: TaskChange) -> None:
        """Take a change of `task` in."""
        with self._lock:
            self.task = change.task
            self._events += change.events

    def log(self, message: str, step_id: str | None = None) -> None:
        """Take a log line in; written when there are many, or soon."""
        with self._lock:
            if not self._events:
                self._since = time.monotonic()
            self._events.append(logged(message, self._clock(), step_id))
            if len(self._events) >= _MOST_LINES:
                self.write()

    def flush(self) -> None:
        """Write log lines that have waited long enough for their reader."""
        with self._lock:
            if self._events and time.monotonic() - self._since >= _LONGEST_SECONDS:
                self.write()

    def write(self) -> None:
        """Write all that was taken in, in one transaction.

        Raises
        ------
        LeaseLostError   the task is another's by now
        """
        with self._lock:
            mine, events, mark = self.task, tuple(self._events), f"{self._run}.{self._writes}"

            def decide(stored: Task) -> TaskChange:
                now = self._clock()
                task = replace(mine, cancel_requested=stored.cancel_requested, last_event=stored.last_event)
                task = replace(task, heartbeat_at=now)
                if overtaken(stored, mine):
                    task = replace(task, wake_at=now)
                elif self._writes and mine.wait_for is not None:
                    task = replace(task, wait_for=stored.wait_for)
                if task.cancel_requested and task.lease_owner is None and not task.finished:
                    end = cancelled(task, now)  # who asked for it was told that it ends before its next step
                    return TaskChange(end.task, (*events, *end.events))
                return TaskChange(task, events)

            fence = fenced if self._writes else claiming
            written = self._store.change(mine.id, fence(self._run, decide), mark)
            if written.run != self._run or written.lease_owner != mine.lease_owner:
                raise LeaseLostError(mine.id)
            self.task = written
            self._events.clear()
            self._writes += 1
