"""WSGI applications on loopback, in threads of the process that the tests run in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Silent(WSGIRequestHandler):
    """Writes no log."""

    def log(self, type: str, message: str, *arguments: Any) -> None:  # noqa: A002 - the name is the library's
        """Say nothing: the test's output is not the place."""


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """An application on a free port, each request in a thread of its own; the address without a trailing slash."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
