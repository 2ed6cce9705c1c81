"""What operators and other services ask: is it alive, is it ready, how does it do, which key signs its calls."""

from __future__ import annotations

from flask import Response

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service


def healthz(_service: Service) -> Response:
    """Say that the process answers."""
    return json_answer({"status": "ok"})


def readyz(service: Service) -> Response:
    """Say whether there is a catalog to serve; until then others should be asked."""
    served = service.feed.at_hand()
    if served is None:
        return json_answer({"status": "starting"}, 503)
    return json_answer({"status": "ok", "staleRepositories": len(served.stale)})


def metrics(service: Service) -> Response:
    """Read counts and durations in Prometheus's text format."""
    return Response(service.metrics.text(), mimetype="text/plain")


def read_keys(service: Service) -> Response:
    """Read the public keys with which Backstage checks our calls."""
    return json_answer({"keys": [service.key.public_jwk]})


_STATUS: JsonObject = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
_READY: JsonObject = {
    "type": "object",
    "required": ["status", "staleRepositories"],
    "properties": {
        "status": {"type": "string"},
        "staleRepositories": {"type": "integer", "description": "How many could not be fetched the last time"},
    },
}
_KEYS: JsonObject = {
    "type": "object",
    "required": ["keys"],
    "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
}

ROUTES = (
    Route("GET", "/healthz", "public", healthz, {200: Answer("Alive", _STATUS)}),
    Route("GET", "/readyz", "public", readyz, {200: Answer("Ready", _READY), 503: Answer("Not yet", _STATUS)}),
    Route("GET", "/metrics", "read", metrics, {200: Answer("Metrics", None, "text/plain")}),
    Route(
        "GET",
        f"{BASE_PATH}/.backstage/auth/v1/jwks.json",
        "public",
        read_keys,
        {200: Answer("The keys", _KEYS)},
        tag="backstage",
    ),
)
