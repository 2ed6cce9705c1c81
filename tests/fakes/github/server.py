"""The fake GitHub as a server on loopback, in threads of the process that tests run in."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from tests.fakes.github import accounts, actions, branches, git_data, history, pulls, repositories
from tests.fakes.github.access import authenticate, authorise
from tests.fakes.github.call import Answer, Call, Caller, Event, Noted, RefusedError, Route
from tests.fakes.github.faults import Act, DroppedError, Faults
from tests.fakes.github.git_http import serve_git
from tests.fakes.github.openapi import Operation, operations, webhook_problems
from tests.fakes.github.views import View
from tests.fakes.github.webhooks import Webhooks, send
from tests.fakes.github.world import World
from tests.tools.wsgi import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_AREAS = (accounts, actions, branches, git_data, history, pulls, repositories)
ROUTES: dict[str, Route] = {route.operation: route for area in _AREAS for route in area.ROUTES}
_GIT = re.compile(r"/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")


@dataclass
class FakeGitHub:
    """A GitHub of one's own: the API at `url`, and at `url/api/v3`, too; git at `url/OWNER/NAME.git`."""

    world: World
    url: str = ""
    calls: list[Noted] = field(default_factory=list)
    """Every request, in the order in which they came."""
    violations: list[str] = field(default_factory=list)
    """Requests that GitHub's description doesn't allow: an error of the client."""
    mistakes: list[str] = field(default_factory=list)
    """Answers and payloads that GitHub's description doesn't allow: an error of this fake."""
    faults: Faults = field(default_factory=Faults)
    webhooks: Webhooks = field(default_factory=Webhooks)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def called(self, requests: str = "") -> list[str]:
        """The requests, `METHOD /path`, that a regular expression matches."""
        made = [f"{each.method} {each.path}" for each in list(self.calls)]
        return [each for each in made if re.search(requests, each)]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        path = str(environ.get("REQUEST_URI", request.path)).partition("?")[0]
        events: list[Event] = []
        try:
            response = self._respond(request, path, events)
        except DroppedError:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            send(self.webhooks.prepare(events))
            # An exception of this kind is how the server is told that nobody listens any more.
            raise ConnectionAbortedError from None
        except Exception:  # noqa: BLE001 (whatever is wrong with the fake must end in the test's report)
            self.mistakes.append(f"{request.method} {path}:\n{traceback.format_exc()}")
            response = Response("the fake is broken", 500)
        deliveries = self.webhooks.prepare(events)
        response.call_on_close(lambda: send(deliveries))
        return response(environ, start_response)

    def _respond(self, request: Request, path: str, events: list[Event]) -> Response:
        noted = Noted(request.method, path, request.query_string.decode(), None)
        struck = self.faults.strike(f"{request.method} {path}")
        self.calls.append(noted)
        response = (
            self._instead([each.before for each in struck])
            or self._git(request, path, noted, events)
            or self._sent(self._answer(request, path, noted, events))
        )
        self._check_payloads(events)
        response = self._instead([each.after for each in struck]) or response
        noted.status = response.status_code
        return response

    def _instead(self, acts: list[Act | None]) -> Response | None:
        for act in filter(None, acts):
            if (answer := act()) is not None:
                return self._sent(answer)
        return None

    def _git(self, request: Request, path: str, noted: Noted, events: list[Event]) -> Response | None:
        if not (asked := _GIT.fullmatch(path)):
            return None
        with self._lock:
            return serve_git(self.world, self.url, request, asked, noted, events)

    def _sent(self, answer: Answer) -> Response:
        raw = isinstance(answer.body, bytes)
        body = answer.body if raw else json.dumps(answer.body) if answer.body is not None else ""
        limits = {
            "x-ratelimit-limit": str(accounts.LIMIT),
            "x-ratelimit-remaining": str(accounts.LIMIT - 1),
            "x-ratelimit-used": "1",
            "x-ratelimit-reset": str(int(time.time()) + 3600),
            "x-ratelimit-resource": "core",
        }
        headers = {**limits, "x-github-request-id": f"FAKE:{len(self.calls)}", **answer.headers}
        kind = "application/vnd.github.raw" if raw else "application/json"
        return Response(body, answer.status, headers, content_type=f"{kind}; charset=utf-8")

    def _answer(self, request: Request, path: str, noted: Noted, events: list[Event]) -> Answer:
        prefix = "/api/v3" if path.startswith("/api/v3/") else ""
        path = self._by_name(path.removeprefix(prefix))
        found = operations().find(request.method, path)
        if found is None:
            return self._violated(noted, 404, ["no such operation in GitHub's description"])
        operation, values = found
        data = request.get_data()
        try:
            body = noted.body = json.loads(data) if data else None
        except ValueError:
            return self._violated(noted, 400, ["Problems parsing JSON"])
        query = request.args.to_dict()
        if problems := operation.request_problems(values, query, body):
            return self._violated(noted, 422, problems)
        if operation.name not in ROUTES:
            return self._violated(noted, 501, [f"the fake has no {operation.name}"])
        view = View(self.world, f"{self.url}{prefix}", self.url)
        accept = request.headers.get("Accept", "")
        anonymous, url = Caller("anonymous"), f"{view.api}{path}"
        call = Call(self.world, anonymous, view, request.method, url, values, query, body, accept, events)
        return self._checked(operation, self._done(call, request.headers.get("Authorization", ""), operation, noted))

    def _by_name(self, path: str) -> str:
        """The path with a repository's name for its id, to which GitHub redirects."""
        if not (found := re.match(r"/repositories/(\d+)", path)):
            return path
        names = {each.id: each.full_name for each in self.world.repositories.values()}
        return f"/repos/{names.get(int(found[1]), '?/?')}{path[found.end() :]}"

    def _done(self, call: Call, authorization: str, operation: Operation, noted: Noted) -> Answer:
        route = ROUTES[operation.name]
        try:
            with self._lock:
                call.caller = authenticate(self.world, authorization)
                noted.caller = call.caller.name
                authorise(call, route)
                answer = route.answer(call)
        except RefusedError as refused:
            answer = refused.answer
        return replace(answer, headers={**answer.headers, **route.headers(call.caller)})

    def _violated(self, noted: Noted, status: int, problems: list[str]) -> Answer:
        message = f"{noted.method} {noted.path}: {'; '.join(problems)}"
        self.violations.append(message)
        return RefusedError(status, f"Not as GitHub describes its API: {message}").answer

    def _checked(self, operation: Operation, answer: Answer) -> Answer:
        # Of a file as it is, GitHub's description says nothing.
        raw = isinstance(answer.body, bytes)
        problems = [] if raw else operation.answer_problems(answer.status, answer.body)
        if not problems:
            return answer
        message = f"{operation.name} {answer.status}: {'; '.join(problems)}"
        self.mistakes.append(message)
        return Answer(500, {"message": message})

    def _check_payloads(self, events: list[Event]) -> None:
        for event in events:
            name = f"{event.name}-{event.action}".replace("_", "-").strip("-")
            self.mistakes += [f"webhook {name}: {each}" for each in webhook_problems(name, event.payload)]


@contextmanager
def fake_github(folder: Path) -> Iterator[FakeGitHub]:
    """A GitHub for as long as the block runs, with its repositories in a folder.

    Raises
    ------
    AssertionError   at the end: a request or an answer was not as GitHub describes its API
    """
    github = FakeGitHub(World(folder))
    with served(github) as github.url:
        yield github
    if wrong := [*github.violations, *github.mistakes]:
        raise AssertionError("not as GitHub describes its API:\n" + "\n".join(wrong))
