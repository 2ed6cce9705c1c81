"""Tasks and events as rows of their tables, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from scenedock.effects.tasks.storage.statements import CHANGED, EXPECTED, FIELDS
from scenedock.model.tasks.changes import NewEvent, TaskChange
from scenedock.model.tasks.task import Task, TaskEvent
from scenedock.structs import field_names

_IN_JSON: Final = ("spec", "state")
_EVENT_FIELDS: Final = field_names(TaskEvent)
# PostgreSQL's text can't contain NUL; escaping preserves it.
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def row_of(task: Task) -> dict[str, Any]:
    """The row of a new task."""
    return {name: _value(task, name) for name in FIELDS}


def changed_row(before: Task, change: TaskChange, mark: str) -> dict[str, Any]:
    """The columns of a task that a change sets."""
    values = {name: _value(change.task, name) for name in CHANGED}
    values |= {"last_event": before.last_event + len(change.events), "last_mark": mark}
    if change.task.finished and not before.finished:
        values["ended_at"] = time_of(change)
    elif before.finished and not change.task.finished:
        values["ended_at"] = None
    return values


def values_if_expected(expected: Task, change: TaskChange, mark: str) -> dict[str, Any]:
    """The values of the statement that changes a task if it is as expected; it had not ended."""
    row = {"ended_at": None, **changed_row(expected, change, mark)}
    was = {f"was_{name}": getattr(expected, name) for name in EXPECTED}
    return {"task_id": expected.id, **was, **{f"new_{name}": value for name, value in row.items()}}


def event_rows(before: Task, change: TaskChange) -> list[dict[str, Any]]:
    """The rows of the events of a change."""
    return [_event_row(change.task, number, new) for number, new in enumerate(change.events, before.last_event + 1)]


def time_of(change: TaskChange) -> int | None:
    """When its last event was; None without any."""
    return change.events[-1].created_at if change.events else None


def task_of(row: Sequence[Any]) -> Task:
    """The task of a row that begins with the columns of a task; a driver may have numbers for true and false."""
    values = dict(zip(FIELDS, row, strict=False))
    values |= {name: json.loads(values[name]) for name in _IN_JSON}
    return Task(**{**values, "cancel_requested": bool(values["cancel_requested"])})


def event_of(row: Any) -> TaskEvent:
    """The event of a row whose columns are its attributes."""
    values = {name: getattr(row, name) for name in _EVENT_FIELDS}
    return TaskEvent(**{**values, "body": json.loads(row.body)})


def _value(task: Task, name: str) -> Any:
    value = getattr(task, name)
    return _encode(value) if name in _IN_JSON else value


def _event_row(task: Task, number: int, new: NewEvent) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "id": number,
        "attempt": task.attempt,
        "type": new.type,
        "step_id": new.step_id,
        "step_status": new.step_status,
        "body": _encode(new.body),
        "created_at": new.created_at,
    }
