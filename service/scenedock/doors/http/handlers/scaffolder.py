"""The routes of Backstage's plugin `scaffolder` that its client uses to follow tasks."""

from __future__ import annotations

from typing import Final

from flask import Response, g, request

from scenedock.doors.http.handlers.tasks import SECRETS, follow_log, list_tasks, retry_a_task, show_a_task
from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.following import SECONDS_OF_A_POLL, poll
from scenedock.doors.http.requests.invoking import listed_actions
from scenedock.doors.http.requests.task_queries import AFTER, TASKS_QUERY, number
from scenedock.doors.http.routes import Answer, Route
from scenedock.runtime.service import Service
from scenedock.usecases.tasks.manage_tasks import cancel_task

BASE: Final = "/api/scaffolder/v2"


def scaffolder_actions(service: Service) -> Response:
    """List the actions in the format of the scaffolder's page of actions, with examples in YAML."""
    from scenedock.doors.http.documents import ScaffolderAction, ScaffolderActionList

    return json_answer(ScaffolderActionList(tuple(map(ScaffolderAction.of, listed_actions(service)))))


def scaffolder_tasks(service: Service) -> Response:
    """List the tasks that the caller may see."""
    return list_tasks(service)


def scaffolder_task(service: Service, task_id: str) -> Response:
    """Show one task."""
    return show_a_task(service, task_id)


def scaffolder_cancel(service: Service, task_id: str) -> Response:
    """Cancel a task; the response is the same if it has already ended."""
    from scenedock.doors.http.documents import Cancelled

    cancel_task(service.tasks.effects, g.caller, task_id)
    return json_answer(Cancelled(status="cancelled"))


def scaffolder_retry(service: Service, task_id: str) -> Response:
    """Retry a failed or cancelled task."""
    return retry_a_task(service, task_id)


def scaffolder_events(service: Service, task_id: str) -> Response:
    """Read the events of a task after a number, waiting up to 30 s for one."""
    return poll(service, task_id, number(request.args, "after", 0), SECONDS_OF_A_POLL)


def scaffolder_eventstream(service: Service, task_id: str) -> Response:
    """Follow the events of a task until it ends."""
    return follow_log(service, task_id)


_ACTIONS: Final = {200: Answer("The actions", "ScaffolderActionList")}
_TASK: Final = f"{BASE}/tasks/{{task_id}}"
_ID: Final = {"task_id": "Id of the task"}
_STREAM: Final = Answer("The events", None, "text/event-stream")
_LISTED: Final = {200: Answer("The tasks", "TaskPage")}
_LOGGED: Final = {200: Answer("The events", "EventList")}
_TAG: Final = "scaffolder"

ROUTES = (
    Route("GET", f"{BASE}/actions", "read", scaffolder_actions, _ACTIONS, tag=_TAG),
    Route("GET", f"{BASE}/tasks", "read", scaffolder_tasks, _LISTED, query=TASKS_QUERY, tag=_TAG),
    Route("GET", _TASK, "read", scaffolder_task, {200: Answer("The task", "TaskDocument")}, None, _ID, tag=_TAG),
    Route(
        "POST",
        f"{_TASK}/cancel",
        "run",
        scaffolder_cancel,
        {200: Answer("Cancellation requested", "Cancelled")},
        {"type": "object"},
        _ID,
        tag=_TAG,
    ),
    Route(
        "POST", f"{_TASK}/retry", "run", scaffolder_retry, {201: Answer("Retried", "TaskId")}, SECRETS, _ID, tag=_TAG
    ),
    Route("GET", f"{_TASK}/events", "read", scaffolder_events, _LOGGED, None, _ID, AFTER, tag=_TAG),
    Route("GET", f"{_TASK}/eventstream", "read", scaffolder_eventstream, {200: _STREAM}, None, _ID, AFTER, tag=_TAG),
)
