"""Who asks, and whether they may."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from tests.fakes.gitlab.call import Call, RefusedError, Route, forbidden, unauthorized
from tests.fakes.gitlab.model import Token
from tests.fakes.gitlab.world import World
from tests.fakes.shared.messages import Answer

_EXPIRED = "Token is expired. You can either do re-authorization or token refresh."
_REVOKED = "Token was revoked. You have to re-authorize from the user."
_FEWER = "The request requires higher privileges than provided by the access token."


def authenticate(world: World, headers: Mapping[str, str]) -> Token | None:
    """Whose token a request has, None if it has none.

    Raises
    ------
    RefusedError   401: the token is unknown, revoked or expired
    """
    kind, _, value = headers.get("Authorization", "").partition(" ")
    value = headers.get("Private-Token", "") or (value if kind.lower() == "bearer" else "")
    if not value:
        return None
    token = world.tokens.get(value)
    if token is None:
        raise unauthorized()
    if not token.active:
        raise _bearer(401, "invalid_token", _REVOKED if token.revoked else _EXPIRED)
    return token


def git_token(world: World, authorization: str) -> Token | None:
    """The good token that git sent as a password, whatever the user's name."""
    try:
        password = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None
    token = world.tokens.get(password)
    return token if token and token.active else None


def authorise(call: Call, route: Route) -> None:
    """Refuse a caller who hasn't what the route needs.

    Raises
    ------
    RefusedError   401, 403 or 404, as GitLab says it
    """
    reads = call.method in {"GET", "HEAD"}
    if call.token is None:
        if not reads:
            raise unauthorized()
    elif not route.any_scope and not {"api", *(["read_api"] if reads else [])} & set(call.token.scopes):
        raise _bearer(403, "insufficient_scope", _FEWER, scope="api read_api" if reads else "api")
    if route.level and call.level(call.project) < route.level:
        raise forbidden() if call.token else unauthorized()


def _bearer(status: int, error: str, description: str, **more: str) -> RefusedError:
    refused = RefusedError(status, description)
    refused.answer = Answer(status, {"error": error, "error_description": description, **more})
    return refused
