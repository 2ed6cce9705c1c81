"""The plain HTTP API: what scripts and pipelines use."""

from __future__ import annotations

from flask import Response, g

from scenedock.doors.http.handlers.backstage_actions import DESCRIBED_ACTION
from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.bodies import json_body
from scenedock.doors.http.requests.invoking import invoke
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.model.json import JsonObject
from scenedock.runtime.action_listing import describe_action
from scenedock.runtime.service import Service
from scenedock.usecases.run_action import actions_for, find_action


def list_actions(service: Service) -> Response:
    """List the actions that the caller may run."""
    return json_answer({"items": [describe_action(each) for each in actions_for(service.actions, g.caller)]})


def read_action(service: Service, name: str) -> Response:
    """Read what an action does, takes and gives."""
    return json_answer(describe_action(find_action(service.actions, name, g.caller)))


def invoke_action(service: Service, name: str) -> Response:
    """Run an action; the body is its input."""
    return invoke(service, name, json_body(), {})


_NAME = {"name": "Name of the action, such as `export-catalog`"}
_ITEMS: JsonObject = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": DESCRIBED_ACTION}},
}
OUTPUT: JsonObject = {"type": "object", "required": ["output"], "properties": {"output": {"type": "object"}}}

ROUTES = (
    Route("GET", f"{BASE_PATH}/actions", "read", list_actions, {200: Answer("The actions", _ITEMS)}, tag="actions"),
    Route(
        "GET",
        f"{BASE_PATH}/actions/{{name}}",
        "read",
        read_action,
        {200: Answer("The action", DESCRIBED_ACTION)},
        parameters=_NAME,
        tag="actions",
    ),
    Route(
        "POST",
        f"{BASE_PATH}/actions/{{name}}/invoke",
        "read",
        invoke_action,
        {200: Answer("The action's output", OUTPUT)},
        body={"type": "object"},
        parameters=_NAME,
        tag="actions",
    ),
)
