"""Errors as pages, for people: those of pages, and those of addresses that don't exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from flask import Response, g, request

from scenedock.doors.http.rendering.page import HTML, page
from scenedock.doors.http.requests.answers import JSON
from scenedock.model.action import BASE_PATH

E = TypeVar("E", bound=Exception)
_TITLES: Final = {
    400: "This can't be understood",
    401: "Please sign in",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "This address can't be used that way",
    409: "This conflicts with something else",
    429: "Too many requests",
    503: "Not now",
}


def for_people(refused: Callable[[E], Response]) -> Callable[[E], Response]:
    """The response for an error as a page, if a person reads it; programs get it as it is.

    A person's browser says that it prefers HTML; what is below the base path of the API stays JSON.
    """

    def as_page(error: E) -> Response:
        answer = refused(error)
        accepted = request.accept_mimetypes
        if accepted[HTML] <= accepted[JSON] or request.path.startswith(f"{BASE_PATH}/"):
            return answer
        status, said = answer.status_code, (answer.get_json() or {})["error"]["message"]
        title = _TITLES.get(status, "Something went wrong" if status >= 500 else "This is not possible")
        shown = page("error.html", title=title, status=status, message=said, request_id=g.request_id)
        shown.status = answer.status
        for name, value in answer.headers:
            if name not in {"Content-Type", "Content-Length"}:
                shown.headers.add(name, value)
        return shown

    return as_page
