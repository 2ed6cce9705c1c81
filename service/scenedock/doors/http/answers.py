"""Answers: JSON, and errors in Backstage's shape whose status line says what is wrong."""

from __future__ import annotations

import json
import logging
import re
from typing import Final

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from scenedock.errors import ERRORS, ScenedockError, TemporaryError
from scenedock.model.addresses import without_credentials
from scenedock.model.json import Json, JsonObject

_log: Final = logging.getLogger("scenedock.http")

JSON: Final = "application/json"
_LONGEST_REASON = 1000
# Typographic characters that our messages have, in the order of their ASCII forms.
_WORDS = str.maketrans("\u201c\u201d\u2018\u2019\u2013\u2014", "\"\"''--") | {0x2026: "...", 0x2192: "->"}
# Backstage's own words for what HTTP alone refuses; a client that knows them shows the message.
_HTTP_NAMES: Final = {
    400: "InputError",
    404: "NotFoundError",
    405: "NotAllowedError",
    413: "PayloadTooLargeError",
    415: "InputError",
    429: "TooManyRequestsError",
}


class TooManyRequestsError(TemporaryError):
    """The caller asks more often than it may."""

    status = 429


def json_text(value: Json) -> str:
    """JSON as it is sent: compact, in Unicode."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_answer(value: Json, status: int = 200) -> Response:
    """An answer that is JSON."""
    return Response(json_text(value), status, mimetype=JSON)


def wire_name(error: ScenedockError) -> str:
    """The name under which Backstage knows a refusal; a finer class than those of the table is its nearest."""
    if isinstance(error, TooManyRequestsError):
        return _HTTP_NAMES[429]
    known = next((each for each in type(error).__mro__ if each in ERRORS), None)
    if known is None:
        return "Error"
    return "ServiceUnavailableError" if known is TemporaryError else known.__name__


def error_body(name: str, message: str, status: int) -> JsonObject:
    """An error in Backstage's shape."""
    return {
        "error": {"name": name, "message": message},
        "request": {"method": request.method, "url": request.path},
        "response": {"statusCode": status},
    }


def reason(name: str, message: str) -> str:
    """A status line's reason phrase: printable ASCII, one line.

    The scaffolder shows its user nothing of an error but the status line, so the message is there, too.
    """
    one_line = re.sub(r"(?<!:)\n\s*", "; ", message.strip())
    said = re.sub(r"\s+", " ", f"{name}: {one_line}".translate(_WORDS)).strip()
    said = re.sub(r"[^\x20-\x7e]", "?", said)
    return said if len(said) <= _LONGEST_REASON else f"{said[: _LONGEST_REASON - 3]}..."


def refusal(error: ScenedockError) -> Response:
    """The answer to what was refused."""
    answer = _error_answer(wire_name(error), without_credentials(str(error)), error.status)
    if isinstance(error, TemporaryError):
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="scenedock"'
        if g.get("browser"):
            answer.headers.add("WWW-Authenticate", 'Basic realm="scenedock, with a token as the password"')
    return answer


def http_refusal(error: HTTPException) -> Response:
    """The answer to what HTTP alone refuses: no such route, a method, a body that is too large."""
    status = error.code or 500
    answer = _error_answer(_HTTP_NAMES.get(status, "Error"), error.description or error.name, status)
    if "Allow" in (headers := dict(error.get_headers())):
        answer.headers["Allow"] = headers["Allow"]
    return answer


def bug(error: Exception) -> Response:
    """The answer to our own mistakes: the log has the traceback, the caller the id under which it is found there."""
    _log.error("a bug: %s %s", request.method, request.path, exc_info=error)
    return _error_answer("Error", f"an unexpected error; the log has it under request id {g.request_id}", 500)


def _error_answer(name: str, message: str, status: int) -> Response:
    answer = json_answer(error_body(name, message, status), status)
    answer.status = f"{status} {reason(name, message)}"
    return answer
