"""The repositories whose catalog is served: fetched if they are remote, each with the time of its last check."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from scenedock.effects.git.clones import RepositoryClone
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import ScenedockError
from scenedock.model.finding import Finding, Place

_log: Final = logging.getLogger("scenedock.feed")
_FETCHES_AT_ONCE = 4

STALE = "stale-repository"


@dataclass(slots=True)
class WatchedRepositories:
    """Some repositories by name. `fetch` updates one at an address to its current commit; on errors, the old one stays.

    `seen` says when each was last known to be up to date, in seconds since the epoch; `stale` says why one could not be
    fetched the last time.
    """

    by_name: Mapping[str, ServedRepository]
    fetch: Callable[[RepositoryClone], None] = lambda _clone: None
    seen: dict[str, float] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)

    def look(self, names: Collection[str] | None = None) -> None:
        """Update the named repositories, or all; a few are fetched at once, so that a slow one doesn't block all."""
        selected = [name for name in self.by_name if names is None or name in names]
        with ThreadPoolExecutor(_FETCHES_AT_ONCE, thread_name_prefix="fetch") as threads:
            for name, problem in zip(selected, threads.map(self._problem, selected), strict=True):
                if problem:
                    _log.error("the last valid state of the repository %s is kept: %s", name, problem)
                    self.stale[name] = problem
                else:
                    self.stale.pop(name, None)
                    self.seen[name] = time.time()

    def signature(self) -> str:
        """Changes whenever a file of a repository does.

        Raises
        ------
        InputError, NotFoundError   one can't be read
        """
        return ",".join(f"{name}={each.signature()}" for name, each in self.by_name.items())

    def all_seen(self) -> float:
        """When all were last known to be up to date, in seconds since the epoch; 0 before all were checked once."""
        return min((self.seen.get(name, 0.0) for name in self.by_name), default=time.time())

    def findings(self) -> list[Finding]:
        """A finding for each that could not be fetched the last time."""
        remedy = "Check that the address, the branch and the token are right, and that the host can be reached."
        return [
            Finding("error", STALE, f"its last valid state is served: {reason}", Place(name), remedy)
            for name, reason in sorted(self.stale.items())
        ]

    def _problem(self, name: str) -> str:
        repository = self.by_name[name]
        try:
            if isinstance(repository, RepositoryClone):
                self.fetch(repository)
        except (ScenedockError, OSError) as error:
            return str(error)
        return ""
