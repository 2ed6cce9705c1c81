"""Git over HTTP, for the same tokens and the same repositories as the API."""

from __future__ import annotations

import re

from werkzeug.wrappers import Request, Response

from tests.fakes.github.access import authenticate, authorise_repository
from tests.fakes.github.branches import locked, pushed
from tests.fakes.github.call import Call, RefusedError
from tests.fakes.github.pulls import close_without_branch
from tests.fakes.github.views import View
from tests.fakes.github.world import World
from tests.fakes.shared.bare import NULL
from tests.fakes.shared.messages import Event, Noted
from tests.tools.git_server import http_backend

_ASK = {"WWW-Authenticate": 'Basic realm="GitHub"'}


def serve_git(
    world: World, url: str, request: Request, asked: re.Match[str], noted: Noted, events: list[Event]
) -> Response:
    """Answer git; `asked` has owner, name and the rest of the path."""
    owner, name, rest = asked.groups()
    writes = "git-receive-pack" in {rest, request.args.get("service")}
    values = {"owner": owner, "repo": name}
    try:
        caller = authenticate(world, request.headers.get("Authorization", ""))
        noted.caller = caller.name
        call = Call(world, caller, View(world, url, url), request.method, url, values, {}, None, "", events)
        authorise_repository(call, call.repository, ["contents"], "write" if writes else "read")
    except RefusedError as refused:
        # Whoever says nothing is asked who they are, also for what isn't there.
        refusal = refused.answer.status if "Authorization" in request.headers else 401
        return Response("Repository not found." if refusal == 404 else str(refused), refusal, _ASK)
    repository = call.repository
    before = repository.git.refs("refs/heads/")
    protected = " ".join(f"refs/heads/{branch}" for branch in sorted(locked(call, repository))) if writes else ""
    environ = {**request.environ, "PATH_INFO": f"/{rest}", "FAKE_PROTECTED": protected}
    status, headers, content = http_backend(repository.git.folder, environ, request.get_data())
    after = repository.git.refs("refs/heads/")
    if not before and after and repository.default_branch not in {ref.removeprefix("refs/heads/") for ref in after}:
        # The first branch that is pushed becomes the default one.
        repository.default_branch = next(iter(after)).removeprefix("refs/heads/")
    for ref in sorted(before.keys() | after.keys()):
        if before.get(ref) != after.get(ref):
            pushed(call, repository, ref, before.get(ref, NULL), after.get(ref, NULL))
        if ref not in after:
            close_without_branch(call, ref.removeprefix("refs/heads/"), before[ref])
    return Response(content, status, headers)
