"""The pages to sign in and out, and an administrator's way to sign others out."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

from flask import Response, g, request

from scenedock.doors.http.rendering.page import HTML, page
from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.bodies import json_body
from scenedock.doors.http.requests.visitors import (
    BROWSER,
    SESSION,
    browser_cookie,
    check_form,
    csrf_field,
    forget_session,
    go_to,
    may_send_forms,
    new_browser,
    note_sign_in,
    own_path,
    session_cookie,
    set_cookie,
)
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import AuthenticationError, InputError, NotFoundError, ScenedockError
from scenedock.model.action import BASE_PATH, Caller
from scenedock.model.entity import EntityRef
from scenedock.runtime.callers.authenticator import LONGEST_TOKEN, token_digest
from scenedock.runtime.callers.openid import OpenId
from scenedock.runtime.callers.sessions import person
from scenedock.runtime.service import Service
from scenedock.runtime.sign_in_wiring import CALLBACK

_SIGN_IN: Final = "/sign-in"
_WITH_OPENID: Final = "/sign-in/openid"
_ERROR: Final = re.compile(r"[a-z_]{1,40}")
"""The codes of errors with which a provider sends people back (RFC 6749)."""


def show_sign_in(service: Service) -> Response:
    """Show how to sign in."""
    return sign_in_page(service, own_path(request.args.get("next", "")), "")


def sign_in_page(service: Service, wanted: str, message: str) -> Response:
    """The page to sign in, from which the browser goes to the page that is `wanted`."""
    browser = browser_cookie(service) or new_browser()
    g.form_secret = browser.encode()
    answer = page(
        "sign_in.html",
        message=message,
        openid=f"{_WITH_OPENID}?{urlencode({'next': wanted})}" if service.sign_in.openid else "",
        tokens=bool(service.sign_in.sessions.tokens.tokens),
        proxy=service.sign_in.proxy is not None,
        wanted=wanted,
        csrf=csrf_field(),
    )
    set_cookie(service, answer, BROWSER, browser)
    return answer


def sign_in_with_token(service: Service) -> Response:
    """Sign in with a static token, typed into the form."""
    g.audited = True
    g.wanted = own_path(request.form.get("next", ""))
    if browser := browser_cookie(service):
        g.form_secret = browser.encode()
    check_form(service)
    g.tries.take(f"tried by {request.remote_addr}")  # a form of another site takes nobody's tries
    token = request.form.get("token", "").strip()
    digest = token_digest(token[:LONGEST_TOKEN])
    caller = service.sign_in.sessions.tokens.caller(digest)
    if caller is None:
        note_sign_in("sign-in", "refused", "not a known static token")
        raise AuthenticationError("this token is not accepted; check that the whole token was pasted")
    return _signed_in(service, caller, service.sign_in.sessions.begin_for_token(caller, digest), g.wanted)


def go_to_openid(service: Service) -> Response:
    """Go to the OpenID provider, to sign in there."""
    openid = _openid(service)
    g.wanted = own_path(request.args.get("next", ""))
    browser = browser_cookie(service) or new_browser()
    answer = go_to(openid.address(browser, g.wanted))
    set_cookie(service, answer, BROWSER, browser)
    return answer


def come_back(service: Service) -> Response:
    """Come back from the OpenID provider, signed in."""
    openid = _openid(service)
    g.audited = True
    try:
        return _come_back(service, openid)
    except ScenedockError as error:
        note_sign_in("sign-in", "refused", str(error.__cause__ or error))
        raise


def _come_back(service: Service, openid: OpenId) -> Response:
    given = {name: request.args.getlist(name) for name in ("state", "code", "error", "iss")}
    if any(len(values) > 1 for values in given.values()):
        raise AuthenticationError("the OpenID provider's answer is not accepted; sign in again")
    state, code, error, issuer = (values[0] if values else None for values in given.values())
    browser = browser_cookie(service)
    g.wanted = openid.wanted(browser, state or "")
    if error is not None or not code:
        shown = error if error and _ERROR.fullmatch(error) else "no code"
        raise AuthenticationError(f"the OpenID provider has signed nobody in ({shown})")
    found = openid.person(browser, state or "", code, issuer)
    session_id = service.sign_in.sessions.begin_for_user(found.user, found.groups)
    return _signed_in(service, person(found.user, found.groups), session_id, found.wanted)


def show_sign_out(_service: Service) -> Response:
    """Show who has signed in, and how to sign out."""
    if not may_send_forms():
        return go_to(_SIGN_IN)
    return page("sign_out.html", name=g.caller.name, has_session="session_id" in g, csrf=csrf_field())


def sign_out(service: Service) -> Response:
    """Sign out in this browser."""
    service.sign_in.sessions.end(_session_id())
    return _signed_out(service, "this browser")


def sign_out_everywhere(service: Service) -> Response:
    """Sign out in all browsers."""
    _session_id()
    service.sign_in.sessions.end_all(g.caller.name)
    return _signed_out(service, "all browsers")


def end_sessions(service: Service) -> Response:
    """Sign a `user` out in all browsers, or without one everybody."""
    from scenedock.doors.http.documents import SignedOut

    body = json_body()
    user = body.get("user", "")
    if not isinstance(user, str) or ("user" in body and not user):
        raise InputError("`user` must be the reference of a user, `user:default/NAME`, or be left out")
    try:
        owner = str(EntityRef.parse(user, default_kind="user")) if user else None
    except ValueError as error:
        raise InputError(f"`user`: {error}") from None
    ended = service.sign_in.sessions.end_all(owner)
    note_sign_in("sign-out", "done", f"{ended} sessions of {owner or 'everybody'}", g.caller)
    g.audited = True
    return json_answer(SignedOut(ended=ended))


def _openid(service: Service) -> OpenId:
    if service.sign_in.openid is None:
        raise NotFoundError("this service has no OpenID provider to sign in with")
    return service.sign_in.openid


def _session_id() -> str:
    session_id: str | None = g.get("session_id")
    if session_id is None:
        raise InputError("there is no session to end: the proxy in front of this service has signed you in")
    return session_id


def _signed_in(service: Service, caller: Caller, session_id: str, wanted: str) -> Response:
    """A new session, never one that the browser has had before."""
    if former := session_cookie(service):
        service.sign_in.sessions.end(former)
    answer = go_to(wanted)
    set_cookie(service, answer, SESSION, session_id)
    note_sign_in("sign-in", "done", "", caller)
    return answer


def _signed_out(service: Service, where: str) -> Response:
    answer = go_to(_SIGN_IN)
    forget_session(service, answer)
    note_sign_in("sign-out", "done", where, g.caller)
    g.audited = True
    return answer


_PAGE: Final = {200: Answer("The page", None, HTML)}
_AWAY: Final = {303: Answer("Another page")}
ROUTES: Final = (
    Route("GET", _SIGN_IN, "sign-in", show_sign_in, _PAGE),
    Route("POST", _SIGN_IN, "sign-in", sign_in_with_token, _AWAY),
    Route("GET", _WITH_OPENID, "sign-in", go_to_openid, _AWAY),
    Route("GET", CALLBACK, "sign-in", come_back, _AWAY),
    Route("GET", "/sign-out", "page", show_sign_out, _PAGE),
    Route("POST", "/sign-out", "form", sign_out, _AWAY),
    Route("POST", "/sign-out/everywhere", "form", sign_out_everywhere, _AWAY),
    Route(
        "POST",
        f"{BASE_PATH}/sign-outs",
        "admin",
        end_sessions,
        {200: Answer("How many sessions were ended", "SignedOut")},
        {"type": "object", "properties": {"user": {"type": "string", "minLength": 1}}},
    ),
)
