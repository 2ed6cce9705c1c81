"""The repositories whose catalog is served: fetched if they are remote, each with the time of its last check."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from scenedock.effects.git.clones import RepositoryClone
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import ScenedockError
from scenedock.model.finding import Finding, Place, Reason
from scenedock.runtime.logs import Troubles
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.watching import Watch, signature_of

if TYPE_CHECKING:
    from scenedock.releases.listing import ReadState

_log: Final = logging.getLogger("scenedock.feed")
_FETCHES_AT_ONCE = 4

STALE = "stale-repository"


@dataclass(slots=True)
class WatchedRepositories:
    """Some repositories by name. `fetch` updates one at an address to its current commit; on errors, the old one stays.

    `seen` says when each was last as its address or folder has it, in seconds since the epoch; `stale` why one could
    not be fetched the last time; `same` of each the signature that it had last, and since when, on the clock that only
    goes forward.
    """

    by_name: Mapping[str, ServedRepository]
    fetch: Callable[[RepositoryClone], None] = lambda _clone: None
    seen: dict[str, float] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    same: dict[str, tuple[str, float]] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=lambda: Troubles(_log))

    def look(self, names: Collection[str] | None = None) -> None:
        """Update the named repositories, or all; a few are fetched at once, so that a slow one doesn't block all."""
        selected = [name for name in self.by_name if names is None or name in names]
        with ThreadPoolExecutor(_FETCHES_AT_ONCE, thread_name_prefix="fetch") as threads:
            for name, problem in zip(selected, threads.map(self._problem, selected), strict=True):
                if problem:
                    self.stale[name] = problem
                else:
                    self.stale.pop(name, None)
                    self.seen[name] = time.time()
        kept = "the last valid state of the repository {} is kept"
        self.troubles.note({kept.format(name): problem for name, problem in self.stale.items()})
        for name, repository in self.by_name.items():
            signature = signature_of(repository)
            if name not in self.same or self.same[name][0] != signature:
                self.same[name] = signature, time.monotonic()

    def signature(self) -> str:
        """Changes whenever a file of a repository has, or whether it can be read and fetched, at the last look."""
        return json.dumps([[name, signature, name in self.stale] for name, (signature, _) in self.same.items()])

    def watch(self) -> Watch:
        """What the last look says besides the files; those of a commit are not still being written."""
        now = time.monotonic()
        folders = {name for name, each in self.by_name.items() if not isinstance(each, RepositoryClone)}
        same = {name: (signature, now - since) for name, (signature, since) in self.same.items() if name in folders}
        return Watch(same, dict(self.stale))

    def stale_states(self) -> Mapping[str, ReadState]:
        """The states of those that could not be fetched the last time: when each was seen last, and why not since."""
        from scenedock.releases.listing import ReadState

        return {name: ReadState(read_at=_iso(self.seen.get(name, 0.0)), why=why) for name, why in self.stale.items()}

    def all_seen(self) -> float:
        """When all were last known to be up to date, in seconds since the epoch; 0 before all were checked once."""
        return min((self.seen.get(name, 0.0) for name in self.by_name), default=time.time())

    def reasons(self) -> list[Reason]:
        """A reason for each that could not be fetched the last time."""
        return [Reason(name, STALE, "can't be fetched") for name in sorted(self.stale)]

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


def _iso(seconds: float) -> str:
    """A time in ISO 8601; empty for never."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
