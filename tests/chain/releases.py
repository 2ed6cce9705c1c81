"""The part of a code host that makes and shows releases: GitHub's and GitLab's requests; making makes the tag, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.fakes.github.openapi import operations
from tests.tools.git_server import git
from tests.tools.wsgi import served

JOB = "of-the-job"
"""What the job says it is allowed to do."""


@dataclass
class Releases:
    """The releases of the repository in a folder, made at `url`."""

    repository: Path
    url: str = ""
    made: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        """Make or show a release, or refuse a wrong request with the reason."""
        if request.method == "GET":
            return self._shown(request)
        body = request.get_json()
        if request.path == "/repos/acme/billing/releases":
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            operation, values = operations().find("POST", request.path) or (None, {})
            problems = operation.request_problems(values, {}, body) if operation else ["no such operation"]
            tag, commit = body["tag_name"], body["target_commitish"]
        else:
            token = request.headers.get("JOB-TOKEN", "")
            problems = [] if request.path == "/projects/7/releases" else ["no such project"]
            problems += [f"{name} is unknown" for name in body if name not in {"tag_name", "ref", "description"}]
            tag, commit = body["tag_name"], body["ref"]
        if token != JOB or problems or request.method != "POST":
            return Response(f"{token} {problems}", 422)
        git(self.repository, "tag", tag, commit)
        self.made.append(body)
        return Response("{}", 201)

    def _shown(self, request: Request) -> Response:
        """A release by its tag, as far as release.py reads it."""
        is_github = request.path.startswith("/repos/acme/billing/releases/tags/")
        if not is_github and not request.path.startswith("/projects/7/releases/"):
            return Response("no such project", 404)
        tag = request.path.rpartition("/")[2]
        found = [each for each in self.made if each["tag_name"] == tag]
        shown = [each if is_github else {"tag_name": tag, "commit": {"id": each["ref"]}} for each in found]
        return Response(json.dumps(shown[0]), 200) if shown else Response("{}", 404)


@contextmanager
def releases(repository: Path) -> Iterator[Releases]:
    """The code host of a repository, as far as releases go."""
    host = Releases(repository)
    with served(Request.application(host.answer)) as url:
        host.url = url
        yield host
