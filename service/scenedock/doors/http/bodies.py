"""The JSON that requests bring."""

from __future__ import annotations

import json
from typing import NoReturn

from flask import request

from scenedock.errors import InputError
from scenedock.model.json import JsonObject


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
    if not isinstance(value, dict):
        raise InputError("the body must be a JSON object, `{…}`")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number that JSON has")
