"""How the tasks stand that callers in this process wait for: one query for all of them, a few times a second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from scenedock.model.tasks.task import Task

if TYPE_CHECKING:
    from scenedock.effects.tasks.store import TaskStore

_log: Final = logging.getLogger("scenedock.tasks")

SECONDS_BETWEEN_LOOKS: Final = 0.25


class AwaitedTask:
    """A task that a caller waits for: whether it rests or has rested, why, and the task once it has ended."""

    def __init__(self) -> None:
        self.rests = False
        self.reason = ""
        self._ended: Task | None = None
        self._error: Exception | None = None
        self._news = threading.Event()

    @property
    def ended(self) -> Task | None:
        """The task once it has ended.

        Raises
        ------
        TemporaryError   the database can't be reached
        """
        if self._ended is None and self._error:
            raise self._error
        return self._ended

    def wait(self, seconds: float) -> None:
        """Wait for news, at most some seconds."""
        if self._news.wait(seconds):
            self._news.clear()

    def tell(self, task: Task) -> None:
        """Bring the news that it has ended, or rests."""
        if task.finished:
            self._ended = task
        else:
            self.rests, self.reason = True, task.reason
        self._news.set()

    def fail(self, error: Exception) -> None:
        """Bring the news that nobody can say how it stands."""
        self._error = error
        self._news.set()


class TaskWatch:
    """Tells callers when their tasks end or rest.

    A run in this process tells it at once. For tasks that run elsewhere one thread asks the database for all callers
    together; it lives only while there are any.
    """

    def __init__(self, store: TaskStore) -> None:
        self._store = store
        self._awaited: dict[str, set[AwaitedTask]] = {}
        self._looks = False
        self._lock = threading.Lock()

    @contextmanager
    def awaiting(self, task: Task) -> Iterator[AwaitedTask]:
        """The task, awaited while the context lasts."""
        awaited = AwaitedTask()
        if task.finished:
            awaited.tell(task)
            yield awaited
            return
        self._begin(task.id, awaited)
        try:
            yield awaited
        finally:
            self._end(task.id, awaited)

    def tell(self, task: Task) -> None:
        """Tell those who wait for a task that it has ended, or rests."""
        with self._lock:
            awaited = tuple(self._awaited.get(task.id, ()))
        for each in awaited:
            each.tell(task)

    def _begin(self, task_id: str, awaited: AwaitedTask) -> None:
        with self._lock:
            self._awaited.setdefault(task_id, set()).add(awaited)
            if not self._looks:
                threading.Thread(target=self._look, name="watch", daemon=True).start()
                self._looks = True

    def _end(self, task_id: str, awaited: AwaitedTask) -> None:
        with self._lock:
            self._awaited[task_id].discard(awaited)
            if not self._awaited[task_id]:
                del self._awaited[task_id]

    def _look(self) -> None:
        while True:
            with self._lock:
                everybody = [awaited for group in self._awaited.values() for awaited in group]
                running = [id_ for id_, group in self._awaited.items() if not all(each.rests for each in group)]
                ids = list(self._awaited)
                self._looks = bool(ids)
            if not ids:
                return
            try:
                for task in self._store.stopped(ids, running):
                    self.tell(task)
            except Exception as error:  # noqa: BLE001 - the callers get it; whoever waits next is looked for again
                _log.warning("tasks can't be watched: %s", error)
                for awaited in everybody:
                    awaited.fail(error)
            time.sleep(SECONDS_BETWEEN_LOOKS)
