"""Users, organisations, teams, GitHub Apps and their installations."""

from __future__ import annotations

import time
from typing import Any

from tests.fakes.github.access import LEVELS, authorise_organization, authorise_repository, granted
from tests.fakes.github.call import Call, RefusedError, Route, not_found
from tests.fakes.github.model import Account, Installation, Team, at
from tests.fakes.shared.messages import Answer

LIMIT = 5000
"""Requests an hour, for which nothing is counted: a fault says when it is reached."""
PERMISSIONS = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
"""What GitHub calls the roles where it takes them."""


def rate_limit(call: Call) -> Answer:
    """GET /rate_limit."""
    state = {"limit": LIMIT, "used": 0, "remaining": LIMIT, "reset": int(time.time()) + 3600}
    return Answer(200, {"resources": {"core": state, "search": {**state, "limit": 30}}, "rate": state})


def this_user(call: Call) -> Answer:
    """GET /user."""
    own = {"collaborators": 0, "disk_usage": 0, "owned_private_repos": 0, "private_gists": 0, "total_private_repos": 0}
    shown = {**call.view.user(call.caller.account), **own, "two_factor_authentication": True}
    token = call.caller.token
    if token and {"user", "read:user"} & set(token.scopes):
        shown["plan"] = {**_plan(call.caller.account), "collaborators": 0}
    return Answer(200, shown)


def user(call: Call) -> Answer:
    """GET /users/{username}."""
    return Answer(200, call.view.user(_account(call, call.path["username"])))


def organization(call: Call) -> Answer:
    """GET /orgs/{org}."""
    found, token = _organization(call), call.caller.token
    shown = call.view.organization(found)
    if token and token.installation:
        told = granted(token, ["organization_plan"], "read")
    else:  # only to an owner
        told = token is not None and found.members.get(token.account.login) == "admin"
    return Answer(200, {**shown, "plan": _plan(found)} if told else shown)


def team(call: Call) -> Answer:
    """GET /orgs/{org}/teams/{team_slug}."""
    return Answer(200, call.view.team(_team(call, "read")))


def give_team_access(call: Call) -> Answer:
    """PUT /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}."""
    given = _team(call, "read")
    authorise_repository(call, call.repository, ["administration"], "write")
    call.repository.teams[given.slug] = PERMISSIONS.get((call.body or {}).get("permission", "push"), "read")
    return Answer(204)


def app(call: Call) -> Answer:
    """GET /app."""
    assert call.caller.app
    return Answer(200, call.view.app(call.caller.app) | {"installations_count": len(_installations(call))})


def installations(call: Call) -> Answer:
    """GET /app/installations."""
    return call.page([call.view.installation(each) for each in _installations(call)])


def installation(call: Call) -> Answer:
    """GET /app/installations/{installation_id}."""
    return Answer(200, call.view.installation(_installation(call)))


def installation_on(call: Call) -> Answer:
    """GET /orgs/{org}/installation, /users/{username}/installation, /repos/{owner}/{repo}/installation."""
    login = call.path.get("org") or call.path.get("username") or call.repository.owner.login
    for each in _installations(call):
        covered = "repo" not in call.path or each.repositories is None or call.repository.id in each.repositories
        if each.account is _account(call, login) and covered:
            return Answer(200, call.view.installation(each))
    raise not_found()


def installation_token(call: Call) -> Answer:
    """POST /app/installations/{installation_id}/access_tokens."""
    found, asked = _installation(call), call.body or {}
    permissions = asked.get("permissions") or dict(found.permissions)
    granted = {name: LEVELS.index(found.permissions.get(name, "")) for name in permissions}
    if any(granted[name] < LEVELS.index(level) for name, level in permissions.items()):
        raise RefusedError(422, "The permissions requested are not granted to this installation.")
    token = call.world.installation_token(found, permissions, _chosen(call, found, asked))
    body: dict[str, Any] = {
        "token": token.value,
        "expires_at": at(token.expires or 0),
        "permissions": permissions,
        "repository_selection": "all" if token.repositories is None else "selected",
    }
    if token.repositories is not None:
        repositories = [each for each in call.world.repositories.values() if each.id in token.repositories]
        body["repositories"] = [call.view.repository(each) for each in repositories]
    return Answer(201, body)


def installation_repositories(call: Call) -> Answer:
    """GET /installation/repositories."""
    token = call.caller.token
    if token is None or token.installation is None:
        raise RefusedError(403, "You must authenticate with an installation access token in order to list repositories")
    owner = token.installation.account
    found = [each for each in call.world.repositories.values() if each.owner is owner]
    within = [each for each in found if token.repositories is None or each.id in token.repositories]
    return call.page([call.view.repository(each) for each in within], "repositories")


def _chosen(call: Call, found: Installation, asked: dict[str, Any]) -> set[int] | None:
    if not {"repositories", "repository_ids"} & set(asked):
        return found.repositories
    names = {name.lower() for name in asked.get("repositories", [])}
    mine = [each for each in call.world.repositories.values() if each.owner is found.account]
    by_name = {each.id for each in mine if each.name.lower() in names}
    chosen = by_name | set(asked.get("repository_ids", []))
    within = {each.id for each in mine if found.repositories is None or each.id in found.repositories}
    if len(by_name) < len(names) or not chosen <= within:
        message = (
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
        raise RefusedError(422, message)
    return chosen


def _account(call: Call, login: str) -> Account:
    found = call.world.accounts.get(login.lower())
    if found is None:
        raise not_found()
    return found


def _plan(account: Account) -> dict[str, Any]:
    return {"name": account.plan, "space": 976562499, "private_repos": 10_000}


def _organization(call: Call) -> Account:
    found = _account(call, call.path["org"])
    if found.kind != "Organization":
        raise not_found()
    return found


def _team(call: Call, level: str) -> Team:
    authorise_organization(
        call, _organization(call), f"members:{level}", {"read:org", "write:org", "admin:org", "repo"}
    )
    found = call.world.teams.get((call.path["org"].lower(), call.path["team_slug"]))
    if found is None:
        raise not_found()
    return found


def _installations(call: Call) -> list[Installation]:
    return [each for each in call.world.installations.values() if each.app is call.caller.app]


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(int(call.path["installation_id"]))
    if found is None or found.app is not call.caller.app:
        raise not_found()
    return found


ROUTES = (
    Route("GET /rate_limit", rate_limit),
    Route("GET /user", this_user, "user"),
    Route("GET /users/{username}", user),
    Route("GET /orgs/{org}", organization),
    Route("GET /orgs/{org}/teams/{team_slug}", team),
    Route("PUT /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}", give_team_access),
    Route("GET /app", app, "app"),
    Route("GET /app/installations", installations, "app"),
    Route("GET /app/installations/{installation_id}", installation, "app"),
    Route("GET /orgs/{org}/installation", installation_on, "app"),
    Route("GET /users/{username}/installation", installation_on, "app"),
    Route("GET /repos/{owner}/{repo}/installation", installation_on, "app"),
    Route("POST /app/installations/{installation_id}/access_tokens", installation_token, "app"),
    Route("GET /installation/repositories", installation_repositories),
)
