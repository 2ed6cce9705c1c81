"""The plain HTTP API of tasks: submit, list, show, follow, cancel, retry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from flask import Response, g, request

from scenedock.doors.http.answers import json_answer, json_text
from scenedock.doors.http.bodies import json_body, secrets
from scenedock.doors.http.routes import BASE, Answer, Route
from scenedock.doors.http.task_documents import (
    AFTER,
    EVENTS,
    ID,
    TASK,
    TASKS,
    TASKS_QUERY,
    event_document,
    number,
    task_document,
    wanted,
)
from scenedock.doors.http.worker import request_was_read
from scenedock.doors.service import Service
from scenedock.errors import InputError, TemporaryError
from scenedock.model.json import JsonObject
from scenedock.model.task import TaskEvent
from scenedock.usecases.manage_tasks import (
    cancel_task,
    find_tasks,
    follow_events,
    read_events,
    retry_task,
    show_task,
)
from scenedock.usecases.submit_task import submit_task

SECONDS_OF_A_POLL: Final = 30.0
_SECONDS_BETWEEN_BEATS: Final = 10.0


def submit_a_task(service: Service) -> Response:
    """Submit a task: `spec` (its `steps` are enough) and `secrets`; the header `Idempotency-Key` names the call."""
    body = json_body()
    spec = body.get("spec")
    if not isinstance(spec, Mapping):
        raise InputError("the body must have a `spec`, an object with `steps`")
    task = submit_task(
        service.tasks.effects,
        service.tasks.actions,
        g.caller,
        spec,
        secrets=secrets(body),
        key=request.headers.get("Idempotency-Key", ""),
    )
    return json_answer({"id": task.id}, 201)


def list_tasks(service: Service) -> Response:
    """List the tasks that the caller may see, the newest first; by `createdBy`, `status`, `order`, limit and offset."""
    tasks, total = find_tasks(service.tasks.effects, g.caller, wanted(request.args))
    return json_answer({"tasks": [task_document(task) for task in tasks], "totalTasks": total})


def show_a_task(service: Service, task_id: str) -> Response:
    """Show one task."""
    return json_answer(task_document(show_task(service.tasks.effects, g.caller, task_id)))


def read_log(service: Service, task_id: str) -> Response:
    """Read the events of a task after a number (`after`); with `wait=1`, wait up to 30 s for one."""
    show_task(service.tasks.effects, g.caller, task_id)
    after, patient = number(request.args, "after", 0), number(request.args, "wait", 0, 1)
    return poll(service, task_id, after, SECONDS_OF_A_POLL if patient else 0.0)


def follow_log(service: Service, task_id: str) -> Response:
    """Follow the events of a task as server-sent events until it ends."""
    show_task(service.tasks.effects, g.caller, task_id)
    return stream(service, task_id, number(request.args, "after", 0))


def cancel_a_task(service: Service, task_id: str) -> Response:
    """Cancel a task: it ends before its next step; one that has ended stays as it is."""
    return json_answer(task_document(cancel_task(service.tasks.effects, g.caller, task_id)))


def retry_a_task(service: Service, task_id: str) -> Response:
    """Retry a failed or cancelled task from the first step that isn't completed; `secrets` are given anew."""
    return json_answer({"id": retry_task(service.tasks.effects, g.caller, task_id, secrets(json_body())).id}, 201)


def poll(service: Service, task_id: str, after: int, patience_seconds: float) -> Response:
    """The events after a number, waited for if there are none yet.

    Raises
    ------
    TemporaryError   as many clients wait as may
    """
    if not patience_seconds:
        return json_answer([event_document(event) for event in read_events(service.tasks.effects, task_id, after, 0)])
    release = _Reader(service)
    try:
        events = read_events(service.tasks.effects, task_id, after, patience_seconds)
    finally:
        release()
    return json_answer([event_document(event) for event in events])


def stream(service: Service, task_id: str, after: int) -> Response:
    """The events after a number as server-sent events; the last is a completion.

    Raises
    ------
    TemporaryError   as many clients wait as may
    """
    answer = Response(_lines(service, task_id, after), mimetype="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"  # a proxy that collected lines would hide them until the end
    answer.call_on_close(_Reader(service))
    return answer


def _lines(service: Service, task_id: str, after: int) -> Iterator[str]:
    told = False
    for event in follow_events(service.tasks.effects, task_id, after, _SECONDS_BETWEEN_BEATS):
        yield _server_sent(event) if event else ":\n\n"
        told = told or (event is not None and event.type == "completion")
    if not told:  # the reader has it already, but takes a stream without it for a broken one
        ends = [event for event in service.tasks.effects.store.events(task_id, after) if event.type == "completion"]
        yield from map(_server_sent, ends[-1:])


def _server_sent(event: TaskEvent) -> str:
    return f"event: {event.type}\ndata: {json_text(event_document(event))}\n\n"


class _Reader:
    """One reader's place; given back once, however often its end is told."""

    def __init__(self, service: Service) -> None:
        self._readers = service.tasks.readers
        self._taken = self._readers.acquire(blocking=False)
        if not self._taken:
            raise TemporaryError("as many clients follow tasks as may; try again", retry_after=5)
        request_was_read()  # else the server takes the wait for a client that dawdles, and hangs up

    def __call__(self) -> None:
        if self._taken:
            self._taken = False
            self._readers.release()


_ID = {"task_id": "Id of the task"}
_TEXTS: JsonObject = {"type": "object", "additionalProperties": {"type": "string"}}
_SUBMISSION: JsonObject = {
    "type": "object",
    "required": ["spec"],
    "properties": {"spec": {"type": "object", "required": ["steps"]}, "secrets": _TEXTS},
}
SECRETS: JsonObject = {"type": "object", "properties": {"secrets": _TEXTS}}
_TASK = f"{BASE}/tasks/{{task_id}}"
_EVENTS = Answer("The events", None, "text/event-stream")
_SHOWN = {200: Answer("The task", TASK)}
_LISTED = {200: Answer("The tasks", TASKS)}
_LOGGED = {200: Answer("The events", EVENTS)}
_WAIT: JsonObject = {
    "type": "integer",
    "minimum": 0,
    "maximum": 1,
    "default": 0,
    "description": f"1: where there is no event yet, wait up to {SECONDS_OF_A_POLL:.0f} s for one",
}

ROUTES = (
    Route("POST", f"{BASE}/tasks", "read", submit_a_task, {201: Answer("Taken over", ID)}, _SUBMISSION, tag="tasks"),
    Route("GET", f"{BASE}/tasks", "read", list_tasks, _LISTED, query=TASKS_QUERY, tag="tasks"),
    Route("GET", _TASK, "read", show_a_task, _SHOWN, None, _ID, tag="tasks"),
    Route("GET", f"{_TASK}/log", "read", read_log, _LOGGED, None, _ID, {**AFTER, "wait": _WAIT}, tag="tasks"),
    Route("GET", f"{_TASK}/eventstream", "read", follow_log, {200: _EVENTS}, None, _ID, AFTER, tag="tasks"),
    Route("POST", f"{_TASK}/cancel", "run", cancel_a_task, _SHOWN, {"type": "object"}, _ID, tag="tasks"),
    Route("POST", f"{_TASK}/retry", "run", retry_a_task, {201: Answer("Retried", ID)}, SECRETS, _ID, tag="tasks"),
)
