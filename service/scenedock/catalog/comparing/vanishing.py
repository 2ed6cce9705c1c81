"""Nothing disappears by accident: a catalog that lost too many entities is refused, and the last good one stays."""

from __future__ import annotations

from scenedock.catalog.comparing.changes import Changes
from scenedock.catalog.vocabulary.settings import VanishingLimit
from scenedock.errors import ConflictError

_NAMED = 5


def refuse_vanishing(changes: Changes, previous: int, limit: VanishingLimit, where: str) -> None:
    """Let changes pass, or refuse them; `previous` is how many entities the last result, `where`, has.

    Renamed entities have not vanished.

    Raises
    ------
    ConflictError   too much would vanish
    """
    gone = len(changes.removed)
    if gone < limit.at_least or gone <= limit.share * previous:
        return
    named = ", ".join(entity.ref.short for entity in changes.removed[:_NAMED])
    more = f" and {gone - _NAMED:,} more" if gone > _NAMED else ""
    renamed = f" ({len(changes.renamed):,} others were only renamed)" if changes.renamed else ""
    raise ConflictError(
        f"{where}: {gone:,} of its {previous:,} entities would vanish: {named}{more}{renamed}. Nothing was written. "
        "If this is intended, run again with --allow-deletions; the limit is `vanishing` in scenedock.yaml."
    )
