"""Who is told by webhooks: a server that keeps what it gets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from tests.tools.server import wait_until


@dataclass
class Receiver:
    """Headers and body of each delivery; `name_in` is the header that names its event."""

    name_in: str
    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def wait_for(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """The name and payload of each event when there are so many."""
        wait_until(lambda: len(self.got) >= count, f"{count} deliveries")
        return [(headers[self.name_in], json.loads(body)) for headers, body in list(self.got)]


@contextmanager
def receiving(name_in: str) -> Iterator[Receiver]:
    """A receiver for as long as the block runs."""
    made = Receiver(name_in)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append((dict(self.headers), body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the name is the library's)
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/webhooks"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        server.shutdown()
        thread.join()
