"""Which entities Backstage has from elsewhere, as far as it could be asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from math import inf
from typing import TYPE_CHECKING, Final

from scenedock.catalog.comparing.origins import not_of_feed
from scenedock.errors import ScenedockError
from scenedock.model.entity import EntityRef
from scenedock.model.finding import Finding, Place, Reason
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    from scenedock.effects.backstage.catalog import BackstageCatalog

_log: Final = logging.getLogger("scenedock.feed")

_SECONDS_BETWEEN_ATTEMPTS = 10.0

NOT_ASKED = "backstage-not-asked"
_SAID = "Backstage can't be asked which entities it has from elsewhere"


@dataclass(slots=True)
class OtherOrigins:
    """What the catalog of a Backstage has from elsewhere; nothing without one.

    An entity that it has from us stays ours as long as we want it, so it is asked for no more, unless another replica
    says that it comes from elsewhere. One that it has from elsewhere may be unregistered there, and one that it doesn't
    have yet may come from anywhere. As long as Backstage can't be asked, what was known before holds.
    """

    backstage: BackstageCatalog | None = None
    elsewhere: frozenset[EntityRef] = frozenset()
    problem: str = ""
    """Why Backstage could not be asked the last time."""
    next_attempt: float = inf
    """When it is to be asked again because of that, on the clock that only goes forward."""
    _settled: set[EntityRef] = field(default_factory=set)
    _wanted: frozenset[EntityRef] = frozenset()

    def remember(self, elsewhere: Iterable[EntityRef]) -> None:
        """Take over what another process, or this one before its start, has known."""
        self.elsewhere = frozenset(elsewhere)
        self._settled -= self.elsewhere

    def ask(self, wanted: Collection[EntityRef] | None = None) -> bool:
        """Ask about what would be emitted, by default the same as last time; whether the answer is another one."""
        if wanted is not None:
            self._wanted = frozenset(wanted)
            self._settled &= self._wanted
        if self.backstage is None:
            return False
        before = self.elsewhere
        open_questions = sorted((self._wanted | before) - self._settled)
        try:
            found = list(self.backstage.by_refs(open_questions))
        except ScenedockError as error:
            if not self.problem:
                _log.warning("%s: %s", _SAID, error)
            self.problem, self.next_attempt = str(error), time.monotonic() + _SECONDS_BETWEEN_ATTEMPTS
            return False
        self.problem, self.next_attempt = "", inf
        self.elsewhere = not_of_feed(found)
        self._settled.update({each.ref for each in found} - self.elsewhere)
        return self.elsewhere != before

    def reasons(self) -> list[Reason]:
        """A reason if Backstage could not be asked the last time."""
        return [Reason("", NOT_ASKED, _SAID)] if self.problem else []

    def findings(self) -> list[Finding]:
        """A finding if Backstage could not be asked the last time."""
        if not self.problem:
            return []
        said = f"{_SAID}; what was known stays: {self.problem}"
        remedy = "Check `backstage_url`, and that Backstage is configured to accept the service's calls."
        return [Finding("warning", NOT_ASKED, said, Place(), remedy)]
