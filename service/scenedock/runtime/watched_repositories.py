"""The repositories whose catalog is served: fetched where they live elsewhere, each with when it was last seen."""

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
    """Some repositories by name. `fetch` brings one at an address to its present commit; if it can't, that stays.

    `seen` says when each was last as its address or folder has it, in seconds since the epoch; `stale` why one could
    not be fetched the last time.
    """

    by_name: Mapping[str, ServedRepository]
    fetch: Callable[[RepositoryClone], None] = lambda _clone: None
    seen: dict[str, float] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)

    def look(self, names: Collection[str] | None = None) -> None:
        """See what there is now, without names of all; a few are fetched at once, lest one that dawdles stops all."""
        wanted = [name for name in self.by_name if names is None or name in names]
        with ThreadPoolExecutor(_FETCHES_AT_ONCE, thread_name_prefix="fetch") as threads:
            for name, problem in zip(wanted, threads.map(self._problem, wanted), strict=True):
                if problem:
                    _log.error("the last good state of the repository %s stays: %s", name, problem)
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
        """Since when nothing is known to be older, in seconds since the epoch; 0 before all were seen once."""
        return min((self.seen.get(name, 0.0) for name in self.by_name), default=time.time())

    def findings(self) -> list[Finding]:
        """A finding for each that could not be fetched the last time."""
        remedy = "See that the address, the branch and the token are right, and that the host can be reached."
        return [
            Finding("error", STALE, f"its last good state is served: {said}", Place(name), remedy)
            for name, said in sorted(self.stale.items())
        ]

    def _problem(self, name: str) -> str:
        repository = self.by_name[name]
        try:
            if isinstance(repository, RepositoryClone):
                self.fetch(repository)
        except (ScenedockError, OSError) as error:
            return str(error)
        return ""
