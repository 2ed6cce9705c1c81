"""JSON Schemas as Backstage's page of an action can show them."""

from __future__ import annotations

from scenedock.model.json import JsonObject
from scenedock.model.schemas import plain


def test_a_definition_stands_where_it_is_used_with_what_is_said_there() -> None:
    place: JsonObject = {"type": "object", "description": "A place.", "properties": {"line": {"$ref": "#/$defs/Line"}}}

    shown = plain(
        {
            "type": "object",
            "properties": {"place": {"$ref": "#/$defs/Place", "description": "Where."}},
            "$defs": {"Place": place, "Line": {"type": "integer"}},
        }
    )

    line = {"line": {"type": "integer"}}
    assert shown == {
        "type": "object",
        "properties": {"place": {"type": "object", "description": "Where.", "properties": line}},
    }


def test_null_is_a_second_type() -> None:
    nullable: JsonObject = {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}], "default": None}

    assert plain(nullable) == {"type": ["string", "null"], "maxLength": 9, "default": None}


def test_null_stays_beside_listed_values() -> None:
    nullable: JsonObject = {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}

    assert plain(nullable) == nullable
