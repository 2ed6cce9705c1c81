"""The Locations of a Backstage catalog, kept in memory: what `register-in-catalog` asks, answered as the real one does.

`tests/e2e/test_register.py` holds the same questions against a real Backstage.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from tests.tools.wsgi import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass
class Locations:
    """What is registered, by id.

    Of each request its number is told: to `before`, which says whether it happens at all, and to `after`, when it has
    had its effect and no answer was sent.
    """

    url: str = ""
    registered: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before: Callable[[int], bool] = lambda _number: True
    after: Callable[[int], object] = lambda _number: None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        self.calls.append(f"{request.method} {request.path}")
        number = len(self.calls)
        status, body = self._answer(request) if self.before(number) else (503, None)
        self.after(number)
        return Response(json.dumps(body), status, content_type="application/json")(environ, start_response)

    def _answer(self, request: Request) -> tuple[int, Any]:
        if request.path == "/api/catalog/refresh":
            return 200, {}
        if request.method == "GET":
            return 200, [
                {"data": {"id": key, "type": "url", "target": target}} for key, target in self.registered.items()
            ]
        if request.method == "DELETE":
            return 204 if self.registered.pop(request.path.rpartition("/")[2], None) else 404, None
        target = request.get_json()["target"]
        exists = target in self.registered.values()
        if request.args.get("dryRun") == "true":
            entity = {"kind": "API", "metadata": {"name": "ledger", "namespace": "default"}}
            return 201, {"location": {"type": "url", "target": target}, "exists": exists, "entities": [entity]}
        if exists:
            message = f"Location url:{target} already exists"
            return 409, {"error": {"name": "ConflictError", "message": message}}
        key = str(uuid.uuid4())
        self.registered[key] = target
        return 201, {"location": {"id": key, "type": "url", "target": target}, "entities": []}


@contextmanager
def fake_locations() -> Iterator[Locations]:
    """A catalog on loopback."""
    made = Locations()
    with served(made) as made.url:
        yield made
