"""A request on its way through the fake, and what may come of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from tests.fakes.gitlab.model import Project, Token, User
from tests.fakes.gitlab.world import World
from tests.fakes.shared.messages import Answer, Event

_KINDS: Mapping[str, type] = {"int": int, "bool": bool, "list": list, "text": str}


class RefusedError(Exception):
    """What GitLab answers where it doesn't do what was asked; what a model refuses is a dictionary of fields."""

    def __init__(self, status: int, message: Any) -> None:
        super().__init__(str(message))
        self.answer = Answer(status, {"message": message})


def not_found(what: str = "") -> RefusedError:
    """It isn't there, or the caller may not know that it is."""
    return RefusedError(404, f"404 {what} Not Found" if what else "404 Not found")


def forbidden() -> RefusedError:
    """The caller may see it, and not do this."""
    return RefusedError(403, "403 Forbidden")


def unauthorized() -> RefusedError:
    """Nobody is known to ask."""
    return RefusedError(401, "401 Unauthorized")


def invalid(field: str, *reasons: str) -> RefusedError:
    """Validation failed for one field."""
    return RefusedError(400, {field: list(reasons)})


def wrong_parameter(reason: str) -> RefusedError:
    """A parameter is missing or has no such value."""
    refused = RefusedError(400, reason)
    refused.answer = Answer(400, {"error": reason})
    return refused


@dataclass(slots=True)
class Call:
    """A request: `path` has the values of the route's names, `given` the parameters, of query and body alike."""

    world: World
    web: str
    method: str
    url: str
    path: Mapping[str, str]
    given: Mapping[str, Any]
    token: Token | None = None
    events: list[Event] = field(default_factory=list)
    """What the call made happen, for webhooks."""

    @property
    def api(self) -> str:
        """The address of the API."""
        return f"{self.web}/api/v4"

    @property
    def user(self) -> User:
        """Who asks.

        Raises
        ------
        RefusedError   nobody
        """
        if self.token is None:
            raise unauthorized()
        return self.token.user

    def level(self, project: Project) -> int:
        """What the caller may do with a project."""
        return self.world.level(project, self.token.user) if self.token else 0

    def sees(self, project: Project) -> bool:
        """Whether the caller may know that a project is there."""
        seen = {"public"} | ({"internal"} if self.token and not self.token.user.bot else set())
        return project.visibility in seen or self.level(project) > 0

    @property
    def project(self) -> Project:
        """The project that the path names, by its id or by its whole path.

        Raises
        ------
        RefusedError   404, or 301 or 405 under a former path
        """
        named = self.path["id"]
        found: Project | None
        if named.isdecimal():
            found = next((each for each in list(self.world.projects.values()) if each.id == int(named)), None)
        else:
            found = self.world.projects.get(named.lower())
            moved = self.world.moved.get(named.lower())
            if found is None and moved and self.sees(moved):
                raise self._moved(moved)
        if found is None or not self.sees(found):
            raise not_found("Project")
        return found

    def _moved(self, project: Project) -> RefusedError:
        if self.method != "GET":
            return RefusedError(405, "Non GET methods are not allowed for moved projects")
        _, _, below = self.url.removeprefix(f"{self.api}/projects/").partition("/")
        url = "/".join(filter(None, [f"{self.api}/projects/{project.id}", below]))
        refused = RefusedError(301, "")
        refused.answer = Answer(301, f"This resource has been moved permanently to {url}.".encode(), {"Location": url})
        return refused

    def page(self, items: Sequence[Any]) -> Answer:
        """One page of a list, with links to the others."""
        size, number = min(int(self.given.get("per_page", 20)), 100), int(self.given.get("page", 1))
        last = max(1, -(-len(items) // size))
        pages = {"next": number + 1, "prev": number - 1, "first": 1, "last": last}
        pages = {rel: at for rel, at in pages.items() if 1 <= at <= last}
        links = [f'<{self.url}?{urlencode({**self.given, "page": at})}>; rel="{rel}"' for rel, at in pages.items()]
        told: dict[str, int | str] = {"Page": number, "Per-Page": size, "Total": len(items), "Total-Pages": last}
        told |= {"Next-Page": pages.get("next", ""), "Prev-Page": pages.get("prev", "")}
        headers = {"Link": ", ".join(links), **{f"X-{name}": str(value) for name, value in told.items()}}
        return Answer(200, list(items[(number - 1) * size : number * size]), headers)


@dataclass(frozen=True)
class Route:
    """A method of a path, how it is answered, and what it takes.

    `takes` are the parameters that GitLab documents and we use, each with its kind where it isn't a text (`name
    group_id:int`), `!` where it must be given. `level` is the least one in the project that the path names.
    """

    operation: str
    answer: Callable[[Call], Answer]
    takes: str = ""
    level: int = 0
    any_scope: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What `METHOD /path` looks like."""
        return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", self.operation))

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Each parameter's name to its kind."""
        named = (each.rstrip("!").partition(":") for each in self.takes.split())
        usual = {"page": "int", "per_page": "int"} if self.operation.startswith("GET") else {}
        return usual | {name: kind or "text" for name, _, kind in named}

    def missing(self, given: Mapping[str, Any]) -> list[str]:
        """Parameters that must be given, and aren't."""
        wanted = [each.rstrip("!").partition(":")[0] for each in self.takes.split() if each.endswith("!")]
        return [name for name in wanted if given.get(name) is None or given[name] == ""]

    def problems(self, given: Mapping[str, Any], *, in_json: bool) -> list[str]:
        """What GitLab doesn't know of what was given; kinds can be told in JSON only."""
        unknown = [f"{name}: no such parameter" for name in given if name not in self.parameters]
        if unknown or not in_json:
            return unknown
        kinds = {name: _KINDS[self.parameters[name]] for name, value in given.items() if value is not None}
        return [f"{name}: not of its kind" for name, kind in kinds.items() if type(given[name]) is not kind]
