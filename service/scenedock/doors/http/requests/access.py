"""Who may use a route: each route has its rule in the table, and without a rule nobody may."""

from __future__ import annotations

import logging
import time
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

from flask import g, request

from scenedock.doors.http.requests.rate_limits import RateLimits
from scenedock.doors.http.requests.visitors import check_form, signed_in
from scenedock.doors.http.requests.worker import METRICS
from scenedock.doors.http.routes import GITLAB_WEBHOOKS, OF_PAGES, Access, Route, is_open
from scenedock.errors import AuthenticationError, NotAllowedError
from scenedock.model.action import Caller, Scope
from scenedock.runtime.service import Service

_log: Final = logging.getLogger("scenedock.access")
_SCOPES: Final[Mapping[Access, Scope]] = {
    "public": "read",
    "feed": "read",
    "page": "read",
    "read": "read",
    "run": "run",
    "admin": "admin",
}
NOBODY: Final = Caller("anonymous", "local")
NOT_SIGNED_IN: Final = (
    "nobody has signed in, or the session has ended: sign in at /sign-in, or send a token with the header "
    "`Authorization: Bearer …`"
)


def admit(service: Service, limits: RateLimits, tries: RateLimits, route: Route) -> Caller:
    """The caller, if it may use this route; `tries` are those of a token in the form, for its handler to count.

    Raises
    ------
    AuthenticationError    the caller is unknown, and the route isn't public
    NotAllowedError        the caller's scope doesn't include it
    TooManyRequestsError   the caller, or the address of an unknown caller, sends too many requests
    """
    g.browser = route.browser
    g.is_page = route.access in OF_PAGES
    g.can_sign_in = service.sign_in.can_be_chosen
    if route.access in {"public", "asset"}:  # a liveness probe must not be told that we are busy
        return NOBODY
    if route.access == "signed":
        return _signer(service, limits, route)
    if route.access in {"page", "form"} and (person := signed_in(service)):
        limits.take(f"{person.subject} {person.user}")
        if route.access == "form":
            g.caller = person
            check_form(service)
        return person
    if is_open(service, route.access):
        limits.take(f"open to {request.remote_addr}")
        g.tries = tries
        return NOBODY
    if route.access == "form" or (g.is_page and not request.headers.get("Authorization")):
        limits.take(f"refused to {request.remote_addr}")
        raise AuthenticationError(NOT_SIGNED_IN)
    authenticator = service.authenticator.impatient() if route.path == METRICS else service.authenticator
    try:
        caller = authenticator.caller(_credentials(route), _note)
    except AuthenticationError:  # slows down guessing, but not callers with a token at the same address
        limits.take(f"refused to {request.remote_addr}")
        raise
    limits.take(f"{caller.subject} {caller.user}")
    require_scope(caller, _SCOPES[route.access])
    return caller


def require_scope(caller: Caller, needed: Scope) -> None:
    """Refuse a caller whose scope is too narrow; the handler of a form knows which one it needs.

    Raises
    ------
    NotAllowedError   it is
    """
    if not caller.may(needed):
        raise NotAllowedError(f"this needs a caller with scope `{needed}`; this one has `{caller.scope}`")


def _signer(service: Service, limits: RateLimits, route: Route) -> Caller:
    """The code hosts that have sent a webhook; `g.signers` are their names."""
    from scenedock.usecases.publishing.webhook_senders import GitLabHeaders, github_senders, gitlab_senders

    limits.take(f"open to {request.remote_addr}")
    hosts, headers = service.effects.code_hosts, request.headers
    try:
        if route.path == GITLAB_WEBHOOKS:
            proof = GitLabHeaders(
                token=headers.get("X-Gitlab-Token", ""),
                id=headers.get("webhook-id", ""),
                timestamp=headers.get("webhook-timestamp", ""),
                signature=headers.get("webhook-signature", ""),
                instance=headers.get("X-Gitlab-Instance", ""),
            )
            g.signers = gitlab_senders(hosts, request.get_data(), proof, time.time())
        else:
            g.signers = github_senders(hosts, request.get_data(), headers.get("X-Hub-Signature-256", ""))
    except AuthenticationError as error:
        _note(str(error))
        raise
    return Caller(f"webhook:{','.join(sorted(g.signers))}", "token")


def _credentials(route: Route) -> str:
    """The `Authorization` header; from a browser, which can't send a token, the password is the token."""
    header = request.headers.get("Authorization", "")
    scheme, _, encoded = header.partition(" ")
    if route.browser and scheme.lower() == "basic":
        try:
            return f"Bearer {b64decode(encoded, validate=True).decode().partition(':')[2]}"
        except ValueError:
            return ""
    return header


def _note(why: str) -> None:
    _log.warning(
        "a caller was refused: %s", why, extra={"facts": {"request_id": g.request_id, "address": request.remote_addr}}
    )
