"""What was created less than a minute ago: GitHub may not find it everywhere yet, so what isn't found is waited for."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

PATIENCE_SECONDS = 60.0
_MOST = 1_000
_REPOSITORY = re.compile(r"/repos/([^/]+/[^/]+)")


class JustCreated:
    """Repositories that are new, or have something new, as far as this process knows; shared by all threads.

    Their names are `host/owner/name`, in any case.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, repository: object, seconds_ago: float = 0.0) -> None:
        """Note that a repository, or something in it, was created."""
        self._set(repository, self._clock() + PATIENCE_SECONDS - seconds_ago, renew=True)

    def note_hidden(self, repository: object) -> None:
        """Note that a repository exists although it isn't found; only the first time counts."""
        self._set(repository, self._clock() + PATIENCE_SECONDS, renew=False)

    def has(self, repository: object) -> bool:
        """Whether what isn't found in a repository may still appear."""
        with self._lock:
            return self._until.get(str(repository).lower(), 0.0) > self._clock()

    def in_path(self, host: str, path: str) -> str:
        """The new repository that the path of a request names; empty if it names none."""
        named = _REPOSITORY.search(path)
        repository = f"{host}/{named[1]}" if named else ""
        return repository if named and self.has(repository) else ""

    def _set(self, repository: object, until: float, *, renew: bool) -> None:
        key = str(repository).lower()
        with self._lock:
            known = self._until.get(key)
            self._until[key] = until if known is None else max(known, until) if renew else known
            while len(self._until) > _MOST:
                self._until.popitem(last=False)


def seconds_between(created_at: str, answered_at: str) -> float:
    """The age of a repository by GitHub's own clock: `created_at` as in its body, `answered_at` as in HTTP's `Date`.

    Without a valid time, it is old.
    """
    try:
        now = parsedate_to_datetime(answered_at).timestamp() if answered_at else time.time()
        return now - datetime.fromisoformat(created_at).timestamp()
    except ValueError:
        return float("inf")
