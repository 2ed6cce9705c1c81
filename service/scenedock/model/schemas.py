"""JSON Schemas of our models, simplified for readers with limited JSON Schema support."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scenedock.model.json import Json, JsonObject, as_list, as_object

TEXT: JsonObject = {"type": "string", "pattern": "^[^\\u0000]*$"}
"""The pattern of any text in an address: without NUL, which PostgreSQL can't store."""

_BEFORE_WORD = re.compile(r"[-_ ]+|(?<=[a-z0-9])(?=[A-Z])")
_CAPITALS = {"api": "API", "ci": "CI", "dns": "DNS", "id": "ID", "ttl": "TTL", "url": "URL", "urls": "URLs"}


def list_of_names(description: str, *, unless: str) -> JsonObject:
    """The schema of a list of names that isn't empty, `unless` something holds: then it is left out."""
    return {
        "type": "array",
        "minItems": 1,
        "minItemsErrorMessage": f"must not be empty; leave it out if {unless}",
        "items": {"type": "string", "minLength": 1},
        "description": description,
    }


def title_of(name: str) -> str:
    """The title for people of a field that has none of its own.

    >>> title_of("fromEnvironment"), title_of("repoUrl"), title_of("python_version")
    ('From environment', 'Repo URL', 'Python version')
    """
    words = [_CAPITALS.get(word.lower(), word.lower()) for word in _BEFORE_WORD.split(name) if word]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]]) if words else name


def plain(schema: JsonObject) -> JsonObject:
    """A schema with its `$defs` inlined, and with `null` as a second type instead of an `anyOf`.

    Backstage's page of an action shows an unknown type for a reference and no type for an `anyOf`; in an OpenAPI
    document a reference is resolved from the root of the document. No definition may refer to itself.
    """
    definitions = as_object(schema.get("$defs"))

    def plainly(value: Json) -> Json:
        if isinstance(value, Mapping):
            reference = value.get("$ref")
            if isinstance(reference, str):
                target = as_object(definitions[reference.rpartition("/")[2]])
                return plainly({**target, **{key: each for key, each in value.items() if key != "$ref"}})
            return _nullable({key: plainly(each) for key, each in value.items() if key != "$defs"})
        return [plainly(each) for each in value] if isinstance(value, list) else value

    return as_object(plainly(schema))


def _nullable(schema: JsonObject) -> JsonObject:
    choices = as_list(schema.get("anyOf"))
    if len(choices) != 2 or choices[1] != {"type": "null"}:
        return schema
    rules = as_object(choices[0])
    if not isinstance(rules.get("type"), str) or rules.keys() & {"enum", "const"}:
        return schema
    about = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rules, "type": [rules["type"], "null"], **about}
