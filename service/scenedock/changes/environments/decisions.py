"""The decisions: what becomes of each key of an environment in a new one, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from scenedock.changes.environments.entries import Entry
from scenedock.documents.scalars import Scalar
from scenedock.model.finding import Place
from scenedock.structs import dataclass

Outcome: TypeAlias = Literal["copied", "replaced", "left out", "asked"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("copied", "replaced", "left out", "asked")

DROPPED: Final = "whoever asked for it leaves it out"


class Verdict(NamedTuple):
    """What becomes of a value, why, and what it is then or probably is."""

    outcome: Outcome
    reason: str
    value: Scalar = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a key: `copied` as it is, `replaced`, `left out`, or `asked` of a person.

    `key` names it in answers, `place` is its line in the source. `new` is the value of the new environment, and of what
    is asked None until somebody answers; `suggestion` is what it probably is. A secret's value is in none of them.
    """

    outcome: Outcome
    key: str
    place: Place
    entry: Entry
    reason: str
    old: Scalar = None
    new: Scalar = None
    suggestion: Scalar = None
    is_answered: bool = False

    @classmethod
    def of(cls, entry: Entry, verdict: Verdict, place: Place) -> Decision:
        """A decision by a verdict; of what is left out, no value is kept."""
        key = f"{entry.path} (key)" if entry.is_key else entry.path or place.path
        outcome, reason, value = verdict
        if outcome == "left out":
            return cls(outcome, key, place, entry, reason)
        new, suggestion = (None, value) if outcome == "asked" else (value, None)
        return cls(outcome, key, place, entry, reason, entry.value, new, suggestion)

    @property
    def is_open(self) -> bool:
        """Whether a person still has to answer."""
        return self.outcome == "asked" and not self.is_answered

    @property
    def value(self) -> Scalar:
        """What the new environment gets; while nobody has answered, what is suggested, or there."""
        if self.is_open:
            return self.entry.value if self.suggestion is None else self.suggestion
        if self.outcome == "left out":
            return ""
        return self.entry.value if self.outcome == "copied" else self.new


def counted(decisions: Iterable[Decision]) -> Mapping[Outcome, int]:
    """How many keys have each outcome."""
    found = Counter(each.outcome for each in decisions)
    return {outcome: found[outcome] for outcome in OUTCOMES}
