"""What goes wrong between a client and a code host, switched by tests."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from tests.fakes.shared.messages import Answer

Act = Callable[[], Answer | None]
"""What is done instead of, or after, a request: an answer takes the place of the true one."""


class DroppedError(Exception):
    """The connection ends here, without an answer."""


@dataclass(eq=False)
class Fault:
    """One thing that goes wrong with requests whose `METHOD /path` a regular expression matches.

    It strikes from the `at`-th of them, `times` times, or for as long as it is there if that is None. `before` happens
    instead of the request unless it returns None, `after` when the request has had its effect and no answer was sent.
    """

    requests: str = ""
    at: int = 1
    times: int | None = 1
    before: Act | None = None
    after: Act | None = None
    seen: int = 0

    def strikes(self) -> bool:
        """Count a request that matches; whether this one is struck."""
        self.seen += 1
        return self.seen >= self.at and (self.times is None or self.seen < self.at + self.times)


@dataclass
class Faults:
    """The faults that are switched on."""

    on: list[Fault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(
        self,
        requests: str = "",
        *,
        before: Act | None = None,
        after: Act | None = None,
        at: int = 1,
        times: int | None = 1,
    ) -> Fault:
        """Switch a fault on."""
        made = Fault(requests, at, times, before, after)
        with self._lock:
            self.on.append(made)
        return made

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self.on.clear()

    def strike(self, request: str) -> list[Fault]:
        """Those that strike this request, `METHOD /path`."""
        with self._lock:
            return [each for each in self.on if re.search(each.requests, request) and each.strikes()]


def dropped() -> Answer | None:
    """The connection ends without an answer: as `before` nothing happened, as `after` everything did."""
    raise DroppedError


def slow(seconds: float) -> Act:
    """The request waits."""

    def wait() -> None:
        time.sleep(seconds)

    return wait


def calling(function: Callable[[], object]) -> Act:
    """Something else happens at this moment: a branch moves, the client is killed."""

    def call() -> None:
        function()

    return call
