"""Calls of the HTTP API of a running service."""

from __future__ import annotations

import json

import urllib3

from scenedock.effects.network.connections import Connections, why
from scenedock.errors import ERRORS, InputError, ScenedockError, TemporaryError
from scenedock.model.addresses import is_base_address
from scenedock.model.json import JsonObject, as_object, as_text

_SECONDS = 30.0
_MOST_BYTES = 1024 * 1024
_REFUSALS = {each.status: each for each in ERRORS if not issubclass(each, TemporaryError)}


def call_service(url: str, token: str, path: str, body: JsonObject) -> JsonObject:
    """What a service at a base address answers to a POST of JSON.

    Raises
    ------
    InputError       the address or the token can't be one
    TemporaryError   the service can't be reached, or is out of order
    ScenedockError   it refuses, for the reason that it gives
    """
    if not is_base_address(url):
        raise InputError(f"{url!r} is no address of a service; write https://HOST or http://HOST:8000")
    if not token.isascii() or not token.isprintable():
        raise InputError("the token has characters that no token has")
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    address = f"{url.rstrip('/')}{path}"
    try:
        with Connections(retries=False, timeout=_SECONDS) as connections:
            answer = connections.request("POST", address, body=json.dumps(body), headers=headers, redirect=False)
    except urllib3.exceptions.HTTPError as error:
        raise TemporaryError(f"{address}: can't be reached ({why(error)}); check the address", retry_after=5) from error
    try:
        document = as_object(json.loads(answer.data[:_MOST_BYTES]))
    except ValueError:
        raise InputError(f"{address}: what answers ({answer.status}) is no service of Scenedock") from None
    if answer.status < 300:
        return document
    said = as_text(as_object(document.get("error")).get("message")) or str(answer.status)
    refusal: type[ScenedockError] | None = _REFUSALS.get(answer.status)
    if refusal is None:
        raise TemporaryError(f"{address}: {said}", retry_after=30)
    raise refusal(f"{address}: {said}")
