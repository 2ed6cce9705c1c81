"""A catalog as Backstage serves it: `GET /api/catalog/entities/by-query`, in pages with cursors, and `POST …/by-refs`.

Made after `plugins/catalog-backend/src/schema/openapi.yaml` of Backstage: `items`, `totalItems` and `pageInfo` with a
`nextCursor` on all pages but the last; errors have the shape of `@backstage/errors`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scenedock.model.entity import Entity


@dataclass
class FakeBackstage:
    """What is served, and what was asked. `answer`, if it is set, takes the place of the next answers."""

    url: str = ""
    entities: Sequence[object] = ()
    token: str = ""
    asked: list[str] = field(default_factory=list)
    answer: Callable[[], tuple[int, dict[str, str], bytes]] | None = None

    def respond(self, path: str, authorization: str | None, body: Any = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a request."""
        self.asked.append(path)
        if self.answer:
            return self.answer()
        split = urlsplit(path)
        if split.path not in {"/api/catalog/entities/by-query", "/api/catalog/entities/by-refs"}:
            return _refusal(404, "NotFoundError", "No such route")
        if self.token and authorization != f"Bearer {self.token}":
            return _refusal(401, "AuthenticationError", "Missing credentials")
        if body is not None:
            found = {str(Entity(each).ref): each for each in self.entities if isinstance(each, dict)}
            return _json({"items": [found.get(ref) for ref in body["entityRefs"]]})
        query = {key: values[0] for key, values in parse_qs(split.query).items()}
        start, limit = int(query.get("cursor", "0")), int(query["limit"])
        page: dict[str, Any] = {"items": self.entities[start : start + limit], "totalItems": len(self.entities)}
        page["pageInfo"] = {"nextCursor": str(start + limit)} if start + limit < len(self.entities) else {}
        return _json(page)


def _json(answer: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(answer).encode()


def _refusal(status: int, name: str, message: str) -> tuple[int, dict[str, str], bytes]:
    body = {"error": {"name": name, "message": message}, "response": {"statusCode": status}}
    return status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(body).encode()


@contextmanager
def serve(backstage: FakeBackstage) -> Iterator[FakeBackstage]:
    """Serve it on loopback for as long as the `with` lasts; a second time, at the same address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send(*backstage.respond(self.path, self.headers.get("Authorization")))

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send(*backstage.respond(self.path, self.headers.get("Authorization"), asked))

        def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", urlsplit(backstage.url).port or 0), Handler) as server:
        server.daemon_threads = True
        backstage.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield backstage
        finally:
            server.shutdown()
            thread.join()
