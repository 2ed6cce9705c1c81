"""The description of actions for every door, in the format of Backstage's actions registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import Field

from scenedock.model.action import PLUGIN_ID, Action
from scenedock.model.json_documents import JsonDocument

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
    def for_backstage(cls, action: Action[E]) -> ListedAction:
        """The action as Backstage lists it: one that its dry runs shall call is read-only there."""
        listed = cls.of(action)
        if not action.attributes.dry_run:
            return listed
        return listed.model_copy(update={"attributes": listed.attributes.model_copy(update={"read_only": True})})

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
