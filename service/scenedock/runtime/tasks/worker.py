"""The worker that runs tasks in this process."""

from __future__ import annotations

import threading
import time
from typing import Final

from scenedock.effects.tasks.engine import Engine
from scenedock.effects.tasks.executors import Executors
from scenedock.usecases.tasks.run_task import RunningTasks
from scenedock.usecases.tasks.schedules import Schedules
from scenedock.usecases.tasks.tend_tasks import Tending, tend

_LOOK_SECONDS: Final = 0.5
_SECONDS_AFTER_A_FAILURE: Final = 2.0


class TaskWorker:
    """Runs tasks in this process, and tends all tasks while it lives; at once when `woken` is set."""

    def __init__(
        self,
        engine: Engine,
        running: RunningTasks,
        executors: Executors,
        schedules: Schedules,
        woken: threading.Event,
    ) -> None:
        self._engine = engine
        self._running = running
        self._executors = executors
        self._tending = Tending(running.effects.store, engine, executors)
        self._schedules = schedules
        self._woken = woken
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="tasks", daemon=True)

    def start(self) -> None:
        """Begin to run tasks."""
        self._executors.hold()
        self._engine.launch(
            lambda task_id, number: self._running.run(task_id, number, self._executors.own), self._run_ended
        )
        self._thread.start()

    def stop(self, grace_seconds: int) -> None:
        """Begin no more steps; a step that outlasts the grace period begins again elsewhere after this process ends."""
        self._running.draining.set()
        self._engine.stop(grace_seconds)
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join()
        if not self._engine.is_busy:  # else a step is still running here, and must not begin elsewhere before it ends
            self._executors.leave()

    def _tend(self) -> None:
        next_look = time.monotonic()
        while not self._stopping.is_set():
            now, looks = self._running.effects.clock(), time.monotonic() >= next_look
            if looks:
                next_look = time.monotonic() + _LOOK_SECONDS
            if self._running.draining.is_set():
                tend(self._tending.stay, now)
            elif looks:
                if not tend(self._tending.look, now):
                    next_look = time.monotonic() + _SECONDS_AFTER_A_FAILURE
                self._schedules.look(now)
            else:
                tend(self._tending.take, now)
            self._running.flush()
            self._woken.wait(max(next_look - time.monotonic(), 0))
            self._woken.clear()

    def _run_ended(self) -> None:
        if self._tending.has_more:
            self._woken.set()
