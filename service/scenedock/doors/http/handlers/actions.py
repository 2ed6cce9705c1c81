"""The plain HTTP API for scripts and pipelines."""

from __future__ import annotations

from flask import Response, g

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.bodies import json_body
from scenedock.doors.http.requests.invoking import invoke, listed_actions
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.usecases.run_action import find_action


def list_actions(service: Service) -> Response:
    """List the actions that the caller may run."""
    from scenedock.actions.listed import ListedAction
    from scenedock.doors.http.documents import ActionPage

    return json_answer(ActionPage(items=tuple(map(ListedAction.of, listed_actions(service)))))


def read_action(service: Service, name: str) -> Response:
    """Read the description and the schemas of an action."""
    from scenedock.actions.listed import ListedAction

    listed = listed_actions(service)
    action = find_action(service.actions, name, lambda: listed)
    if action not in listed:
        service.permissions.check(g.caller, g.request_id, action, None)
    return json_answer(ListedAction.of(action))


def invoke_action(service: Service, name: str) -> Response:
    """Run an action; the body is its input."""
    return invoke(service, name, json_body(), {})


_NAME = {"name": "Name of the action, such as `export-catalog`"}

ROUTES = (
    Route(
        "GET", f"{BASE_PATH}/actions", "read", list_actions, {200: Answer("The actions", "ActionPage")}, tag="actions"
    ),
    Route(
        "GET",
        f"{BASE_PATH}/actions/{{name}}",
        "read",
        read_action,
        {200: Answer("The action", "ListedAction")},
        parameters=_NAME,
        tag="actions",
    ),
    Route(
        "POST",
        f"{BASE_PATH}/actions/{{name}}/invoke",
        "read",
        invoke_action,
        {200: Answer("The action's output", "ActionOutput")},
        body={"type": "object"},
        parameters=_NAME,
        tag="actions",
    ),
)
