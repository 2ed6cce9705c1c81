"""What a route is: one row of the table that the app, the access rules, OpenAPI and the reference are made of.

Who may ask: `public`, anybody; `feed`, anybody if `SCENEDOCK_PUBLIC_FEED` is set, else a caller with scope `read`;
`signed`, who signs the body with the webhook secret of a code host; `read`, `run`, `admin`, a caller with that scope
or a wider one. To run an action that changes something a caller needs
`run`. Bodies, answers and errors are in the OpenAPI document (`openapi.json`, beside this page and served).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flask import Response
from pydantic import BaseModel

from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service

Access: TypeAlias = Literal["public", "feed", "signed", "read", "run", "admin"]
"""Who may ask: anybody; whoever may read the catalog feed; who signs as a code host; a caller with this scope."""

Handler: TypeAlias = Callable[..., Response]
"""(service, *parts of the path) → answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One way in which a route answers. `body` is the model of a JSON body; None for another type, or without one."""

    description: str
    body: type[BaseModel] | None = None
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """One row. `path` has its parts in braces; `answers` are by status, without errors, which follow from the rest."""

    method: Literal["GET", "POST"]
    path: str
    access: Access
    handler: Handler
    answers: Mapping[int, Answer]
    body: JsonObject | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What each part of the path is."""
    query: Mapping[str, JsonObject] = field(default_factory=dict)
    """The schema of each parameter of the query, with a description; one that is an array is repeated for each item."""
    headers: Mapping[str, JsonObject] = field(default_factory=dict)
    """The schema of each header that is read besides those of every request, with a description; `required: true`
    marks one that can't be left out."""
    tag: str = "service"
    browser: bool = False
    """Whether a browser may ask with a password (the token) instead of a bearer token."""

    @property
    def name(self) -> str:
        """What the route is called in metrics and OpenAPI: the name of its handler."""
        return self.handler.__name__

    @property
    def summary(self) -> str:
        """The first sentence of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]


def is_open(service: Service, access: Access) -> bool:
    """Whether anybody may ask."""
    return access == "public" or (access == "feed" and service.settings.public_feed)
