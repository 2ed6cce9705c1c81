"""The plain HTTP API of tasks: submit, list, show, follow, cancel, retry."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from flask import Response, g, request

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.bodies import json_body, secrets
from scenedock.doors.http.requests.following import SECONDS_OF_A_POLL, poll, stream
from scenedock.doors.http.requests.task_queries import AFTER, TASKS_QUERY, number, task_query
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import InputError
from scenedock.model.action import BASE_PATH
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service
from scenedock.usecases.permissions import Permit
from scenedock.usecases.tasks.manage_tasks import (
    cancel_task,
    find_tasks,
    retry_task,
    show_task,
)
from scenedock.usecases.tasks.submit_task import permit_task, submit_once

_KEY: Final = "Idempotency-Key"


def submit_a_task(service: Service) -> Response:
    """Submit a task: `spec` (`steps` are enough) and `secrets`; the header `Idempotency-Key` identifies the call."""
    from scenedock.doors.http.documents import TaskId

    body = json_body()
    spec = body.get("spec")
    if not isinstance(spec, Mapping):
        raise InputError("the body must have a `spec`, an object with `steps`")
    permit_task(service.tasks.actions, spec, _permit(service))
    task = submit_once(
        service.tasks.effects,
        service.tasks.actions,
        g.caller,
        spec,
        secrets=secrets(body),
        key=request.headers.get(_KEY, ""),
    )
    return json_answer(TaskId(id=task.id), 201)


def list_tasks(service: Service) -> Response:
    """List the tasks that the caller may see, the newest first; filter by `createdBy` and `status`, sort by `order`."""
    from scenedock.doors.http.documents import TaskPage
    from scenedock.model.tasks.documents import TaskDocument

    tasks, total = find_tasks(service.tasks.effects, g.caller, task_query(request.args))
    return json_answer(TaskPage(tasks=tuple(map(TaskDocument.of, tasks)), total_tasks=total))


def show_a_task(service: Service, task_id: str) -> Response:
    """Show one task."""
    from scenedock.model.tasks.documents import TaskDocument

    return json_answer(TaskDocument.of(show_task(service.tasks.effects, g.caller, task_id)))


def read_log(service: Service, task_id: str) -> Response:
    """Read the events of a task after a number (`after`); with `wait=1`, wait up to 30 s for one."""
    after, patient = number(request.args, "after", 0), number(request.args, "wait", 0, 1)
    return poll(service, task_id, after, SECONDS_OF_A_POLL if patient else 0.0)


def follow_log(service: Service, task_id: str) -> Response:
    """Follow the events of a task as server-sent events until it ends."""
    return stream(service, task_id, number(request.args, "after", 0))


def cancel_a_task(service: Service, task_id: str) -> Response:
    """Cancel a task: it ends before its next step; a task that has ended is not changed."""
    from scenedock.model.tasks.documents import TaskDocument

    return json_answer(TaskDocument.of(cancel_task(service.tasks.effects, g.caller, task_id)))


def retry_a_task(service: Service, task_id: str) -> Response:
    """Retry a failed or cancelled task from the first step that isn't completed; send its `secrets` again."""
    from scenedock.doors.http.documents import TaskId

    task = retry_task(
        service.tasks.effects,
        g.caller,
        task_id,
        secrets(json_body()),
        actions=service.tasks.actions,
        permit=_permit(service),
    )
    return json_answer(TaskId(id=task.id), 201)


def undo_a_task(service: Service, task_id: str) -> Response:
    """Undo a task that has ended: a new task takes back what its completed steps have done, the last one first."""
    from scenedock.doors.http.documents import TaskId
    from scenedock.usecases.tasks.undo_task import undo_task

    task = undo_task(service.tasks.effects, service.tasks.actions, g.caller, task_id, _permit(service))
    return json_answer(TaskId(id=task.id), 201)


def _permit(service: Service) -> Permit:
    return partial(service.permissions.check, g.caller, g.request_id)


_ID = {"task_id": "Id of the task"}
_TEXTS: JsonObject = {"type": "object", "additionalProperties": {"type": "string"}}
_SUBMISSION: JsonObject = {
    "type": "object",
    "required": ["spec"],
    "properties": {"spec": {"type": "object", "required": ["steps"]}, "secrets": _TEXTS},
}
SECRETS: JsonObject = {"type": "object", "properties": {"secrets": _TEXTS}}
_TASK = f"{BASE_PATH}/tasks/{{task_id}}"
_EVENTS = Answer("The events", None, "text/event-stream")
_SHOWN = {200: Answer("The task", "TaskDocument")}
_LISTED = {200: Answer("The tasks", "TaskPage")}
_LOGGED = {200: Answer("The events", "EventList")}
_NAMES_THE_CALL: JsonObject = {
    "type": "string",
    "description": "Identifies the call: the same key from the same caller returns the same task; with another spec it "
    "is refused (409). `secrets` and sensitive inputs are not compared",
}
_WAIT: JsonObject = {
    "type": "integer",
    "minimum": 0,
    "maximum": 1,
    "default": 0,
    "description": f"1: if there is no event yet, wait up to {SECONDS_OF_A_POLL:.0f} s for one",
}

ROUTES = (
    Route(
        "POST",
        f"{BASE_PATH}/tasks",
        "read",
        submit_a_task,
        {201: Answer("Accepted", "TaskId")},
        _SUBMISSION,
        headers={_KEY: _NAMES_THE_CALL},
        tag="tasks",
    ),
    Route("GET", f"{BASE_PATH}/tasks", "read", list_tasks, _LISTED, query=TASKS_QUERY, tag="tasks"),
    Route("GET", _TASK, "read", show_a_task, _SHOWN, None, _ID, tag="tasks"),
    Route("GET", f"{_TASK}/log", "read", read_log, _LOGGED, None, _ID, {**AFTER, "wait": _WAIT}, tag="tasks"),
    Route("GET", f"{_TASK}/eventstream", "read", follow_log, {200: _EVENTS}, None, _ID, AFTER, tag="tasks"),
    Route("POST", f"{_TASK}/cancel", "run", cancel_a_task, _SHOWN, {"type": "object"}, _ID, tag="tasks"),
    Route(
        "POST",
        f"{_TASK}/undo",
        "run",
        undo_a_task,
        {201: Answer("Undoing", "TaskId")},
        {"type": "object"},
        _ID,
        tag="tasks",
    ),
    Route("POST", f"{_TASK}/retry", "run", retry_a_task, {201: Answer("Retried", "TaskId")}, SECRETS, _ID, tag="tasks"),
)
