"""The worker that runs tasks in this process."""

from __future__ import annotations

import threading
from typing import Final

from scenedock.effects.tasks.engine import Engine
from scenedock.effects.tasks.executors import Executors
from scenedock.usecases.tasks.run_task import RunningTasks
from scenedock.usecases.tasks.schedules import Schedules
from scenedock.usecases.tasks.tend_tasks import Tending, tend

_LOOK_SECONDS: Final = 0.5


class TaskWorker:
    """Runs tasks in this process, and takes care of all tasks while it is alive."""

    def __init__(self, engine: Engine, running: RunningTasks, executors: Executors, schedules: Schedules) -> None:
        self._engine = engine
        self._running = running
        self._executors = executors
        self._tending = Tending(running.effects.store, engine, executors)
        self._schedules = schedules
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="tasks", daemon=True)

    def start(self) -> None:
        """Begin to run tasks."""
        self._executors.hold()
        self._engine.launch(lambda task_id, number: self._running.run(task_id, number, self._executors.own))
        self._thread.start()

    def stop(self, grace_seconds: int) -> None:
        """Begin no more steps; a step that outlasts the grace period begins again elsewhere after this process ends."""
        self._running.draining.set()
        self._engine.stop(grace_seconds)
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        if not self._engine.is_busy:  # else a step is still running here, and must not begin elsewhere before it ends
            self._executors.leave()

    def _tend(self) -> None:
        while True:
            now = self._running.effects.clock()
            if self._running.draining.is_set():
                tend(self._tending.stay, now)
            else:
                tend(self._tending.look, now)
                self._schedules.look(now)
            self._running.flush()
            if self._stopping.wait(_LOOK_SECONDS):
                return
