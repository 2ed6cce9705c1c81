"""The routes for operators and other services: liveness, readiness, metrics, and the keys that sign our calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from flask import Response

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.model.json_documents import JsonDocument
from scenedock.runtime.feed.watched_repositories import STALE
from scenedock.runtime.service import Service


class Health(JsonDocument):
    """Whether the service can be used."""

    status: Literal["ok", "degraded", "starting"]


class Readiness(Health):
    """Whether the service can be used, what is not current or can not be kept, and which tokens end soon."""

    reasons: Annotated[tuple[str, ...], "Why it is degraded; the findings and the log say more"]
    stale_repositories: Annotated[int, "How many could not be fetched the last time"]


class PublicKeyList(JsonDocument):
    """A JSON Web Key Set (RFC 7517)."""

    keys: tuple[Mapping[str, Any], ...]


def healthz(_service: Service) -> Response:
    """Report that the process is alive."""
    return json_answer(Health(status="ok"))


def readyz(service: Service) -> Response:
    """Say whether there is a catalog to serve, and why it may not be the newest; without one others should be asked."""
    served = service.feed.at_hand()
    if served is None:
        why = "there is no catalog, and it can't be generated: the log and the pages say why"
        told = tuple(filter(None, (why if service.feed.problem else "", *map(str, service.reasons()))))
        stale = len(service.feed.repositories.stale)
        return json_answer(Readiness(status="starting", reasons=told, stale_repositories=stale), 503)
    reasons = tuple(map(str, (*served.feed.reasons, *service.reasons())))
    status: Literal["ok", "degraded"] = "degraded" if reasons else "ok"
    stale = sum(reason.code == STALE for reason in served.feed.reasons)
    return json_answer(Readiness(status=status, reasons=reasons, stale_repositories=stale))


def metrics(service: Service) -> Response:
    """Read counts and durations in Prometheus's text format."""
    return Response(service.metrics.text(), mimetype="text/plain")


def read_keys(service: Service) -> Response:
    """Read the public keys with which Backstage checks our calls."""
    return json_answer(PublicKeyList(keys=(service.key.public_jwk,)))


ROUTES = (
    Route("GET", "/healthz", "public", healthz, {200: Answer("Alive", Health)}),
    Route("GET", "/readyz", "public", readyz, {200: Answer("Ready", Readiness), 503: Answer("Not yet", Readiness)}),
    Route("GET", "/metrics", "read", metrics, {200: Answer("Metrics", None, "text/plain")}),
    Route(
        "GET",
        f"{BASE_PATH}/.backstage/auth/v1/jwks.json",
        "public",
        read_keys,
        {200: Answer("The keys", PublicKeyList)},
        tag="backstage",
    ),
)
