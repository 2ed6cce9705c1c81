"""Webhooks of code hosts: the events that Scenedock handles.

Source of the shapes: GitHub, "Webhook events and payloads" (`ping`, `pull_request`, `push`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from scenedock.errors import InputError
from scenedock.model.code_hosts.code_host import RepositoryAddress, read_repository
from scenedock.model.json import JsonObject, as_object, as_text

_EVENT = re.compile(r"^[a-z_]{1,64}$")
_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """Something that happened on a code host.

    `repository` is None if the event concerns none. `closed` is the number of the pull request that was merged or
    closed, `pushed` the branch that was pushed to.
    """

    name: str
    action: str = ""
    repository: RepositoryAddress | None = None
    closed: int | None = None
    pushed: str = ""


def read_event(name: str, payload: JsonObject) -> WebhookEvent:
    """The event from its name (GitHub's header `X-GitHub-Event`) and its payload, whose signature was verified.

    Raises
    ------
    InputError   the name of the event is invalid, or the repository's address in the payload is
    """
    if not _EVENT.fullmatch(name):
        raise InputError("the header `X-GitHub-Event` must be the name of an event")
    about = as_object(payload.get("repository"))
    action = as_text(payload.get("action"))
    repository = _repository(about) if about else None
    number = as_object(payload.get("pull_request")).get("number")
    closed = number if name == "pull_request" and action == "closed" and isinstance(number, int) else None
    ref = as_text(payload.get("ref"))
    pushed = ref.removeprefix(_HEADS) if name == "push" and ref.startswith(_HEADS) else ""
    return WebhookEvent(name, action, repository, closed, pushed)


def _repository(about: JsonObject) -> RepositoryAddress:
    address, path = as_text(about.get("html_url")), as_text(about.get("full_name"))
    try:
        host = urlsplit(address).netloc
    except ValueError:
        raise InputError("`repository.html_url` is not an address") from None
    return read_repository(f"{host}/{path}")
