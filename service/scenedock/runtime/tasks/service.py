"""Tasks for the doors: opened when a request needs one, or when there is one to run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from scenedock.errors import ScenedockError, TemporaryError
from scenedock.model.action import Action
from scenedock.runtime.logs import Troubles
from scenedock.runtime.places import about_to_stop
from scenedock.runtime.tasks.readers import Readers
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.effects.tasks.effects import TaskEffects
    from scenedock.effects.tasks.lookout import TaskCounts, TaskLookout
    from scenedock.runtime.tasks.worker import TaskWorker

_log: Final = logging.getLogger("scenedock.tasks")

_LOOK_SECONDS: Final = 0.5
_SECONDS_AFTER_A_FAILURE: Final = 2.0
_SECONDS_TO_OPEN: Final = 60
"""How long one request waits while another opens the tasks: the database may not be available."""


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """Tasks whose database and engine are open; `worker` is None if other processes run them."""

    effects: TaskEffects
    worker: TaskWorker | None

    def close(self, grace_seconds: int) -> None:
        """Take no more tasks, and let those that run reach their next step."""
        if self.worker:
            self.worker.stop(grace_seconds)
        else:
            self.effects.engine.stop(grace_seconds)
        self.effects.database.close()


class TaskService:
    """What doors need of tasks; `readers` limits the clients that wait.

    `opened` opens them, which takes memory and time (decision 10). Once started, the lookout checks for work twice a
    second, until it sees some or a request needs tasks; with `at_once`, tasks are opened without waiting for either.
    Without a lookout, this process runs no tasks. `count` counts all that haven't ended, and `sees_any` says whether
    there is one, ended or not, without opening them.
    """

    def __init__(
        self,
        actions: Collection[Action[Any]],
        readers: int,
        opened: Callable[[], OpenTasks],
        lookout: TaskLookout | None,
        count: Callable[[], TaskCounts],
        sees_any: Callable[[], bool],
        *,
        at_once: bool = False,
    ) -> None:
        self.actions = actions
        self.readers = Readers(readers)
        self._open = opened
        self._lookout = lookout
        self.count = count
        self._sees_any = sees_any
        self._at_once = at_once
        self._opened: OpenTasks | None = None
        self._started = False
        self._when_open: Callable[[], object] = lambda: None
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    @property
    def effects(self) -> TaskEffects:
        """The effects of tasks, opened if necessary.

        Raises
        ------
        TemporaryError   the database can't be reached, or the service is about to stop
        ConflictError    the database must be migrated first, or a newer release has migrated it
        """
        return self._at_hand().effects

    def may_have_any(self) -> bool:
        """Whether there may be a task, ended or not; they aren't opened for that.

        Raises
        ------
        TemporaryError   the database can't be reached
        """
        return self._opened is not None or self._sees_any()

    @property
    def seconds_idle(self) -> float | None:
        """How long ago this process looked for tasks to run; None before the first time, or if it never does."""
        opened = self._opened
        return opened.worker.seconds_idle if opened and opened.worker else None

    def start(self, when_open: Callable[[], object] = lambda: None) -> None:
        """Begin to run tasks, if this process does; `when_open` is called when they have been opened, now or later."""
        with self._lock:
            self._started = True
            self._when_open = when_open
            if self._opened and self._opened.worker:
                self._opened.worker.start()
            if self._opened:
                when_open()
        if self._lookout and self._opened is None:
            threading.Thread(target=self._watch, args=(self._lookout,), name="lookout", daemon=True).start()

    def stop(self, grace_seconds: int) -> None:
        """Take no more tasks, and let those that run reach their next step."""
        self._stopping.set()
        with self._lock:
            opened, self._opened = self._opened, None
        if opened:
            opened.close(grace_seconds)

    def _at_hand(self) -> OpenTasks:
        if opened := self._opened:
            return opened
        if not self._lock.acquire(timeout=_SECONDS_TO_OPEN):
            raise TemporaryError("tasks are still being opened; try again", retry_after=10)
        try:
            if self._opened is None:
                if self._stopping.is_set():
                    raise about_to_stop()
                self._opened = self._open_and_start()
            return self._opened
        finally:
            self._lock.release()

    def _open_and_start(self) -> OpenTasks:
        opened = self._open()
        if self._started and opened.worker:
            try:
                opened.worker.start()
            except Exception:
                opened.close(0)
                raise
        self._when_open()
        return opened

    def _watch(self, lookout: TaskLookout) -> None:
        troubles = Troubles(_log, logging.WARNING)
        while self._opened is None and not self._stopping.is_set():
            pause, failure = _LOOK_SECONDS, dict[str, str]()
            try:
                if self._at_once or lookout.sees_work():
                    self._at_hand()
            except ScenedockError as error:
                failure = {"tasks can't be run": str(error)}
                pause = _SECONDS_AFTER_A_FAILURE
            except Exception:  # noqa: BLE001 - tasks that wait in the database must be run, however often that fails
                _log.exception("tasks can't be run; trying again")
                pause = _SECONDS_AFTER_A_FAILURE
            troubles.note(failure)
            self._stopping.wait(pause)
        lookout.close()
