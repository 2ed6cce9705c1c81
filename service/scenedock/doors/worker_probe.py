"""What a worker answers to Kubernetes and Prometheus: `/healthz`, `/readyz` and `/metrics`, without authentication."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from scenedock.errors import InputError
from scenedock.runtime.metrics import TaskMetrics
from scenedock.runtime.setting_values import Listen

_READY_SECONDS: Final = 30.0
_ALIVE_SECONDS: Final = 180.0
"""A worker waits for a minute for a database that is away, and a restart wouldn't bring that back."""
_SECONDS_TO_ASK: Final = 10.0


@contextmanager
def worker_probe(
    listen: Listen | None, metrics: TaskMetrics, seconds_idle: Callable[[], float | None]
) -> Iterator[None]:
    """Answer at an address, if there is one; `seconds_idle` is how long ago the worker last looked for tasks.

    Raises
    ------
    InputError   the address can't be used
    """
    if listen is None:
        yield
        return

    def answer(path: str) -> tuple[int, bytes]:
        idle = seconds_idle()
        if path == "/metrics":
            return 200, metrics.text()
        if path == "/readyz":
            return (200, b"ok\n") if idle is not None and idle < _READY_SECONDS else (503, b"not ready\n")
        if path == "/healthz":
            return (503, b"hangs\n") if idle is not None and idle > _ALIVE_SECONDS else (200, b"ok\n")
        return 404, b"/healthz, /readyz and /metrics are here\n"

    try:
        server = ThreadingHTTPServer((listen.host.strip("[]"), listen.port), _handler(answer))
    except OSError as error:
        raise InputError(f"SCENEDOCK_WORKER_LISTEN={listen}: {error.strerror or error}") from error
    thread = threading.Thread(target=server.serve_forever, name="probe", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _handler(answer: Callable[[str], tuple[int, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Probe(BaseHTTPRequestHandler):
        """One connection, in a thread of its own."""

        timeout = _SECONDS_TO_ASK
        server_version = "scenedock"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer, in plain text."""
            status, body = answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: a probe comes every few seconds."""

    return Probe
