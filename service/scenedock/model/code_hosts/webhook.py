"""Webhooks of code hosts: the events that Scenedock handles.

Source of the shapes: GitHub, "Webhook events and payloads" (`ping`, `pull_request`, `push`); GitLab, "Webhook events"
(push and merge request events).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scenedock.errors import InputError
from scenedock.model.code_hosts.code_host import RepositoryAddress, read_repository
from scenedock.model.json import JsonObject, as_object, as_text
from scenedock.structs import dataclass

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


def read_gitlab_event(payload: JsonObject) -> WebhookEvent:
    """The event from a payload of GitLab, whose origin was verified; a system hook has the same payloads.

    Raises
    ------
    InputError   the kind of the event is missing or invalid, or the project's address in the payload is
    """
    name = as_text(payload.get("object_kind")) or as_text(payload.get("event_name"))
    if not _EVENT.fullmatch(name):
        raise InputError("`object_kind` must be the name of an event")
    project, about = as_object(payload.get("project")), as_object(payload.get("object_attributes"))
    web, path = as_text(project.get("web_url")), as_text(project.get("path_with_namespace"))
    number, state, ref = about.get("iid"), as_text(about.get("state")), as_text(payload.get("ref"))
    is_end = name == "merge_request" and state in {"merged", "closed"}
    return WebhookEvent(
        name,
        as_text(about.get("action")),
        _address(web, path, "project.web_url") if project else None,
        number if is_end and isinstance(number, int) else None,
        ref.removeprefix(_HEADS) if name == "push" and ref.startswith(_HEADS) else "",
    )


def _repository(about: JsonObject) -> RepositoryAddress:
    return _address(as_text(about.get("html_url")), as_text(about.get("full_name")), "repository.html_url")


def _address(url: str, path: str, named: str) -> RepositoryAddress:
    """The repository at a path of the host of an address."""
    try:
        host = urlsplit(url).netloc
    except ValueError:
        raise InputError(f"`{named}` is not an address") from None
    return read_repository(f"{host}/{path}")
