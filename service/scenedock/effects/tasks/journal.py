"""The journal of one run of a task: its changes of the task, written in few transactions without delaying readers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

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
from scenedock.structs import replace

_MOST_LINES = 200
_LONGEST_SECONDS = 0.3


class Journal:
    """Collects changes of a task in memory, and writes them together on request, or when log lines have waited.

    `task` is the task as it will be stored. It begins as just begun, which the first write stores, and `stored` is how
    it was before. Only the run that holds the task can write; if another run holds it, LeaseLostError is raised.
    """

    def __init__(self, store: TaskStore, stored: Task, began: Task, clock: Callable[[], int]) -> None:
        self.task = began
        self._stored = stored
        self._store = store
        self._clock = clock
        self._run = began.run
        self._events: list[NewEvent] = []
        self._writes = 0
        self._since = 0.0
        self._lock = threading.RLock()

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._clock()

    def add(self, change: TaskChange) -> None:
        """Add a change of `task`."""
        with self._lock:
            self.task = change.task
            self._events += change.events

    def log(self, message: str, step_id: str | None = None) -> None:
        """Add a log line; it is written when there are many, or soon."""
        with self._lock:
            if not self._events:
                self._since = time.monotonic()
            self._events.append(logged(message, self._clock(), step_id))
            if len(self._events) >= _MOST_LINES:
                self.write()

    def flush(self) -> None:
        """Write log lines that have waited for long enough."""
        with self._lock:
            if self._events and time.monotonic() - self._since >= _LONGEST_SECONDS:
                self.write()

    def write(self) -> None:
        """Write all collected changes in one transaction.

        Raises
        ------
        LeaseLostError   another run holds the task by now
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
                    end = cancelled(
                        task, now
                    )  # the person who cancelled it was promised that it ends before its next step
                    return TaskChange(end.task, (*events, *end.events))
                return TaskChange(task, events)

            fence = fenced if self._writes else claiming
            written = self._store.change(mine.id, fence(self._run, decide), mark, expected=self._stored)
            if written.run != self._run or written.lease_owner != mine.lease_owner:
                raise LeaseLostError(mine.id)
            self.task = self._stored = written
            self._events.clear()
            self._writes += 1
