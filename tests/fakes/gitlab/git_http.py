"""Git over HTTP, for the same tokens and the same repositories as the API."""

from __future__ import annotations

import re

from werkzeug.wrappers import Request, Response

from tests.fakes.gitlab.access import git_token
from tests.fakes.gitlab.call import Call
from tests.fakes.gitlab.events import pushed
from tests.fakes.gitlab.merge_requests import after_push
from tests.fakes.gitlab.model import DEVELOPER, REPORTER, Project, Token
from tests.fakes.gitlab.world import World
from tests.fakes.shared.bare import NULL
from tests.fakes.shared.messages import Event, Noted
from tests.tools.git_server import http_backend

_ASK = {"WWW-Authenticate": 'Basic realm="GitLab"'}
_DENIED = (
    "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or "
    "you're required to use a token instead of a password. If a token was provided, it was either incorrect, expired, "
    "or improperly scoped."
)
_HIDDEN = "The project you were looking for could not be found or you don't have permission to view it."
_READS = {"api", "read_repository", "write_repository"}
_WRITES = {"api", "write_repository"}


def serve_git(
    world: World, web: str, request: Request, asked: re.Match[str], noted: Noted, events: list[Event]
) -> Response:
    """Answer git; `asked` has the project's path and the rest."""
    path, rest = asked.groups()
    writes = "git-receive-pack" in {rest, request.args.get("service")}
    token = git_token(world, request.headers.get("Authorization", ""))
    noted.caller = token.user.username if token else "anonymous"
    project = world.projects.get(path.lower()) or world.moved.get(path.lower())  # git works under a former path, too
    public = project is not None and project.visibility == "public" and not writes
    if token is None and ("Authorization" in request.headers or not public):
        return Response(_DENIED, 401, _ASK)
    call = Call(world, web, request.method, "", {"id": path}, {}, token, events)
    if project is None or not call.sees(project):
        return Response(_HIDDEN, 404)
    if refusal := _refusal(call, project, token, writes=writes):
        return Response(refusal, 403)
    before = project.git.refs("refs/heads/")
    environ = {**request.environ, "PATH_INFO": f"/{rest}", **(_rules(call, project) if writes else {})}
    status, headers, content = http_backend(project.git.folder, environ, request.get_data())
    if writes and token:
        _after(call, project, before)
    return Response(content, status, headers)


def _refusal(call: Call, project: Project, token: Token | None, *, writes: bool) -> str:
    """Why the caller may not read or write, if so."""
    if token is None:
        return ""
    if not (_WRITES if writes else _READS) & set(token.scopes):
        return f"You are not allowed to {'upload code' if writes else 'download code from this project'}."
    seen = project.visibility != "private"
    if writes and call.level(project) < DEVELOPER:
        return "You are not allowed to push code to this project."
    return "" if seen or call.level(project) >= REPORTER else "You are not allowed to download code from this project."


def _rules(call: Call, project: Project) -> dict[str, str]:
    """Patterns of the refs that the caller may not push at all, and of those that nobody may force: for the hook."""
    level, protected = call.level(project), project.protected.values()
    closed = [f"refs/heads/{rules.name}" for rules in protected if not rules.push or level < rules.push]
    unforced = [f"refs/heads/{rules.name}" for rules in protected if not rules.force]
    return {"FAKE_CLOSED": "\n".join(closed), "FAKE_UNFORCED": "\n".join(unforced)}


def _after(call: Call, project: Project, before: dict[str, str]) -> None:
    after = project.git.refs("refs/heads/")
    if not before and after:
        # The first branch that is pushed becomes the default one.
        call.world.first_branch(project, next(iter(after)).removeprefix("refs/heads/"))
    for ref in sorted(before.keys() | after.keys()):
        if before.get(ref) != after.get(ref):
            old, new = before.get(ref, NULL), after.get(ref, NULL)
            pushed(call, project, ref, old, new)
            after_push(call, project, ref, old, new)
