"""What goes wrong between a client and GitHub, in GitHub's words, and what goes wrong with any host."""

from __future__ import annotations

import time

from tests.fakes.github.call import RefusedError
from tests.fakes.shared.faults import Act, DroppedError, calling, dropped, slow
from tests.fakes.shared.messages import Answer

__all__ = [
    "Act",
    "DroppedError",
    "bad_credentials",
    "calling",
    "dropped",
    "missing_permission",
    "rate_limit",
    "secondary_rate_limit",
    "slow",
    "unavailable",
]


def rate_limit(reset_in: float = 60, status: int = 403) -> Act:
    """The primary limit is reached until some seconds from now; GitHub says so with 403 or 429."""

    def answer() -> Answer:
        headers = {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-used": "5000",
            "x-ratelimit-reset": str(int(time.time() + reset_in)),
            "x-ratelimit-resource": "core",
        }
        return Answer(status, RefusedError(status, "API rate limit exceeded for installation.").answer.body, headers)

    return answer


def secondary_rate_limit(retry_after: int = 60) -> Act:
    """Too many requests at once, or too many that make something."""
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    refused = RefusedError(403, message).answer
    return lambda: Answer(403, refused.body, {"Retry-After": str(retry_after)})


def unavailable(status: int = 503) -> Act:
    """GitHub is down or broken: 500, 502 or 503. Given as `after`, it did what was asked all the same."""
    return lambda: RefusedError(status, "Server Error").answer


def bad_credentials() -> Answer | None:
    """The token is unknown, expired or revoked, whatever it is."""
    return RefusedError(401, "Bad credentials").answer


def missing_permission() -> Answer | None:
    """The app isn't allowed to do this."""
    return RefusedError(403, "Resource not accessible by integration").answer
