"""Who asks, and whether they may."""

from __future__ import annotations

import base64
import binascii
import time

import jwt

from tests.fakes.github.call import Call, Caller, RefusedError, Route, not_found
from tests.fakes.github.model import ROLES, Account, Repository, Token
from tests.fakes.github.world import World

LEVELS = ("", "read", "write", "admin")
_NO_APP = "A JSON web token could not be decoded"
_NOT_THE_APP = "Resource not accessible by integration"


def authenticate(world: World, header: str) -> Caller:
    """Who sent a header `Authorization`; `Basic` has the token as password, as git sends it.

    Raises
    ------
    RefusedError   401: the token is unknown or expired, or the signature isn't an app's
    """
    kind, _, value = header.partition(" ")
    if not header:
        return Caller("anonymous")
    if kind.lower() == "basic":
        try:
            value = base64.b64decode(value).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            raise RefusedError(401, "Bad credentials") from None
    if value.count(".") == 2:
        return _app(world, value)
    token = world.tokens.get(value)
    if token is None or (token.expires is not None and token.expires <= time.time()):
        raise RefusedError(401, "Bad credentials")
    return Caller(token.account.login, token)


def _app(world: World, signed: str) -> Caller:
    try:
        issuer = int(jwt.decode(signed, options={"verify_signature": False})["iss"])
        app = world.apps[issuer]
        claims = jwt.decode(
            signed,
            app.key.public_key(),
            algorithms=["RS256"],
            leeway=0,
            options={"require": ["exp", "iat", "iss"], "verify_iss": False, "verify_iat": False},
        )
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
        raise RefusedError(401, _NO_APP) from None
    now = time.time()
    if claims["exp"] > now + 600:
        raise RefusedError(401, "'Expiration time' claim ('exp') is too far in the future")
    if claims["iat"] > now + 60:
        raise RefusedError(401, "'Issued at' claim ('iat') must be an Integer representing the time that it was issued")
    return Caller(f"app {app.slug}", app=app)


def role(world: World, repository: Repository, account: Account) -> str | None:
    """What somebody may do with a repository; None if they can't even see a private one."""
    owner = repository.owner
    if account is owner or owner.members.get(account.login) == "admin":
        return "admin"
    held = {repository.collaborators.get(account.login)}
    held |= {"read"} if account.login in owner.members else set()
    for slug, permission in repository.teams.items():
        if account.login in world.teams[owner.login.lower(), slug].members:
            held.add(permission)
    return max((each for each in held if each), key=ROLES.index, default=None)


def authorise(call: Call, route: Route) -> None:
    """Refuse a caller who hasn't what the route needs.

    Raises
    ------
    RefusedError   401, 403 or 404, as GitHub says it
    """
    token = call.caller.token
    if route.needs == "app":
        if call.caller.app is None:
            raise RefusedError(401, _NO_APP)
    elif call.caller.app is not None:
        raise RefusedError(401, "Bad credentials")
    elif route.needs == "user":
        if token is None:
            raise RefusedError(401, "Requires authentication")
        if token.installation is not None:
            raise RefusedError(403, _NOT_THE_APP)
    elif route.needs:
        permissions, _, level = route.needs.partition(":")
        authorise_repository(call, call.repository, permissions.split("|"), level)


def authorise_repository(call: Call, repository: Repository, permissions: list[str], level: str) -> None:
    """Refuse a caller who hasn't one of the permissions, at a level, on a repository.

    Raises
    ------
    RefusedError   401, 403 or 404, as GitHub says it
    """
    token = call.caller.token
    if token is None:
        if repository.private:
            raise not_found()
        if level != "read":
            raise RefusedError(401, "Requires authentication")
    elif token.installation is not None:
        _authorise_installation(token, repository, permissions, level)
    else:
        _authorise_person(call.world, token, repository, permissions, level)


def _authorise_installation(token: Token, repository: Repository, permissions: list[str], level: str) -> None:
    within = token.installation is not None and token.installation.account is repository.owner
    if not within or (token.repositories is not None and repository.id not in token.repositories):
        if repository.private:
            raise not_found()
        if level != "read":
            raise RefusedError(403, _NOT_THE_APP)
    elif not granted(token, permissions, level):
        raise RefusedError(403, _NOT_THE_APP)


def granted(token: Token, permissions: list[str], level: str) -> bool:
    """Whether an installation's token has one of the permissions; everybody may read metadata."""
    held = {"metadata": "read", **token.permissions}
    return any(LEVELS.index(held.get(name, "")) >= LEVELS.index(level) for name in permissions)


def _authorise_person(world: World, token: Token, repository: Repository, permissions: list[str], level: str) -> None:
    held = role(world, repository, token.account)
    scoped = "repo" in token.scopes or (not repository.private and "public_repo" in token.scopes)
    if repository.private and (held is None or not scoped):
        raise not_found()
    if level == "read":
        return
    if not scoped:
        raise not_found()
    if "administration" in permissions or "secrets" in permissions or "actions_variables" in permissions:
        if held != "admin":
            raise RefusedError(403, "Must have admin rights to Repository.")
    elif "contents" in permissions and (held is None or ROLES.index(held) < ROLES.index("write")):
        raise not_found()


def authorise_organization(call: Call, organization: Account, permission: str, scopes: set[str]) -> None:
    """Refuse a caller who may not change an organisation: no member with a scope, no installation with the permission.

    Raises
    ------
    RefusedError   401, 403 or 404, as GitHub says it
    """
    token = call.caller.token
    if token is None:
        raise RefusedError(401, "Requires authentication")
    name, _, level = permission.partition(":")
    if token.installation is not None:
        if token.installation.account is not organization or not granted(token, [name], level):
            raise RefusedError(403, _NOT_THE_APP)
    elif token.account.login not in organization.members:
        raise not_found() if level == "read" else RefusedError(403, "You need to be a member of the organization.")
    elif not scopes & set(token.scopes):
        raise RefusedError(403, f"This endpoint requires one of these scopes: {', '.join(sorted(scopes))}")
