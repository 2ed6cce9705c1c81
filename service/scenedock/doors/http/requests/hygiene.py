"""What every request gets: an id, a log line, metrics, and security headers for browsers."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import Final

from flask import Flask, Response, g, request

from scenedock.errors import InputError
from scenedock.runtime.service import Service

_log: Final = logging.getLogger("scenedock.requests")
_REQUEST_ID: Final = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_NOT_LOGGED: Final = frozenset({"healthz", "readyz", "metrics"})
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with `no-referrer`, browsers don't say where a form comes from
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def guard(app: Flask, service: Service) -> None:
    """Apply this to an app."""

    def begin() -> None:
        g.began = time.perf_counter()
        request_id = request.headers.get("X-Request-Id", "")
        g.request_id = request_id if _REQUEST_ID.match(request_id) else uuid.uuid4().hex
        if "\0" in request.path or b"%00" in request.query_string or b"\0" in request.query_string:
            # PostgreSQL can't store it, and no name contains it.
            raise InputError("the address contains a NUL character; remove it")

    def finish(answer: Response) -> Response:
        seconds = time.perf_counter() - g.began
        route = request.endpoint or "none"
        named = {name.lower() for name, _ in answer.headers}
        missing = [(name, value) for name, value in _HEADERS.items() if name.lower() not in named]
        answer.headers.extend([*missing, ("X-Request-Id", g.request_id)])
        service.metrics.requests.labels(route, answer.status_code).inc()
        service.metrics.request_seconds.labels(route).observe(seconds)
        if route not in _NOT_LOGGED and not g.get("audited"):  # the audit log has more
            _tell(answer.status_code, seconds)
        return answer

    app.before_request(begin)
    app.after_request(finish)


def _tell(status: int, seconds: float) -> None:
    caller = g.get("caller")
    facts = {
        "method": request.method,
        "path": request.path,
        "status": status,
        "seconds": round(seconds, 4),
        "caller": caller.subject if caller else None,
        "user": caller.user if caller else None,
        "request_id": g.request_id,
    }
    _log.info("%s %s %d", request.method, request.path, status, extra={"facts": facts})
