"""Documents as JSON: inputs and outputs of actions, and what doors send; their schemas are generated from these models.

This loads pydantic, so only what describes or reads such a document imports it at its top.
"""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, RootModel, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from scenedock.model.addresses import credentials_in
from scenedock.model.schemas import title_of


class Model(BaseModel):
    """An input or output of an action: snake_case in code, camelCase on the wire, no coercion, no unknown fields.

    A string in a field's `Annotated` is its description.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        serialize_by_alias=True,
        extra="forbid",
        frozen=True,
        strict=True,
        defer_build=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        """The schema with the titles and descriptions of its fields: Backstage and our own forms show both."""
        written = handler(schema)
        properties = handler.resolve_ref_schema(written).get("properties", {})
        for name, field_info in cls.model_fields.items():
            about = properties[field_info.alias or name]
            about["title"] = field_info.title or title_of(field_info.alias or name)
            for text in filter(lambda mark: isinstance(mark, str), field_info.metadata):
                about["description"] = text
        return written


class TaskInput(Model):
    """The input of an action that changes something and therefore runs as a task."""

    request_id: Annotated[
        str | None,
        "Identifies this call: a repeated call joins the first one and does nothing twice; "
        "in a Template: `${{ context.task.id }}-<step>`",
        Field(max_length=200),
    ] = None

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        """The schema with the action's own fields first."""
        written = super().__get_pydantic_json_schema__(schema, handler)
        properties = handler.resolve_ref_schema(written)["properties"]
        properties["requestId"] = properties.pop("requestId")
        return written


def _without_credentials(address: str) -> str:
    if credentials_in(address):
        raise PydanticCustomError("credentials", "must not contain a password or token")
    return address


Address = Annotated[str, AfterValidator(_without_credentials)]
"""An address in an input. Inputs are stored and shown, so it must not contain credentials."""


class JsonDocument(Model):
    """A document, or an object in one. Its schema is open: readers must ignore fields that a later release adds."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore", defer_build=True)


D = TypeVar("D")


class JsonList(RootModel[tuple[D, ...]], Generic[D]):
    """A document that is a list."""

    model_config: ClassVar[ConfigDict] = ConfigDict(defer_build=True)


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


LEFT_OUT_IF_EMPTY: Final[Any] = Field(exclude_if=operator.not_, json_schema_extra=_without_default)
"""A mark for the `Annotated` of a field whose default is empty: the field is left out while it is empty."""

Timestamp: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time as `timestamp` writes it."""


def timestamp(milliseconds: int) -> str:
    """A time in UTC with milliseconds: `2026-01-31T12:00:00.000Z`."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
