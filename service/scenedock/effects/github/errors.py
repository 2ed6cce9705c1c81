"""GitHub's errors as our errors: the one place that interprets its statuses and exceptions."""

from __future__ import annotations

import time
from collections.abc import Mapping

import requests
from github import GithubException

from scenedock.effects.network.connections import why
from scenedock.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    ScenedockError,
    TemporaryError,
)
from scenedock.model.json import Json, as_list, as_object, as_text

_SECONDARY_LIMIT_SECONDS = 60.0
"""How long to wait after a secondary rate limit without a time: "wait for at least one minute"."""
_PAUSE_SECONDS = 5.0
_LONGEST = 400
_PROTECTED = ("protected", "rule violations", "required status check", "approving review", "through a pull request")

_UNFINISHED = ("repository is empty", "reference does not exist")
"""GitHub's messages for a repository that it has just created."""
_NOT_YET = (
    "base_tree is not a valid tree oid",
    "badobjectstate",
    "tree sha does not exist",
    "parent sha does not exist",
    "object does not exist",
    "head invalid",
)
"""GitHub's messages for trees, files, commits and branches that it has just given us, or taken from us."""


class MovedError(Exception):
    """GitHub responded that a repository has another address."""


def refusal_of(error: GithubException, asked: str, host: str) -> ScenedockError:
    """The error for a status of 400 or more; `asked` describes the request, without secrets."""
    status, message = error.status, said_by(error.data)
    shown = f"{host} refuses {asked}: {message or f'status {status}'}"
    wait = rate_limited(error)
    if wait is not None:
        return TemporaryError(f"{host} asks us to wait: {message or 'rate limit exceeded'}", retry_after=wait)
    if status >= 500 or status == 408:
        return TemporaryError(f"{host} answered {status} to {asked}", retry_after=_PAUSE_SECONDS)
    if status in {401, 403} or (status in {409, 422} and any(word in message.lower() for word in _PROTECTED)):
        return NotAllowedError(f"{shown}{_needed(error.headers or {})}")
    if status in {404, 410, 451}:
        return NotFoundError(f"{shown}; it doesn't exist, or our credentials for {host} give no access to it")
    if status in {409, 422} and any(word in message.lower() for word in _UNFINISHED):
        return TemporaryError(f"{host} is still creating the repository ({asked})", retry_after=2)
    if status == 422 and any(word in message.lower() for word in _NOT_YET):
        return TemporaryError(f"{shown}; it has just created this, and doesn't find it yet", retry_after=1)
    if status == 409:
        return ConflictError(shown)
    return InputError(shown)


def failure_of(error: Exception, asked: str, host: str) -> ScenedockError:
    """The error for a request without a valid response; whether it had an effect is not known."""
    if isinstance(error, MovedError):
        return NotFoundError(
            f"{host} answered {asked} with another address: if the repository was renamed, use its new address"
        )
    if isinstance(error, requests.Timeout):
        return TemporaryError(f"{host} took too long to answer {asked}", retry_after=_PAUSE_SECONDS)
    if isinstance(error, requests.exceptions.SSLError):
        return TemporaryError(f"{host}: {why(error)} ({asked})", retry_after=60)
    return TemporaryError(f"{host} can't be reached, or closed the connection ({asked})", retry_after=_PAUSE_SECONDS)


def rate_limited(error: GithubException) -> float | None:
    """The seconds to wait if a primary or secondary rate limit was reached, else None.

    Source: GitHub's "Best practices for using the REST API": `retry-after` first, then `x-ratelimit-reset` if nothing
    remains, else at least a minute.
    """
    message = said_by(error.data).lower()
    if error.status == 422 and "submitted too quickly" in message:
        return _SECONDARY_LIMIT_SECONDS
    if error.status not in {403, 429}:
        return None
    headers = error.headers or {}
    if headers.get("retry-after", "").isdecimal():
        return max(1.0, float(headers["retry-after"]))
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdecimal():
        return max(1.0, float(headers["x-ratelimit-reset"]) - time.time())
    return _SECONDARY_LIMIT_SECONDS if error.status == 429 or "rate limit" in message or "abuse" in message else None


def said_by(data: Json) -> str:
    """GitHub's message with its messages for single fields, shortened."""
    body = as_object(data)
    details = [
        as_text(each) or as_text(as_object(each).get("message")) or _field(as_object(each))
        for each in as_list(body.get("errors"))
    ]
    message = as_text(body.get("message"))
    return " ".join(": ".join(filter(None, (message, "; ".join(filter(None, details))))).split())[:_LONGEST]


def _field(error: Mapping[str, Json]) -> str:
    return " ".join(filter(None, (as_text(error.get("field")), as_text(error.get("code")))))


def _needed(headers: Mapping[str, str]) -> str:
    """The permissions or scopes that GitHub says are missing."""
    permissions = headers.get("x-accepted-github-permissions", "")
    scopes = headers.get("x-accepted-oauth-scopes", "")
    needed = f"; the App needs the permission {permissions}" if permissions else ""
    return needed or (f"; the token needs one of the scopes {scopes}" if scopes else "")
