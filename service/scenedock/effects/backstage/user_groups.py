"""The groups of users, from Backstage's catalog."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from scenedock.effects.backstage.catalog import BackstageCatalog

_MOST_USERS: Final = 1000
_MOST_LEVELS: Final = 20


@dataclass(slots=True)
class UserGroups:
    """Asks the catalog, and remembers the groups that a user has for `keep` seconds."""

    catalog: BackstageCatalog
    keep: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _known: OrderedDict[str, tuple[frozenset[str], float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, user: str) -> frozenset[str]:
        """The groups of a user and all groups above them (references in lower case); none if the catalog has no user.

        Raises
        ------
        TemporaryError   the catalog can't be asked
        """
        with self._lock:
            groups, until = self._known.get(user, (frozenset(), 0.0))
        if self.clock() < until:
            return groups
        if not (groups := self._ask(user)):
            return groups  # not remembered: the catalog may show the user in a moment
        with self._lock:
            self._known[user] = groups, self.clock() + self.keep
            self._known.move_to_end(user)
            if len(self._known) > _MOST_USERS:
                self._known.popitem(last=False)
        return groups

    def _ask(self, user: str) -> frozenset[str]:
        groups = new = self.catalog.related([user], "memberOf")
        for _ in range(_MOST_LEVELS):
            if not new:
                break
            new = self.catalog.related(new, "childOf") - groups
            groups |= new
        return groups
