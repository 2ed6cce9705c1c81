"""What goes wrong between a client and GitLab, in GitLab's words, and what goes wrong with any host."""

from __future__ import annotations

import time

from werkzeug.http import http_date

from tests.fakes.gitlab.call import RefusedError
from tests.fakes.shared.faults import Act, DroppedError, calling, dropped, slow
from tests.fakes.shared.messages import Answer

__all__ = [
    "Act",
    "DroppedError",
    "RefusedError",
    "bad_credentials",
    "calling",
    "dropped",
    "missing_permission",
    "rate_limit",
    "refused",
    "slow",
    "unavailable",
]


def rate_limit(retry_after: int = 60) -> Act:
    """The limit is reached until some seconds from now."""

    def answer() -> Answer:
        reset = int(time.time()) + retry_after
        headers = {
            "Retry-After": str(retry_after),
            "RateLimit-Limit": "2000",
            "RateLimit-Observed": "2001",
            "RateLimit-Remaining": "0",
            "RateLimit-Name": "throttle_authenticated_api",
            "RateLimit-Reset": str(reset),
            "RateLimit-ResetTime": http_date(reset),
        }
        return Answer(429, b"Retry later\n", headers)

    return answer


def refused(status: int, message: str) -> Act:
    """Any answer that says what is wrong."""
    return lambda: RefusedError(status, message).answer


def unavailable(status: int = 503) -> Act:
    """GitLab is down or broken: 500, 502 or 503. Given as `after`, it did what was asked all the same."""
    return refused(status, f"{status} Server Error")


def bad_credentials() -> Answer | None:
    """The token is unknown, whatever it is."""
    return RefusedError(401, "401 Unauthorized").answer


def missing_permission() -> Answer | None:
    """The user isn't allowed to do this."""
    return RefusedError(403, "403 Forbidden").answer
