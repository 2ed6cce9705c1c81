"""The Flask app: the table of routes, and what holds for every request."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from scenedock.doors.http import api, backstage_actions, catalog, openapi, operations, pages
from scenedock.doors.http.access import admit
from scenedock.doors.http.answers import bug, http_refusal, refusal
from scenedock.doors.http.rate_limits import RateLimits
from scenedock.doors.http.routes import Route
from scenedock.doors.http.worker import request_was_read
from scenedock.doors.service import Service
from scenedock.errors import ScenedockError

ROUTES: tuple[Route, ...] = (
    *pages.ROUTES,
    *operations.ROUTES,
    *backstage_actions.ROUTES,
    *api.ROUTES,
    *catalog.ROUTES,
    *openapi.ROUTES,
)

_log: Final = logging.getLogger("scenedock.requests")
_REQUEST_ID: Final = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_NOT_LOGGED: Final = frozenset({"healthz", "readyz", "metrics"})
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def make_app(service: Service) -> Flask:
    """The app for a service. Whatever isn't in the table of routes isn't there."""
    app = Flask("scenedock", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = service.settings.max_body_bytes
    limits = RateLimits(service.settings.requests_per_minute)
    for route in ROUTES:
        app.add_url_rule(
            re.sub(r"\{(\w+)\}", r"<\1>", route.path),
            route.name,
            _bound(service, limits, route),
            methods=[route.method],
            provide_automatic_options=False,
        )
    app.before_request(_begin)
    app.after_request(_finish(service))
    app.register_error_handler(ScenedockError, refusal)
    app.register_error_handler(HTTPException, http_refusal)
    app.register_error_handler(Exception, bug)
    return app


def _bound(service: Service, limits: RateLimits, route: Route) -> Callable[..., Response]:
    """The route's handler behind its access rule."""

    def view(**parts: Any) -> Response:
        g.caller = admit(service, limits, route)
        if route.method == "POST":
            request.get_data()
            request_was_read()
        return route.handler(service, **parts)

    return view


def _begin() -> None:
    g.began = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex


def _finish(service: Service) -> Callable[[Response], Response]:
    def finish(answer: Response) -> Response:
        seconds = time.perf_counter() - g.began
        route = request.endpoint or "none"
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers["X-Request-Id"] = g.request_id
        service.metrics.requests.labels(route, answer.status_code).inc()
        service.metrics.request_seconds.labels(route).observe(seconds)
        if route not in _NOT_LOGGED:
            caller = g.get("caller")
            facts = {
                "method": request.method,
                "path": request.path,
                "status": answer.status_code,
                "seconds": round(seconds, 4),
                "caller": caller.subject if caller else None,
                "user": caller.user if caller else None,
                "request_id": g.request_id,
            }
            _log.info("%s %s %d", request.method, request.path, answer.status_code, extra={"facts": facts})
        return answer

    return finish
