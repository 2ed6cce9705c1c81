"""Responses: JSON, and errors in Backstage's format whose status line says what is wrong."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Final

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from scenedock.errors import BUG, WIRE_NAMES, ScenedockError, TemporaryError
from scenedock.model.action import BASE_PATH
from scenedock.model.addresses import without_credentials
from scenedock.model.json import Json, JsonObject

if TYPE_CHECKING:
    from pydantic import BaseModel

_log: Final = logging.getLogger("scenedock.http")

JSON: Final = "application/json"
_LONGEST_REASON = 1000
_MESSAGES: Final = {
    404: f"there is nothing at this address; {BASE_PATH}/openapi.json has all routes",
    405: "this method isn't possible here; the header `Allow` names those that are",
    413: "the request is too large",
}
"""Of errors of HTTP itself, in place of the library's words."""
# Typographic characters in our messages, in the order of their ASCII replacements.
_WORDS = str.maketrans("\u201c\u201d\u2018\u2019\u2013\u2014", "\"\"''--") | {0x2026: "...", 0x2192: "->"}


def json_text(value: Json) -> str:
    """JSON as it is sent: compact, in Unicode."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_answer(document: BaseModel, status: int = 200) -> Response:
    """A response that is a document, whose names are in camelCase."""
    return Response(document.model_dump_json(by_alias=True), status, mimetype=JSON)


def plain_answer(value: Json, status: int = 200) -> Response:
    """A JSON response of plain values, for which no models are loaded."""
    return Response(json_text(value), status, mimetype=JSON)


def reason(name: str, message: str) -> str:
    """A status line's reason phrase: printable ASCII, one line.

    Of an error, the scaffolder shows only the status line, so that contains the message, too.
    """
    one_line = re.sub(r"(?<!:)\n\s*", "; ", message.strip())
    phrase = re.sub(r"\s+", " ", f"{name}: {one_line}".translate(_WORDS)).strip()
    phrase = re.sub(r"[^\x20-\x7e]", "?", phrase)
    return phrase if len(phrase) <= _LONGEST_REASON else f"{phrase[: _LONGEST_REASON - 3]}..."


def refusal(error: ScenedockError) -> Response:
    """The response for an error."""
    answer = _error_answer(error.wire_name, without_credentials(str(error)), error.status)
    if isinstance(error, TemporaryError):
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="scenedock"'
        if g.get("browser"):
            answer.headers.add("WWW-Authenticate", 'Basic realm="scenedock, with a token as the password"')
    return answer


def http_refusal(error: HTTPException) -> Response:
    """The response for an error of HTTP itself: no such route, a wrong method, a body that is too large."""
    status = error.code or 500
    message = _MESSAGES.get(status) or error.description or error.name
    answer = _error_answer(WIRE_NAMES.get(status, BUG), message, status)
    if "Allow" in (headers := dict(error.get_headers())):
        answer.headers["Allow"] = headers["Allow"]
    return answer


def bug(error: Exception) -> Response:
    """The response for a bug: the log has the traceback, and the response has the id to find it."""
    _log.error("a bug: %s %s", request.method, request.path, exc_info=error)
    return _error_answer(BUG, f"an unexpected error; the log has it under request id {g.request_id}", 500)


def _error_answer(name: str, message: str, status: int) -> Response:
    """The document `ErrorBody`."""
    body: JsonObject = {
        "error": {"name": name, "message": message},
        "request": {"method": request.method, "url": request.path},
        "response": {"statusCode": status},
    }
    answer = plain_answer(body, status)
    answer.status = f"{status} {reason(name, message)}"
    return answer
