"""Routes: the rows of the table from which the app, the access rules, OpenAPI and the reference are generated.

Who may ask: `public`, anybody; `feed`, anybody if `SCENEDOCK_PUBLIC_FEED` is set, else a caller with scope `read`;
`signed`, a code host that proves itself with its webhook secret; `page`, as `feed`, but where people sign in with an
OpenID provider or through a proxy only whoever has; `form`, somebody who has signed in, from a page of ours; `sign-in`
and `asset` (what pages load), anybody; `read`, `run`, `admin`, a caller with this scope or a wider one.

To run an action that changes something, a caller needs scope `run`. Request bodies, responses and errors are described
in the OpenAPI document (`openapi.json`, next to this page, and served), those of pages in docs/pages.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from flask import Response

from scenedock.model.action import BASE_PATH
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service
from scenedock.structs import dataclass, field

Access: TypeAlias = Literal["public", "feed", "signed", "page", "form", "sign-in", "asset", "read", "run", "admin"]
"""Who may use a route: anybody; anyone who may read the catalog feed; a code host with its secret; a person; a caller
with this scope.
"""

OF_PAGES: Final[frozenset[Access]] = frozenset({"page", "form", "sign-in", "asset"})
"""The access of routes for browsers, which are no part of the API."""

Handler: TypeAlias = Callable[..., Response]
"""(service, *parts of the path) → response."""


GITLAB_WEBHOOKS: Final = f"{BASE_PATH}/webhooks/gitlab"
"""The path of GitLab's webhooks, which prove who sends them in another way than GitHub's."""

ANY_TYPE = "application/octet-stream"
"""The media type of a body that is read as it is, whatever type its header names."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of a route. `body` names the model of a JSON body in `documents`, so that it is loaded late.

    None for another type, or without a body.
    """

    description: str
    body: str | None = None
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """One row. `path` has its parameters in braces; `answers` are by status, without errors, which are derived."""

    method: Literal["GET", "POST"]
    path: str
    access: Access
    handler: Handler
    answers: Mapping[int, Answer]
    body: JsonObject | None = None
    """The schema of the request's body; None without one."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The description of each path parameter."""
    query: Mapping[str, JsonObject] = field(default_factory=dict)
    """The schema of each query parameter, with a description; an array is written as a repeated parameter."""
    headers: Mapping[str, JsonObject] = field(default_factory=dict)
    """The schema of each header that is read besides those of every request, with a description; `required: true` marks
    a mandatory one."""
    tag: str = "service"
    browser: bool = False
    """Whether a browser may send a password (the token) instead of a bearer token."""
    body_type: str = "application/json"

    @property
    def name(self) -> str:
        """The name of the route in metrics and OpenAPI: that of its handler."""
        return self.handler.__name__

    @property
    def summary(self) -> str:
        """The first sentence of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]


def is_open(service: Service, access: Access) -> bool:
    """Whether anybody may use it."""
    if access == "page":
        return service.settings.public_feed and not service.sign_in.knows_people
    return access in {"public", "sign-in", "asset"} or (access == "feed" and service.settings.public_feed)
