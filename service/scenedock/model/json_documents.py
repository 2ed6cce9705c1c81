"""Documents that doors send as JSON: models, from which the schemas in the OpenAPI document are generated."""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from pydantic import ConfigDict, Field, RootModel, WithJsonSchema

from scenedock.model.action import Model


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
