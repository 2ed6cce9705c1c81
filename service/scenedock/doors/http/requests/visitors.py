"""People with browsers: who has signed in, the cookies that say so, and forms that only our own pages can have sent.

Only routes for pages know of this. The API takes no cookie, so that no other site can use a browser to call it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from typing import Final
from urllib.parse import urlsplit

from flask import Response, g, request
from markupsafe import Markup

from scenedock.errors import NotAllowedError
from scenedock.model.action import Caller
from scenedock.runtime.service import Service

SESSION: Final = "scenedock-session"
BROWSER: Final = "scenedock-browser"
"""The cookie with the id of a browser in which nobody has signed in yet: a sign-in ends where it has begun."""
FIELD: Final = "_csrf"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""What `secrets.token_urlsafe` makes of 32 bytes: no other value was given by us."""
_OURS: Final = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1999}")
"""A path of ours, as it is written in a header: neither `//host` nor `/\\host`, which browsers take for an address."""
_audit: Final = logging.getLogger("scenedock.audit")
_access: Final = logging.getLogger("scenedock.access")


def signed_in(service: Service) -> Caller | None:
    """Who sends this request with a session, or by the trusted proxy's word; None if nobody.

    Raises
    ------
    NotAllowedError   whom the proxy names may not use the service
    TemporaryError    the sessions can't be read
    """
    if (session_id := session_cookie(service)) and (caller := service.sign_in.sessions.caller(session_id)):
        g.session_id = session_id
        g.form_secret = session_id.encode()
        return caller
    return _by_proxy(service)


def _by_proxy(service: Service) -> Caller | None:
    proxy = service.sign_in.proxy
    if proxy is None:
        return None
    if not proxy.is_peer(request.remote_addr or ""):
        if request.headers.get(proxy.user_header):
            facts = {"request_id": g.request_id, "address": request.remote_addr}
            _access.warning("a header is ignored: %s, not of the proxy", proxy.user_header, extra={"facts": facts})
        return None
    caller = proxy.caller(lambda name: request.headers.get(name, ""))
    if caller:
        g.form_secret = service.key.secret(f"forms of {caller.user}")
    return caller


def session_cookie(service: Service) -> str:
    """The id of a session that the browser sends, which may have ended; empty without one."""
    return _cookie(service, SESSION)


def browser_cookie(service: Service) -> str:
    """The id of the browser; empty if it has none."""
    return _cookie(service, BROWSER)


def new_browser() -> str:
    """An id for a browser that has none."""
    return secrets.token_urlsafe(32)


def set_cookie(service: Service, answer: Response, name: str, value: str) -> None:
    """Give a browser a cookie for this host alone, which no script reads and no form of another site brings."""
    secure = _is_secure(service)
    answer.set_cookie(_name(service, name), value, path="/", httponly=True, samesite="Lax", secure=secure)


def forget_session(service: Service, answer: Response) -> None:
    """Let the browser forget its session."""
    secure = _is_secure(service)
    answer.delete_cookie(_name(service, SESSION), path="/", httponly=True, samesite="Lax", secure=secure)


def may_send_forms() -> bool:
    """Whether a page for this request may have forms: somebody has signed in, or is about to."""
    return "form_secret" in g


def csrf_field() -> Markup:
    """The hidden field of a form, which proves that a page of ours for the same session has sent it.

    It is another one each time, and its page isn't compressed, so that the length of a page tells nothing about it.
    """
    if not may_send_forms():
        return Markup()
    g.has_secrets = True
    nonce = secrets.token_urlsafe(16)
    return Markup('<input type="hidden" name="{}" value="{}.{}">').format(FIELD, nonce, _proof(nonce))


def check_form(service: Service) -> None:
    """Refuse a form that isn't one of ours, sent by the browser that we gave it to.

    Raises
    ------
    NotAllowedError   it comes from another site, or not from a page of this session
    """
    if reason := _foreign(service) or _unproven():
        note_sign_in("form", "refused", reason, g.get("caller"))
        raise NotAllowedError(
            "this form was not sent by a page of this session; go back, reload the page, and send it again"
        )


def note_sign_in(action: str, outcome: str, why: str = "", caller: Caller | None = None) -> None:
    """Write to the audit log who has signed in or out, or what was refused."""
    facts = {
        "caller": caller.subject if caller else None,
        "user": caller.user if caller else None,
        "action": action,
        "outcome": outcome,
        "message": why,
        "address": request.remote_addr,
        "request_id": g.request_id,
    }
    level = logging.WARNING if outcome == "refused" else logging.INFO
    _audit.log(level, "%s: %s %s", action, outcome, why or (caller.name if caller else ""), extra={"facts": facts})


def own_path(text: str) -> str:
    """A page of ours that somebody wants to see, as they or a link say; the start page, if it is anything else."""
    return text if _OURS.fullmatch(text) and not text.startswith("/sign-") else "/"


def go_to(path: str) -> Response:
    """Send the browser to another page, which it then asks for."""
    return Response(status=303, headers={"Location": path})


def _cookie(service: Service, name: str) -> str:
    """The id in a cookie; of two with one name, one is of another host of our domain, and neither counts."""
    values = set(request.cookies.getlist(_name(service, name)))
    return next(iter(values)) if len(values) == 1 and all(map(_ID.fullmatch, values)) else ""


def _name(service: Service, name: str) -> str:
    """With this prefix, browsers take the cookie from nobody but this host, over TLS."""
    return f"__Host-{name}" if _is_secure(service) else name


def _is_secure(service: Service) -> bool:
    return service.settings.url.startswith("https://")


def _foreign(service: Service) -> str:
    """Why a request isn't from a page of ours, by what every browser says of that; empty if it is.

    What the browser has compared itself counts most: it alone knows the address before a proxy. Over plain http it only
    says where the page is from.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return "" if site == "same-origin" else "it was sent from another site"
    split = urlsplit(service.settings.url)
    ours = {f"{split.scheme}://{split.netloc}", f"{split.scheme}://{request.host}"}
    return "" if request.headers.get("Origin") in ours else "it was sent from another origin, or doesn't name one"


def _unproven() -> str:
    """Why a form isn't one of ours; empty if it is."""
    given = request.form.getlist(FIELD)
    nonce, _, proof = given[0].partition(".") if len(given) == 1 else ("", "", "")
    if not may_send_forms() or not hmac.compare_digest(proof.encode(), _proof(nonce).encode()):
        return "its token is missing, or another session's"
    return ""


def _proof(nonce: str) -> str:
    return hmac.new(g.form_secret, f"form {nonce}".encode(), hashlib.sha256).hexdigest()
