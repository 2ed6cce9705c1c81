"""The JSON bodies of requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NoReturn

from flask import request

from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject
from scenedock.model.redaction import check_size

_DEEPEST: Final = 100


def json_body() -> JsonObject:
    """The request's body, a JSON object; without a body, an empty one.

    Raises
    ------
    InputError   the body is not a JSON object
    """
    data = request.get_data(cache=False)
    if not data:
        return {}
    if not request.is_json:
        raise InputError("the body must be JSON: send it with the header `Content-Type: application/json`")
    try:
        value = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the body is not valid JSON: {error}") from None
    if not _nested_within(value, _DEEPEST):
        raise InputError(f"the body is nested more than {_DEEPEST} deep")
    if not _is_unicode(value):
        raise InputError("a text in the body contains half of a surrogate pair, which is not valid Unicode; remove it")
    if not isinstance(value, dict):
        raise InputError("the body must be a JSON object, `{…}`")
    return value


def secrets(body: JsonObject) -> Mapping[str, str]:
    """The `secrets` of a body: strings by name.

    Raises
    ------
    InputError   they are not strings, or too large
    """
    values = body.get("secrets") or {}
    if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
        raise InputError("`secrets` must be an object of strings")
    texts = {name: str(value) for name, value in values.items()}
    check_size(texts.values())
    return texts


def _nested_within(value: Json, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        below = [
            each.values() if isinstance(each, Mapping) else each for each in level if isinstance(each, dict | list)
        ]
        level = [inner for each in below for inner in each]
    return not level


def _is_unicode(value: Json) -> bool:
    """Whether every string is valid Unicode: JSON can escape half of a surrogate pair, which UTF-8 can't encode."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number in JSON")
