"""The fake GitLab as a server on loopback, in threads of the process that tests run in."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from tests.fakes.gitlab import accounts, code, merge_requests, projects, settings
from tests.fakes.gitlab.access import authenticate, authorise
from tests.fakes.gitlab.call import Call, RefusedError, Route, wrong_parameter
from tests.fakes.gitlab.events import delivery_headers
from tests.fakes.gitlab.git_http import serve_git
from tests.fakes.gitlab.model import MergeRequest, Project
from tests.fakes.gitlab.world import World
from tests.fakes.shared.host import FakeHost, running
from tests.fakes.shared.messages import Answer, Event, Noted
from tests.fakes.shared.webhooks import Webhooks, send

LIMIT = 2000
"""Requests a minute, of which none are counted: a fault says when it is reached."""
ROUTES: tuple[Route, ...] = (
    *accounts.ROUTES, *code.ROUTES, *merge_requests.ROUTES, *projects.ROUTES, *settings.ROUTES,
)  # fmt: skip
_GIT = re.compile(r"/(.+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
_BELOW = "/gitlab"


@dataclass
class FakeGitLab(FakeHost):
    """A GitLab of one's own: the API at `url/api/v4`, git at `url/PATH.git`; both at `url/gitlab`, too."""

    world: World

    def set_pipelines(self, project: Project, state: str) -> None:
        """Let a project's pipelines stand so; what waits for them to succeed is merged and told."""
        project.pipeline = state
        waiting = [each for each in project.merge_requests.values() if each.auto_merge]
        for each in waiting:
            self._merge_if_it_can_be(project, each)

    def approve(self, project: Project, iid: int) -> None:
        """Somebody approves a merge request; if it only waited for that, it is merged and told."""
        found = project.merge_requests[iid]
        found.approvals += 1
        if found.auto_merge:
            self._merge_if_it_can_be(project, found)

    def _merge_if_it_can_be(self, project: Project, found: MergeRequest) -> None:
        events: list[Event] = []
        token = next(each for each in self.world.tokens.values() if each.user is found.auto_merge)
        with self.lock:
            call = Call(self.world, self.url, "PUT", "", {"id": str(project.id)}, {}, token, events)
            merge_requests.merge_what_waits(call, project)
        send(self.webhooks.prepare(events))

    def answered(self, request: Request, path: str, noted: Noted, events: list[Event]) -> Response:
        """Do what was asked, of git or of the API."""
        prefix = _BELOW if path.startswith(f"{_BELOW}/") else ""
        web, path = f"{self.url}{prefix}", path.removeprefix(prefix)
        if not path.startswith("/api/v4/") and (asked := _GIT.fullmatch(unquote(path))):
            with self.lock:
                return serve_git(self.world, web, request, asked, noted, events)
        return self.sent(self._answer(request, web, path.removeprefix("/api/v4"), noted, events))

    def sent(self, answer: Answer) -> Response:
        """An answer with the headers that GitLab always sends."""
        raw = isinstance(answer.body, bytes)
        body = answer.body if raw else json.dumps(answer.body) if answer.body is not None else ""
        reset = int(time.time()) + 60
        limits = {
            "RateLimit-Limit": str(LIMIT),
            "RateLimit-Observed": "1",
            "RateLimit-Remaining": str(LIMIT - 1),
            "RateLimit-Reset": str(reset),
            "RateLimit-ResetTime": http_date(reset),
        }
        headers = {**limits, "X-Request-Id": f"FAKE-{len(self.calls)}", **answer.headers}
        return Response(body, answer.status, headers, content_type="text/plain" if raw else "application/json")

    def _answer(self, request: Request, web: str, path: str, noted: Noted, events: list[Event]) -> Answer:
        asked = f"{request.method} {path}"
        found = next(((each, match) for each in ROUTES if (match := each.pattern.fullmatch(asked))), None)
        if found is None:
            return self._violated(noted, 501, ["the fake has no such route"])
        route, match = found
        data, in_json = request.get_data(), request.mimetype == "application/json"
        try:
            body = noted.body = json.loads(data) if data and in_json else request.form.to_dict()
        except ValueError:
            return self._violated(noted, 400, ["the body is no JSON"])
        query = request.args.to_dict()
        if problems := [*route.problems(query, in_json=False), *route.problems(body, in_json=in_json)]:
            return self._violated(noted, 400, problems)
        values = {name: unquote(value) for name, value in match.groupdict().items()}
        call = Call(self.world, web, request.method, f"{web}/api/v4{path}", values, {**query, **body}, None, events)
        return self._done(call, dict(request.headers), route, noted)

    def _done(self, call: Call, headers: Mapping[str, str], route: Route, noted: Noted) -> Answer:
        try:
            with self.lock:
                call.token = authenticate(self.world, headers)
                noted.caller = call.token.user.username if call.token else "anonymous"
                authorise(call, route)
                if missing := route.missing(call.given):
                    raise wrong_parameter(", ".join(f"{name} is missing" for name in missing))
                return route.answer(call)
        except RefusedError as refused:
            return refused.answer

    def _violated(self, noted: Noted, status: int, problems: list[Any]) -> Answer:
        message = f"{noted.method} {noted.path}: {'; '.join(problems)}"
        self.violations.append(message)
        return RefusedError(status, f"Not as GitLab describes its API: {message}").answer


@contextmanager
def fake_gitlab(folder: Path) -> Iterator[FakeGitLab]:
    """A GitLab for as long as the block runs, with its repositories in a folder.

    Raises
    ------
    AssertionError   at the end: a request was not as GitLab describes its API
    """
    with running(FakeGitLab(World(folder), webhooks=Webhooks(delivery_headers))) as gitlab:
        yield gitlab
