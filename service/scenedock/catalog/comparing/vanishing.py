"""The circuit breaker: for each repository, what would vanish from the last good catalog, and whether it may."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from math import inf
from typing import Literal, TypeAlias

from scenedock.catalog.comparing.memory import CatalogMemory, folder_of
from scenedock.catalog.comparing.renames import recognise_renames
from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.catalog.vocabulary.settings import VanishingLimit
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Place, Reason, Severity
from scenedock.structs import dataclass, field

Hold: TypeAlias = Literal[
    "repository-unreadable", "repository-unlisted", "entities-would-vanish", "vanishing-unconfirmed"
]
"""Why all of a repository's last good entities stay as they are."""

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a repository: why it can't be read, or else how much may vanish, and what can't be read in it.

    `unchanged` says for how many seconds its files are known to be the same. `unreadable` are folders; where there are
    any, `directories` are all that the repository has.
    """

    problem: str = ""
    limit: VanishingLimit = field(default_factory=VanishingLimit)
    unchanged: float = inf
    unreadable: frozenset[str] = frozenset()
    directories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one repository: why all of it is held, or else whose owners stay.

    `asks_for` is a digest of what somebody would have to allow, empty where nobody has to; `wait` are the seconds until
    a second look may decide.
    """

    hold: Hold | None = None
    owners_stay: frozenset[EntityRef] = frozenset()
    asks_for: str = ""
    wait: float | None = None
    findings: tuple[Finding, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Breaker:
    """Compares a memory with what repositories give now; `entities` are those of now.

    `allow` says how to allow what is refused, with `{repository}` for the name; if all is `allowed`, nothing is.
    """

    def __init__(self, memory: CatalogMemory, entities: Collection[Entity], allow: str, *, allowed: bool) -> None:
        self._accepted, self._allow, self._allowed = memory.accepted, allow, allowed
        self._now = {entity.ref: entity for entity in entities}
        before = {entity.ref for entity in memory.entities}
        gone = [entity for entity in memory.entities if entity.ref not in self._now]
        new = [entity for entity in entities if entity.ref not in before] if gone else []
        self._renamed = recognise_renames(gone, new)

    def decide(self, repository: str, before: Sequence[Entity], look: Look | None) -> Verdict:
        """Decide about a repository whose last good entities are `before`; without a look it isn't listed any more."""
        if look and look.problem:
            return _unreadable(repository, look.problem)
        lost = [each for each in before if each.ref not in self._now and not is_protected(each, look)]
        vanishing = [each for each in lost if each.ref not in self._renamed]
        unowned = [each for each in before if self._loses_owner(each)]
        asks_for = _digest(lost, unowned)
        if self._allowed or self._accepted.get(repository) == asks_for:
            return Verdict()
        share = f"{len(vanishing):,} of its {_counted(len(before), 'entity', 'entities')} would vanish"
        limit = look.limit if look else VanishingLimit()
        if look is None and vanishing:
            said = f"the repository isn't listed any more, and {share}"
            return self._held(repository, "repository-unlisted", asks_for, (said, vanishing))
        if _exceeds(len(vanishing), len(before), limit):
            renamed = (
                f" ({len(lost) - len(vanishing):,} others were only renamed)" if len(lost) > len(vanishing) else ""
            )
            return self._held(repository, "entities-would-vanish", asks_for, (f"{share}{renamed}", vanishing))
        if look and lost and look.unchanged < limit.second_look:
            said = f"{_counted(len(lost), 'entity', 'entities')} would vanish, which a second look must confirm"
            wait = limit.second_look - look.unchanged
            return self._held(repository, "vanishing-unconfirmed", asks_for, (said, lost), wait)
        if _exceeds(len(unowned), sum(map(_has_owner, before)), limit):
            said = f"{_counted(len(unowned), 'entity', 'entities')} would lose their owners"
            finding = self._finding(repository, "owners-would-vanish", (said, unowned), "their last owners stay")
            stay = frozenset(each.ref for each in unowned)
            return Verdict(None, stay, asks_for, None, (finding,), (Reason(repository, finding.code, said),))
        return Verdict()

    def _held(
        self,
        repository: str,
        hold: Hold,
        asks_for: str,
        what: tuple[str, Sequence[Entity]],
        wait: float | None = None,
    ) -> Verdict:
        finding = self._finding(repository, hold, what, "its last good entities stay")
        return Verdict(hold, frozenset(), asks_for, wait, (finding,), (Reason(repository, hold, what[0]),))

    def _finding(self, repository: str, code: str, what: tuple[str, Sequence[Entity]], outcome: str) -> Finding:
        said, entities = what
        named = ", ".join(entity.ref.short for entity in entities[:_NAMED])
        more = f" and {len(entities) - _NAMED:,} more" if len(entities) > _NAMED else ""
        fix = "Restore what named them, such as CODEOWNERS," if "owners" in code else "Fix the repository"
        remedy = f"{fix} or, if this is intended, {self._allow.format(repository=repository)}."
        severity: Severity = "warning" if code == "vanishing-unconfirmed" else "error"
        return Finding(severity, code, f"{said}: {named}{more}; {outcome}", Place(repository), remedy)

    def _loses_owner(self, before: Entity) -> bool:
        now = self._now.get(before.ref)
        return now is not None and _has_owner(before) and now.spec.get("owner") == UNKNOWN


def is_protected(entity: Entity, look: Look | None) -> bool:
    """Whether an entity that isn't there any more stays: something can't be read, and its folder isn't gone."""
    if look is None or not look.unreadable:
        return False
    folder = folder_of(entity)
    return not folder or folder in look.directories


def _unreadable(repository: str, problem: str) -> Verdict:
    said = f"can't be read, so its last good entities stay: {problem}"
    finding = Finding(
        "error", "repository-unreadable", said, Place(repository), "Fix the repository; until then nothing is lost."
    )
    return Verdict(
        "repository-unreadable", findings=(finding,), reasons=(Reason(repository, finding.code, "can't be read"),)
    )


def _exceeds(lost: int, total: int, limit: VanishingLimit) -> bool:
    """Whether too many are lost: more than the share and at least so many, or all."""
    return bool(lost) and (lost == total or (lost >= limit.at_least and lost > limit.share * total))


def _has_owner(entity: Entity) -> bool:
    return entity.spec.get("owner", UNKNOWN) != UNKNOWN


def _digest(*groups: Sequence[Entity]) -> str:
    said = "\n\n".join("\n".join(sorted(str(entity.ref) for entity in group)) for group in groups)
    return hashlib.sha256(said.encode()).hexdigest()


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
