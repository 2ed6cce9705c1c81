"""Actions as every door describes them, in the shape of Backstage's actions registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

from scenedock.model.action import PLUGIN_ID, SCOPES, Action, Caller, Scope
from scenedock.model.json import JsonObject
from scenedock.usecases.run_action import actions_for

E = TypeVar("E")


def describe_action(found: Action[E]) -> JsonObject:
    """An action with all that a caller needs to know."""
    attributes = found.attributes
    return {
        "id": found.id,
        "name": found.name,
        "title": found.title,
        "description": found.description,
        "pluginId": PLUGIN_ID,
        "attributes": {
            "readOnly": attributes.read_only,
            "destructive": attributes.destructive,
            "idempotent": attributes.idempotent,
        },
        "examples": [{"title": each.description, "input": each.input} for each in found.examples],
        "schema": {"input": found.input_schema(), "output": found.output_schema()},
    }


def listings(actions: Mapping[str, Action[E]]) -> Mapping[Scope, bytes]:
    """The JSON that lists the actions of a caller, by the caller's scope.

    Every step of every Template in a Backstage waits for this list, so it is made once.
    """
    return {
        scope: json.dumps(
            {"actions": [describe_action(each) for each in actions_for(actions, Caller("", "local", scope=scope))]},
            separators=(",", ":"),
        ).encode()
        for scope in SCOPES
    }
