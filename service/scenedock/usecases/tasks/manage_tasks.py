"""Manage existing tasks: list, show, follow, cancel, retry."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from scenedock.effects.tasks.effects import TaskEffects
from scenedock.errors import ConflictError, NotFoundError
from scenedock.model.action import Action, Caller
from scenedock.model.addresses import REDACTED
from scenedock.model.json import JsonObject, as_object
from scenedock.model.tasks.changes import cancel_asked, retried
from scenedock.model.tasks.task import Task, TaskEvent, TaskQuery
from scenedock.structs import replace
from scenedock.usecases.permissions import Permit
from scenedock.usecases.tasks.submit_task import identity, permit_steps

_POLL_SECONDS = 0.2


def find_tasks(effects: TaskEffects, caller: Caller, query: TaskQuery) -> tuple[list[Task], int]:
    """A page of the tasks that the caller may see, and how many they are, as far as the query counts.

    An administrator may see all, others their own.
    """
    if not caller.may("admin"):
        mine = identity(caller)
        if query.created_by is not None and mine not in query.created_by:
            return [], 0
        query = replace(query, created_by=(mine,))
    return effects.store.find(query)


def show_task(effects: TaskEffects, caller: Caller, task_id: str) -> Task:
    """One task.

    Raises
    ------
    NotFoundError   there is no task with this id that the caller may see
    """
    task = effects.store.get(task_id)
    if not caller.may("admin") and task.created_by != identity(caller):
        raise NotFoundError(f"there is no task {task_id}; it may have been deleted because of its age")
    return task


def cancel_task(effects: TaskEffects, caller: Caller, task_id: str) -> Task:
    """End a task before its next step, or at once if no step runs; a task that has ended is not changed.

    Raises
    ------
    NotFoundError   there is no task with this id that the caller may see
    """
    show_task(effects, caller, task_id)
    return effects.store.change(task_id, lambda task: cancel_asked(task, effects.clock()), lasting=True)


def retry_task(
    effects: TaskEffects,
    caller: Caller,
    task_id: str,
    secrets: Mapping[str, str],
    *,
    actions: Iterable[Action[Any]] = (),
    permit: Permit = lambda _action, _values, _written: None,
) -> Task:
    """Run a failed or cancelled task again, from the first step that isn't completed, with new secrets.

    `permit` is asked about each of these steps (their actions are among `actions`), as for a new task.

    Raises
    ------
    NotFoundError     there is no task with this id that the caller may see
    NotAllowedError   the caller may not run one of the actions
    ConflictError     it neither failed nor was cancelled, or needs inputs that weren't kept
    """
    seen = show_task(effects, caller, task_id)
    sealed = effects.seal.close(task_id, {"secrets": dict(secrets)})
    undone = [step for step in seen.steps if seen.step_state(step.id).get("status") != "completed"]
    permit_steps(undone, actions, permit, rendered=bool(seen.state.get("rendered")))
    if any(REDACTED in json.dumps(step.input) for step in undone):
        raise ConflictError(f"the task {task_id} had sensitive inputs, which weren't kept; submit a new task")
    task = effects.store.change(
        task_id,
        lambda task: retried(task, sealed, effects.clock(), effects.engine.handover_milliseconds),
        f"retry.{seen.attempt}",
        effects.engine.submit,
        lasting=True,
    )
    effects.engine.start(task.id, task.run)
    return task


def read_events(
    effects: TaskEffects,
    caller: Caller,
    task_id: str,
    after: int = 0,
    patience_seconds: float = 0,
    abandoned: Callable[[], bool] = lambda: False,
) -> list[TaskEvent]:
    """The events after a number, and every completion; if there are none, those that come within the waiting time.

    It stops waiting as soon as `abandoned` is true. Completions are always included, as in Backstage, so that a client
    can't miss the end.

    Raises
    ------
    NotFoundError   there is no task with this id that the caller may see
    """
    show_task(effects, caller, task_id)
    until = time.monotonic() + patience_seconds
    while True:
        events = effects.store.events(task_id, after)
        if events or time.monotonic() >= until or abandoned():
            return events
        time.sleep(min(_POLL_SECONDS, max(until - time.monotonic(), 0)))


def follow_events(
    effects: TaskEffects,
    caller: Caller,
    task_id: str,
    after: int,
    beat_seconds: float,
    abandoned: Callable[[], bool] = lambda: False,
) -> Iterator[TaskEvent | None]:
    """Every event after a number as it comes, until the task has ended; None whenever nothing came for a while.

    The last one is a completion, even if it isn't after the number: Backstage takes events without one for a broken
    connection. It stops as soon as `abandoned` is true.

    Raises
    ------
    NotFoundError   there is no task with this id that the caller may see; raised at once
    """
    show_task(effects, caller, task_id)
    return _followed_events(effects, task_id, after, beat_seconds, abandoned)


def _followed_events(
    effects: TaskEffects, task_id: str, after: int, beat_seconds: float, abandoned: Callable[[], bool]
) -> Iterator[TaskEvent | None]:
    last: TaskEvent | None = None
    quiet_since = time.monotonic()
    while not abandoned():
        # Read the task first: the events then include all that were written before it ended.
        finished = effects.store.get(task_id).finished
        events = effects.store.events(task_id, after)
        new = [event for event in events if event.id > after]
        for event in new:
            last, after, quiet_since = event, event.id, time.monotonic()
            yield event
        if finished and last and last.type == "completion":
            return
        if finished and not new:
            yield from [event for event in events if event.type == "completion"][-1:]
            return
        if time.monotonic() - quiet_since >= beat_seconds:
            quiet_since = time.monotonic()
            yield None
        time.sleep(0 if finished else _POLL_SECONDS)


def completion(effects: TaskEffects, task: Task) -> JsonObject:
    """The body of a task's last completion: `{message, output}` or `{message, error}`."""
    events = [event for event in effects.store.events(task.id, task.last_event) if event.type == "completion"]
    return as_object(events[-1].body) if events else {}
