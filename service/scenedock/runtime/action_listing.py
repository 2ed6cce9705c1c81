"""The description of actions for every door, in the format of Backstage's actions registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import Field

from scenedock.model.action import PLUGIN_ID, SCOPES, Action, Caller, Scope
from scenedock.model.json_documents import JsonDocument
from scenedock.usecases.run_action import actions_for

E = TypeVar("E")


class ListedAttributes(JsonDocument):
    """The side effects of the action."""

    read_only: bool
    destructive: bool
    idempotent: Annotated[bool, "Whether calling it again with the same input changes nothing more"]


class ListedExample(JsonDocument):
    """A documented input."""

    title: str
    input: Mapping[str, Any]


class ListedSchemas(JsonDocument):
    """JSON Schemas (2020-12) of the action's input and output."""

    input: Mapping[str, Any]
    output: Mapping[str, Any]


class ListedAction(JsonDocument):
    """An action with everything that a caller needs to know."""

    id: str
    name: str
    title: str
    description: str
    plugin_id: str
    attributes: ListedAttributes
    examples: tuple[ListedExample, ...]
    schemas: Annotated[ListedSchemas, Field(alias="schema")]

    @classmethod
    def of(cls, action: Action[E]) -> ListedAction:
        """The action as it is listed."""
        attributes = action.attributes
        return cls(
            id=action.id,
            name=action.name,
            title=action.title,
            description=action.description,
            plugin_id=PLUGIN_ID,
            attributes=ListedAttributes(
                read_only=attributes.read_only, destructive=attributes.destructive, idempotent=attributes.idempotent
            ),
            examples=tuple(ListedExample(title=each.description, input=each.input) for each in action.examples),
            schemas=ListedSchemas(input=action.input_schema(), output=action.output_schema()),
        )


class ActionList(JsonDocument):
    """The actions that a caller may run, in the format of Backstage's actions registry."""

    actions: tuple[ListedAction, ...]


def listings(actions: Mapping[str, Action[E]]) -> Mapping[Scope, bytes]:
    """The JSON list of a caller's actions, by the caller's scope.

    Every step of every Template in Backstage waits for this list, so it is generated only once.
    """
    return {
        scope: ActionList(actions=tuple(map(ListedAction.of, actions_for(actions, Caller("", "local", scope=scope)))))
        .model_dump_json()
        .encode()
        for scope in SCOPES
    }
