"""The catalog over HTTP: the feed for Backstage, and what was found while making it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, request

from scenedock.catalog.emitting.output import describe_findings
from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service

_YAML = "application/yaml"
_SECONDS_TO_CACHE = 10


def read_feed_file(service: Service, name: str) -> Response:
    """Read a file of the catalog feed; `catalog-info.yaml` is where to begin."""
    file = service.feed.served_file(name)
    if request.if_none_match.contains_weak(file.etag):
        answer = Response(status=304)
    elif request.accept_encodings.quality("gzip") > 0:
        answer = Response(file.gzipped, mimetype=_YAML)
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer = Response(file.data, mimetype=_YAML)
    answer.set_etag(file.etag, weak=True)
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = f"private, max-age={_SECONDS_TO_CACHE}"
    return answer


def read_findings(service: Service) -> Response:
    """Read what was found while making the catalog: what to mend, and where."""
    served = service.feed.current()
    checked = datetime.fromtimestamp(served.checked, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json_answer(
        {
            "checkedAt": checked,
            "entities": {"total": served.feed.entities, "byKind": served.feed.by_kind},
            "findings": describe_findings(served.feed.findings),
        }
    )


def refresh_catalog(service: Service) -> Response:
    """Look at the repositories now and not at the next turn; the answer doesn't wait for it."""
    service.feed.want()
    return json_answer({"refreshing": True}, 202)


_TEXT: JsonObject = {"type": "string"}
_COUNTS: JsonObject = {"type": "object", "additionalProperties": {"type": "integer"}}
_FINDING: JsonObject = {
    "type": "object",
    "required": ["severity", "code", "message", "repository", "path", "line", "remedy"],
    "properties": {
        "severity": {"enum": ["error", "warning", "info"]},
        **dict.fromkeys(("code", "message", "repository", "path", "remedy"), _TEXT),
        "line": {"type": ["integer", "null"]},
    },
}
_REPORT: JsonObject = {
    "type": "object",
    "required": ["checkedAt", "entities", "findings"],
    "properties": {
        "checkedAt": {"type": "string", "format": "date-time"},
        "entities": {
            "type": "object",
            "required": ["total", "byKind"],
            "properties": {"total": {"type": "integer"}, "byKind": _COUNTS},
        },
        "findings": {"type": "array", "items": _FINDING},
    },
}
_REFRESHING: JsonObject = {"type": "object", "required": ["refreshing"], "properties": {"refreshing": {"const": True}}}

ROUTES = (
    Route(
        "GET",
        f"{BASE_PATH}/findings",
        "read",
        read_findings,
        {200: Answer("The report", _REPORT)},
        tag="catalog",
    ),
    Route(
        "POST",
        f"{BASE_PATH}/catalog/refresh",
        "run",
        refresh_catalog,
        {202: Answer("It will be looked at", _REFRESHING)},
        tag="catalog",
    ),
    Route(
        "GET",
        f"{BASE_PATH}/catalog/{{name}}",
        "feed",
        read_feed_file,
        {200: Answer("Entities", None, _YAML), 304: Answer("The file is the one that `If-None-Match` names")},
        parameters={"name": "Name of the file, `catalog-info.yaml` or one that it lists"},
        headers={"If-None-Match": {"type": "string", "description": "The `ETag` of the file that the caller has"}},
        tag="catalog",
    ),
)
