"""The routes of Backstage's plugin `scaffolder` that its client uses to follow tasks."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from flask import Response, g, request
from pydantic import Field

from scenedock.doors.http.handlers.tasks import (
    SECRETS,
    TaskId,
    TaskPage,
    follow_log,
    list_tasks,
    retry_a_task,
    show_a_task,
)
from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.following import SECONDS_OF_A_POLL, EventList, poll
from scenedock.doors.http.requests.invoking import listed_actions
from scenedock.doors.http.requests.task_queries import AFTER, TASKS_QUERY, number
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import Action, Example
from scenedock.model.json_documents import JsonDocument, JsonList
from scenedock.model.tasks.documents import TaskDocument
from scenedock.runtime.action_listing import ListedSchemas
from scenedock.runtime.service import Service
from scenedock.usecases.tasks.manage_tasks import cancel_task

BASE: Final = "/api/scaffolder/v2"


class ScaffolderExample(JsonDocument):
    """An example of an action."""

    description: str
    example: Annotated[str, "Steps of a Template, in YAML"]


class ScaffolderAction(JsonDocument):
    """An action in the format of the scaffolder's page of actions."""

    id: str
    description: str
    examples: tuple[ScaffolderExample, ...]
    schemas: Annotated[ListedSchemas, Field(alias="schema")]

    @classmethod
    def of(cls, action: Action[Any]) -> ScaffolderAction:
        """The action as it is listed."""
        return cls(
            id=action.id,
            description=action.description,
            examples=tuple(
                ScaffolderExample(description=each.description, example=_template(action, each))
                for each in action.examples
            ),
            schemas=ListedSchemas(input=action.input_schema(), output=action.output_schema()),
        )


class ScaffolderActionList(JsonList[ScaffolderAction]):
    """The actions that the caller may run."""


class Cancelled(JsonDocument):
    """The confirmation that the task ends before its next step, or has ended."""

    status: Literal["cancelled"]


def _template(action: Action[Any], example: Example) -> str:
    import yaml

    step = {"id": action.name, "action": action.id, "input": example.input}
    return yaml.safe_dump({"steps": [step]}, sort_keys=False)


def scaffolder_actions(service: Service) -> Response:
    """List the actions in the format of the scaffolder's page of actions, with examples in YAML."""
    return json_answer(ScaffolderActionList(tuple(map(ScaffolderAction.of, listed_actions(service)))))


def scaffolder_tasks(service: Service) -> Response:
    """List the tasks that the caller may see."""
    return list_tasks(service)


def scaffolder_task(service: Service, task_id: str) -> Response:
    """Show one task."""
    return show_a_task(service, task_id)


def scaffolder_cancel(service: Service, task_id: str) -> Response:
    """Cancel a task; the response is the same if it has already ended."""
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


_ACTIONS: Final = {200: Answer("The actions", ScaffolderActionList)}
_TASK: Final = f"{BASE}/tasks/{{task_id}}"
_ID: Final = {"task_id": "Id of the task"}
_STREAM: Final = Answer("The events", None, "text/event-stream")
_LISTED: Final = {200: Answer("The tasks", TaskPage)}
_LOGGED: Final = {200: Answer("The events", EventList)}
_TAG: Final = "scaffolder"

ROUTES = (
    Route("GET", f"{BASE}/actions", "read", scaffolder_actions, _ACTIONS, tag=_TAG),
    Route("GET", f"{BASE}/tasks", "read", scaffolder_tasks, _LISTED, query=TASKS_QUERY, tag=_TAG),
    Route("GET", _TASK, "read", scaffolder_task, {200: Answer("The task", TaskDocument)}, None, _ID, tag=_TAG),
    Route(
        "POST",
        f"{_TASK}/cancel",
        "run",
        scaffolder_cancel,
        {200: Answer("Cancellation requested", Cancelled)},
        {"type": "object"},
        _ID,
        tag=_TAG,
    ),
    Route("POST", f"{_TASK}/retry", "run", scaffolder_retry, {201: Answer("Retried", TaskId)}, SECRETS, _ID, tag=_TAG),
    Route("GET", f"{_TASK}/events", "read", scaffolder_events, _LOGGED, None, _ID, AFTER, tag=_TAG),
    Route("GET", f"{_TASK}/eventstream", "read", scaffolder_eventstream, {200: _STREAM}, None, _ID, AFTER, tag=_TAG),
)
