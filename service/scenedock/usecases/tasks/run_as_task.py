"""Run an action as a task, and wait for it: a caller that loses the connection can call again and rejoin it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

from scenedock.effects.tasks.effects import TaskEffects
from scenedock.errors import BUG, ERRORS, TIMED_OUT, ConflictError, InputError, TemporaryError
from scenedock.model.action import Action, Context
from scenedock.model.addresses import REDACTED
from scenedock.model.json import JsonObject, as_object, as_text
from scenedock.model.tasks.changes import OTHER_KEY
from scenedock.model.tasks.task import Task
from scenedock.structs import dataclass
from scenedock.usecases.run_action import run_action
from scenedock.usecases.tasks.manage_tasks import completion, retry_task
from scenedock.usecases.tasks.submit_task import one_action, submit_task

_MOST_SECONDS: Final = 3600.0
_SECONDS_UNTIL_TOLD_TO_STOP: Final = 1.0


@dataclass(slots=True)
class TaskCalls:
    """Calls of actions: read-only actions run directly, all others as tasks.

    A call with a `requestId` is one task, however often it is repeated; if the task has failed, it is tried again.
    """

    tasks: Callable[[], TaskEffects]
    """The effects of tasks, which are opened when the first call needs them."""
    actions: Iterable[Action[Any]]
    _leave_at: float = math.inf

    def run(
        self,
        action: Action[Any],
        context: Context[Any],
        values: JsonObject,
        rests: Callable[[], object] = lambda: None,
    ) -> JsonObject:
        """The output of the action; `rests` is called when its task begins to wait for something.

        Raises
        ------
        ConflictError    the `requestId` names a call with another input, or the task was cancelled
        TemporaryError   the task takes long, or waits for a worker with its key, or this process is about to stop; the
                         task continues
        ScenedockError   any error of the action
        """
        if action.attributes.read_only:
            return run_action(action, context, values)
        return self._outcome(action, self._ended(self._submit(action, context, values), rests))

    def hurry(self, seconds: float) -> None:
        """From now on, wait only some seconds for a running task, and not at all for one that waits itself."""
        self._leave_at = min(self._leave_at, time.monotonic() + seconds)

    def _submit(self, action: Action[Any], context: Context[Any], values: JsonObject) -> Task:
        began = self.tasks().clock()
        spec = one_action(action, values)
        request_id = as_text(values.get("requestId"))
        key = f"{action.id} {request_id}" if request_id else ""
        while True:
            task = submit_task(
                self.tasks(), self.actions, context.caller, spec, secrets=context.secrets, key=key, rendered=True
            )
            if task.created_at < began and task.status in {"failed", "cancelled"}:  # the caller tries again
                if _may_go_on(task, action.redacted(values)):
                    with suppress(ConflictError):  # another call has already retried it
                        return retry_task(self.tasks(), context.caller, task.id, context.secrets)
                else:
                    key = f"{key} after {task.id}"
                continue
            if task.steps[0].input != action.redacted(values):
                raise ConflictError(
                    f"requestId {request_id!r} is that of an earlier call with another input; use a new one"
                )
            return task

    def _ended(self, task: Task, rests: Callable[[], object]) -> Task:
        until = time.monotonic() + _MOST_SECONDS
        with self.tasks().watch.awaiting(task) as awaited:
            while not (ended := awaited.ended):
                now = time.monotonic()
                if awaited.reason == OTHER_KEY:
                    raise TemporaryError(
                        f"task {task.id} waits {OTHER_KEY}: the process that took this call and its workers have "
                        "different keys; see `scenedock doctor`, and call again with the same `requestId`",
                        retry_after=60,
                    )
                if awaited.rests:
                    rests()
                if now > until:
                    raise TemporaryError(f"task {task.id} takes long and continues; check it later", retry_after=60)
                if now > self._leave_at or (awaited.rests and self._leave_at < math.inf):
                    raise TemporaryError(
                        f"the service is about to stop, but task {task.id} continues; call again with the same "
                        "`requestId`",
                        retry_after=10,
                    )
                awaited.wait(_SECONDS_UNTIL_TOLD_TO_STOP)
            return ended

    def _outcome(self, action: Action[Any], task: Task) -> JsonObject:
        if task.status == "completed":
            return as_object(task.step_state(action.name).get("output"))
        if task.status == "cancelled":
            raise ConflictError(f"task {task.id} was cancelled")
        error = as_object(completion(self.tasks(), task).get("error"))
        raise _as_raised(as_text(error.get("name")), as_text(error.get("message")) or f"task {task.id} failed")


def _may_go_on(task: Task, values: JsonObject) -> bool:
    """Whether a failed task is the same call, was not undone, and had no sensitive inputs, which weren't kept.

    Then the task itself is retried, and recognizes by its id what it created before it failed.
    """
    if task.state.get("undone") or len(task.steps) != 1:
        return False
    return task.steps[0].input == values and REDACTED not in json.dumps(values)


def _as_raised(name: str, message: str) -> Exception:
    """The error that a task ended with, as the action raised it: from the table, or a special kind of InputError."""
    if name == BUG:
        return RuntimeError(message)
    error = {each.wire_name: each for each in ERRORS}.get(name, TemporaryError if name == TIMED_OUT else InputError)
    return error(message, retry_after=30) if issubclass(error, TemporaryError) else error(message)
