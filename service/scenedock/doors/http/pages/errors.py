"""Errors as pages, for browsers; whoever else asks gets them as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlsplit

from flask import Response, g, request
from werkzeug.urls import iri_to_uri

from scenedock.doors.http.pages.sign_in import sign_in_page
from scenedock.doors.http.rendering.page import HTML, page
from scenedock.doors.http.requests.access import NOT_SIGNED_IN
from scenedock.doors.http.requests.answers import JSON
from scenedock.doors.http.requests.visitors import own_path
from scenedock.runtime.service import Service

E = TypeVar("E", bound=Exception)
_TITLES: Final = {
    400: "Not valid",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "In conflict with what is there",
    413: "Too large",
    415: "Not valid",
    429: "Too many requests",
    503: "Not possible now",
}


def shown_to_people(service: Service, refuse: Callable[[E], Response]) -> Callable[[E], Response]:
    """The same response, as a page if a browser asks; of a page that needs a person, it is the one to sign in."""

    def handle(error: E) -> Response:
        answer = refuse(error)
        if request.accept_mimetypes.best_match((JSON, HTML)) != HTML:
            return answer
        message = answer.get_json()["error"]["message"]
        if g.get("is_page") and answer.status_code == 401:
            shown = sign_in_page(service, g.get("wanted") or _asked(), "" if message == NOT_SIGNED_IN else message)
        else:
            title = _TITLES.get(answer.status_code, "Something is wrong")
            shown = page("refusal.html", title=title, message=message, request_id=g.request_id)
        return _as(answer, shown)

    return handle


def _asked() -> str:
    """The page that was asked for, or that has the form which was sent: there the browser goes after the sign-in."""
    if request.method == "GET":
        return own_path(iri_to_uri(request.full_path.rstrip("?")))
    form = urlsplit(request.referrer or "")
    return own_path(form._replace(scheme="", netloc="", fragment="").geturl()) if form.netloc == request.host else "/"


def _as(answer: Response, shown: Response) -> Response:
    """A page with the status and the headers of a response."""
    shown.status = answer.status
    for name in ("Retry-After", "Allow", "WWW-Authenticate"):
        for value in answer.headers.getlist(name):
            shown.headers.add(name, value)
    return shown
