"""The JSON that requests bring."""

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
    """The request's body, a JSON object; no body at all is an empty one.

    Raises
    ------
    InputError   it is something else
    """
    data = request.get_data(cache=False)
    if not data:
        return {}
    if not request.is_json:
        raise InputError("the body must be JSON: send it with the header `Content-Type: application/json`")
    try:
        value = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the body is no JSON: {error}") from None
    if not _nested_within(value, _DEEPEST):
        raise InputError(f"the body is nested more than {_DEEPEST} deep")
    if not _is_unicode(value):
        raise InputError("the body has half of a surrogate pair in a text, which can't be written as UTF-8; remove it")
    if not isinstance(value, dict):
        raise InputError("the body must be a JSON object, `{…}`")
    return value


def secrets(body: JsonObject) -> Mapping[str, str]:
    """The `secrets` of a body: texts by name.

    Raises
    ------
    InputError   they are something else, or too large
    """
    values = body.get("secrets") or {}
    if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
        raise InputError("`secrets` must be an object of texts")
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
    """Whether every text can be answered: JSON may escape half of a pair, which UTF-8 can't hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number that JSON has")
