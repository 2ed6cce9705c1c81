"""Backstage's actions protocol, versions 1 and 2, as its actions registry serves it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from scenedock.doors.http.requests.answers import JSON, json_answer
from scenedock.doors.http.requests.bodies import json_body, secrets
from scenedock.doors.http.requests.invoking import invoke, listed_actions
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import BASE_PATH, PLUGIN_ID
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service


def list_actions_for_backstage(service: Service) -> Response:
    """List the actions that the caller may run.

    Every step of every Template in that Backstage waits for this list.
    """
    return Response(service.listings.of(listed_actions(service)), mimetype=JSON)


def actions_status(service: Service) -> Response:
    """Say whether this plugin has actions."""
    from scenedock.doors.http.documents import ActionsStatus

    return json_answer(ActionsStatus(has_actions=bool(service.actions)))


def invoke_for_backstage_v1(service: Service, action_id: str) -> Response:
    """Run an action; the body is its input."""
    return invoke(service, _name(action_id), json_body(), {})


def invoke_for_backstage_v2(service: Service, action_id: str) -> Response:
    """Run an action; the body has its input and the secrets of the task."""
    body = json_body()
    if unknown := sorted(set(body) - {"input", "secrets"}):
        raise InputError(f"the body may have `input` and `secrets`, not `{unknown[0]}`")
    values = body.get("input", {})
    if not isinstance(values, Mapping):
        raise InputError("`input` must be a JSON object")
    return invoke(service, _name(action_id), values, secrets(body))


def _name(action_id: str) -> str:
    plugin, colon, name = action_id.partition(":")
    if not colon or plugin != PLUGIN_ID:
        raise NotFoundError(f"there is no action {action_id!r}; ids of actions begin with {PLUGIN_ID}:")
    return name


_OBJECT: JsonObject = {"type": "object"}
_V2_BODY: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"input": _OBJECT, "secrets": {"type": "object", "additionalProperties": {"type": "string"}}},
}
_ID = {"action_id": "Id of the action, `scenedock:<name>`"}

ROUTES = (
    Route(
        "GET",
        f"{BASE_PATH}/.backstage/actions/v1/actions",
        "read",
        list_actions_for_backstage,
        {200: Answer("The actions", "ActionList")},
        tag="backstage",
    ),
    Route(
        "GET",
        f"{BASE_PATH}/.backstage/actions/v1/status",
        "read",
        actions_status,
        {200: Answer("Whether there are actions", "ActionsStatus")},
        tag="backstage",
    ),
    Route(
        "POST",
        f"{BASE_PATH}/.backstage/actions/v1/actions/{{action_id}}/invoke",
        "read",
        invoke_for_backstage_v1,
        {200: Answer("The action's output", "ActionOutput")},
        body=_OBJECT,
        parameters=_ID,
        tag="backstage",
    ),
    Route(
        "POST",
        f"{BASE_PATH}/.backstage/actions/v2/actions/{{action_id}}/invoke",
        "read",
        invoke_for_backstage_v2,
        {200: Answer("The action's output", "ActionOutput")},
        body=_V2_BODY,
        parameters=_ID,
        tag="backstage",
    ),
)
