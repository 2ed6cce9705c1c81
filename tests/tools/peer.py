"""A server that answers whatever a test wants."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Peer(ThreadingHTTPServer):
    """Answers every request with what a test has set, and keeps what it was asked.

    `respond`, if it is set, gives the JSON for a path and the JSON that was sent.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PeerHandler)
        self.status, self.body, self.location = 200, b"{}", ""
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.respond: Callable[[str, Any], Any] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class PeerHandler(BaseHTTPRequestHandler):
    server: Peer

    def answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, dict(self.headers), sent))
        if self.server.respond:
            self.server.body = json.dumps(self.server.respond(self.path, json.loads(sent))).encode()
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_POST = answer  # noqa: N815 - the standard library's names

    def log_message(self, *_: object) -> None:
        return
