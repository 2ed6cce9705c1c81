"""The routes for operators and other services: liveness, readiness, metrics, and the keys that sign our calls."""

from __future__ import annotations

from flask import Response

from scenedock.doors.http.requests.answers import plain_answer
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.feed.watched_repositories import STALE
from scenedock.runtime.service import Service


def healthz(_service: Service) -> Response:
    """Report that the process is alive."""
    return plain_answer({"status": "ok"})


def readyz(service: Service) -> Response:
    """Say whether there is a catalog to serve, and why it may not be the newest; without one others should be asked."""
    served = service.feed.at_hand()
    if served is None:
        why = "there is no catalog, and it can't be generated: the log and the pages say why"
        told = tuple(filter(None, (why if service.feed.problem else "", *map(str, service.reasons()))))
        stale = len(service.feed.repositories.stale)
        return plain_answer({"status": "starting", "reasons": told, "staleRepositories": stale}, 503)
    reasons = tuple(map(str, (*served.feed.reasons, *service.reasons())))
    stale = sum(reason.code == STALE for reason in served.feed.reasons)
    status = "degraded" if reasons else "ok"
    return plain_answer({"status": status, "reasons": reasons, "staleRepositories": stale})


def metrics(service: Service) -> Response:
    """Read counts and durations in Prometheus's text format."""
    return Response(service.metrics.text(), mimetype="text/plain")


def read_keys(service: Service) -> Response:
    """Read the public keys with which Backstage checks our calls."""
    return plain_answer({"keys": [service.key.public_jwk]})


ROUTES = (
    Route("GET", "/healthz", "public", healthz, {200: Answer("Alive", "Health")}),
    Route("GET", "/readyz", "public", readyz, {200: Answer("Ready", "Readiness"), 503: Answer("Not yet", "Readiness")}),
    Route("GET", "/metrics", "read", metrics, {200: Answer("Metrics", None, "text/plain")}),
    Route(
        "GET",
        f"{BASE_PATH}/.backstage/auth/v1/jwks.json",
        "public",
        read_keys,
        {200: Answer("The keys", "PublicKeyList")},
        tag="backstage",
    ),
)
