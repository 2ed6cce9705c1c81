"""Observe each request: measure it, log it, and give it an id that its log lines share."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

log = logging.getLogger(__name__)

METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
# Machines send these requests every few seconds, so they are logged at debug level only.
ASKED_BY_MACHINES = {"/healthz", "/readyz", "/metrics"}


class Metrics:
    """The measurements of one application, and their registry."""

    def __init__(self) -> None:
        """Start at zero."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.durations = Histogram(
            "http_server_request_duration_seconds",
            "Time to answer a request, by its route",
            ["method", "route", "status"],
            registry=self.registry,
        )


def observe(app: Flask, metrics: Metrics) -> None:
    """Measure and log each request of an application, and serve /metrics."""

    @app.before_request
    def begin() -> None:
        request_id = request.headers.get("X-Request-ID", "")
        g.request_id = request_id if re.fullmatch(r"[\w.-]{1,64}", request_id, re.ASCII) else uuid.uuid4().hex
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        # Only routes and known methods become labels: callers must not be able to create new series.
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in METHODS else "other"
        metrics.durations.labels(method, route, response.status_code).observe(seconds)
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
        }
        level = logging.DEBUG if request.path in ASKED_BY_MACHINES else logging.INFO
        log.log(level, "request", extra={"fields": fields})
        response.headers["X-Request-ID"] = g.request_id
        return response

    @app.get("/metrics")
    def scrape() -> Response:
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)
