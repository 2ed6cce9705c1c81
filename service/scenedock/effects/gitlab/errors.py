"""GitLab's errors as our errors: the one place that interprets its statuses and exceptions."""

from __future__ import annotations

import time
from collections.abc import Mapping

import requests

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

_PAUSE_SECONDS = 5.0
_LIMITED_SECONDS = 60.0
"""How long to wait after a rate limit without a time: GitLab counts most of them for each minute."""
_LONGEST = 400


def refusal_of(status: int, body: Json, headers: Mapping[str, str], asked: str, host: str) -> ScenedockError:
    """The error for a status of 300 or more; `asked` describes the request, without secrets."""
    message = said_by(body)
    shown = f"{host} refuses {asked}: {message or f'status {status}'}"
    if status == 429:
        why = message or "rate limit exceeded"
        return TemporaryError(f"{host} asks us to wait: {why}", retry_after=wait_of(headers))
    if status >= 500 or status == 408:
        return TemporaryError(f"{host} answered {status} to {asked}", retry_after=_PAUSE_SECONDS)
    if "source branch" in message.lower() and "does not exist" in message.lower():
        return TemporaryError(f"{shown}; it has just got this branch, and doesn't find it yet", retry_after=2)
    errors: Mapping[int, ScenedockError] = {
        401: NotAllowedError(
            f"{host} doesn't accept the token that Scenedock has for it (expired or revoked?); "
            "an operator of Scenedock has to renew it in the list of code hosts"
        ),
        403: NotAllowedError(shown + _needed(body)),
        404: NotFoundError(f"{shown}; it doesn't exist, or our token for {host} gives no access to it"),
        405: ConflictError(shown),
        409: ConflictError(shown),
    }
    if 300 <= status < 400:
        return NotFoundError(
            f"{host} answered {asked} with another address: if the project was renamed or moved, use its new address"
        )
    return errors.get(status, InputError(shown))


def _needed(body: Json) -> str:
    """The scopes that GitLab says are missing."""
    scope = as_text(as_object(body).get("scope"))
    return f"; the token needs one of the scopes {scope}" if scope else ""


def failure_of(error: Exception, asked: str, host: str) -> TemporaryError:
    """The error for a request without a valid response; whether it had an effect is not known."""
    if isinstance(error, requests.Timeout):
        return TemporaryError(f"{host} took too long to answer {asked}", retry_after=_PAUSE_SECONDS)
    if isinstance(error, requests.exceptions.SSLError):
        return TemporaryError(f"{host}: {why(error)} ({asked})", retry_after=60)
    return TemporaryError(f"{host} can't be reached, or closed the connection ({asked})", retry_after=_PAUSE_SECONDS)


def wait_of(headers: Mapping[str, str]) -> float:
    """The seconds to wait after a rate limit, by `Retry-After` or `RateLimit-Reset`.

    Source: GitLab, "Rate limits", response headers.
    """
    after, reset = headers.get("Retry-After", ""), headers.get("RateLimit-Reset", "")
    if after.isdecimal():
        return max(1.0, float(after))
    return max(1.0, float(reset) - time.time()) if reset.isdecimal() else _LIMITED_SECONDS


def said_by(body: Json) -> str:
    """GitLab's message, shortened: a text, a list of texts, or texts by fields."""
    about = as_object(body)
    parts = (*_texts(about.get("message")), *_texts(about.get("error")), *_texts(about.get("error_description")))
    return " ".join("; ".join(dict.fromkeys(parts)).split())[:_LONGEST]


def _texts(message: Json) -> list[str]:
    if isinstance(message, str):
        return [message] if message else []
    if fields := as_object(message):
        return [f"{name} {text}" for name, texts in fields.items() for text in _texts(texts)]
    return [text for each in as_list(message) for text in _texts(each)]
