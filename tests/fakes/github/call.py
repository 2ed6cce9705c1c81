"""A request on its way through the fake, and what may come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from tests.fakes.github.model import Account, App, Repository, Token
from tests.fakes.github.views import View
from tests.fakes.github.world import World
from tests.fakes.shared.messages import Answer, Event

DOCUMENTATION = "https://docs.github.com/rest"
PROTECTED = "https://docs.github.com/articles/about-protected-branches"


class RefusedError(Exception):
    """What GitHub answers where it doesn't do what was asked."""

    def __init__(
        self, status: int, message: str, errors: Sequence[Any] = (), *, documentation: str = DOCUMENTATION
    ) -> None:
        super().__init__(message)
        body = {"message": message, "documentation_url": documentation, "status": str(status)}
        self.answer = Answer(status, body | ({"errors": list(errors)} if errors else {}))


def not_found() -> RefusedError:
    """It isn't there, or the caller may not know that it is."""
    return RefusedError(404, "Not Found")


def invalid(resource: str, message: str, field: str = "", code: str = "custom") -> RefusedError:
    """Validation failed for one reason, which clients find in `errors`; only some have a message."""
    error = {"resource": resource, "code": code, **({"field": field} if field else {})}
    error |= {"message": message} if message else {}
    return RefusedError(422, "Validation Failed", [error])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: with a token somebody, with an app's own signature the app, else nobody."""

    name: str
    token: Token | None = None
    app: App | None = None

    @property
    def account(self) -> Account:
        """Whose work it is.

        Raises
        ------
        RefusedError   nobody's
        """
        if self.token is None:
            raise RefusedError(401, "Requires authentication")
        return self.token.account


@dataclass(slots=True)
class Call:
    """A request: `path`, `query` and `body` as GitHub's description names their parts."""

    world: World
    caller: Caller
    view: View
    method: str
    url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str = ""
    """The header that says in which form the client takes an answer."""
    events: list[Event] = field(default_factory=list)
    """What the call made happen, for webhooks."""

    @property
    def repository(self) -> Repository:
        """The repository that the path names."""
        name = f"{self.path['owner']}/{self.path['repo']}".lower()
        if name in self.world.moved:
            raise self._moved(self.world.moved[name])
        if name not in self.world.repositories:
            raise not_found()
        return self.world.repositories[name]

    def _moved(self, repository: Repository) -> RefusedError:
        """GitHub leads to what has another name by its id, whatever comes after that in the path."""
        below = self.url.removeprefix(f"{self.view.api}/repos/").split("/", 2)[2:]
        url = "/".join([f"{self.view.api}/repositories/{repository.id}", *below])
        refused = RefusedError(301 if self.method == "GET" else 307, "Moved Permanently")
        refused.answer = replace(refused.answer, body={**refused.answer.body, "url": url}, headers={"Location": url})
        return refused

    @property
    def filled(self) -> Repository:
        """The repository, which has at least one commit."""
        if self.repository.empty:
            raise RefusedError(409, "Git Repository is empty.")
        return self.repository

    def page(self, items: Sequence[Any], wrap: str = "") -> Answer:
        """One page of a list, with links to the others; `wrap` is the name that some lists stand under."""
        size, number = int(self.query.get("per_page", 30)), int(self.query.get("page", 1))
        last = max(1, -(-len(items) // size))
        pages = {"next": number + 1, "last": last} if number < last else {}
        pages |= {"first": 1, "prev": number - 1} if number > 1 else {}
        links = [f'<{self.url}?{urlencode({**self.query, "page": at})}>; rel="{rel}"' for rel, at in pages.items()]
        shown = list(items[(number - 1) * size : number * size])
        body = {"total_count": len(items), wrap: shown} if wrap else shown
        return Answer(200, body, {"Link": ", ".join(links)} if links else {})


@dataclass(frozen=True, slots=True)
class Route:
    """An operation of GitHub's description, how it is answered, and what a caller needs for it.

    `needs` is a permission of apps and its level, `contents:write`, of which one may do of several,
    `issues|pull_requests:write`; `app` for the signature of an app, `user` for a token of a person, or nothing.
    """

    operation: str
    answer: Callable[[Call], Answer]
    needs: str = ""

    def headers(self, caller: Caller) -> dict[str, str]:
        """What an answer says of what the caller's kind needs: an app permissions, a person scopes."""
        permissions, _, level = self.needs.partition(":")
        if caller.token is None:
            return {}
        if caller.token.installation is None:
            accepted = {"x-accepted-oauth-scopes": "repo"} if level else {}
            return {"x-oauth-scopes": ", ".join(caller.token.scopes), **accepted}
        if level:
            return {"x-accepted-github-permissions": "; ".join(f"{each}={level}" for each in permissions.split("|"))}
        return {}
