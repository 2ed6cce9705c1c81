"""The fake GitHub as a server on loopback, in threads of the process that tests run in."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from werkzeug.wrappers import Request, Response

from tests.fakes.github import accounts, actions, branches, git_data, graphql, history, pulls, repositories
from tests.fakes.github.access import authenticate, authorise
from tests.fakes.github.call import Call, Caller, RefusedError, Route
from tests.fakes.github.git_http import serve_git
from tests.fakes.github.openapi import Operation, operations, webhook_problems
from tests.fakes.github.views import View
from tests.fakes.github.webhooks import delivery_headers
from tests.fakes.github.world import World
from tests.fakes.shared.host import FakeHost, running
from tests.fakes.shared.messages import Answer, Event, Noted
from tests.fakes.shared.webhooks import Webhooks

_AREAS = (accounts, actions, branches, git_data, history, pulls, repositories)
ROUTES: dict[str, Route] = {route.operation: route for area in _AREAS for route in area.ROUTES}
_GIT = re.compile(r"/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")


@dataclass
class FakeGitHub(FakeHost):
    """A GitHub of one's own: the API at `url`, and at `url/api/v3`, too; git at `url/OWNER/NAME.git`."""

    world: World

    def answered(self, request: Request, path: str, noted: Noted, events: list[Event]) -> Response:
        """Do what was asked, of git or of the API."""
        return self._git(request, path, noted, events) or self.sent(self._answer(request, path, noted, events))

    def _git(self, request: Request, path: str, noted: Noted, events: list[Event]) -> Response | None:
        if not (asked := _GIT.fullmatch(path)):
            return None
        with self.lock:
            return serve_git(self.world, self.url, request, asked, noted, events)

    def sent(self, answer: Answer) -> Response:
        """An answer with the headers that GitHub always sends."""
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
        if request.method == "POST" and path in graphql.PATHS:
            return self._graphql(request, noted, events)
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

    def _graphql(self, request: Request, noted: Noted, events: list[Event]) -> Answer:
        view = View(self.world, self.url, self.url)
        noted.body = json.loads(request.get_data())
        call = Call(self.world, Caller("anonymous"), view, "POST", f"{self.url}/graphql", {}, {}, noted.body)
        call.events = events
        try:
            with self.lock:
                call.caller = authenticate(self.world, request.headers.get("Authorization", ""))
                noted.caller = call.caller.name
                call.caller.account  # noqa: B018 - refuses who has no token
                return graphql.answer(call)
        except RefusedError as refused:
            return refused.answer
        except graphql.UnlikeGitHubError as unlike:
            return self._violated(noted, 422, [str(unlike)])

    def _by_name(self, path: str) -> str:
        """The path with a repository's name for its id, to which GitHub redirects."""
        if not (found := re.match(r"/repositories/(\d+)", path)):
            return path
        names = {each.id: each.full_name for each in self.world.repositories.values()}
        return f"/repos/{names.get(int(found[1]), '?/?')}{path[found.end() :]}"

    def _done(self, call: Call, authorization: str, operation: Operation, noted: Noted) -> Answer:
        route = ROUTES[operation.name]
        try:
            with self.lock:
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

    def payload_problems(self, event: Event) -> list[str]:
        """What is wrong with the payload of a webhook."""
        name = f"{event.name}-{event.action}".replace("_", "-").strip("-")
        return [f"webhook {name}: {each}" for each in webhook_problems(name, event.payload)]


@contextmanager
def fake_github(folder: Path) -> Iterator[FakeGitHub]:
    """A GitHub for as long as the block runs, with its repositories in a folder.

    Raises
    ------
    AssertionError   at the end: a request or an answer was not as GitHub describes its API
    """
    with running(FakeGitHub(World(folder), webhooks=Webhooks(delivery_headers))) as github:
        yield github
