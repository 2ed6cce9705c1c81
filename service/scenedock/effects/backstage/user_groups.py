"""The groups of users, from Backstage's catalog."""

from __future__ import annotations

from typing import Final

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.remembered import Remembered
from scenedock.structs import dataclass, field

_SECONDS: Final = 60.0
_MOST_LEVELS: Final = 20


@dataclass(frozen=True, slots=True)
class UserGroups:
    """Asks the catalog, and remembers the groups that a user has for a while."""

    catalog: BackstageCatalog
    known: Remembered[str, frozenset[str]] = field(default_factory=lambda: Remembered(_SECONDS))

    def of(self, user: str) -> frozenset[str]:
        """The groups of a user and all groups above them (references in lower case); none if the catalog has no user.

        Raises
        ------
        TemporaryError   the catalog can't be asked
        """
        if (known := self.known.get(user)) is not None:
            return known
        groups = self._ask(user)
        if groups:  # else the catalog may show the user in a moment
            self.known.put(user, groups)
        return groups

    def _ask(self, user: str) -> frozenset[str]:
        groups = new = self.catalog.related([user], "memberOf")
        for _ in range(_MOST_LEVELS):
            if not new:
                break
            new = self.catalog.related(new, "childOf") - groups
            groups |= new
        return groups
