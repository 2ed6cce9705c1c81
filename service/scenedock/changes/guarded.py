"""What a change of files does that approvals guard: the versions of environments, deployments that go, and ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from scenedock.errors import NotAllowedError
from scenedock.model.approvals import ApprovalRules
from scenedock.releases.release import PairKey, Release

VERSIONS: Final = ("set-version", "promote-deployment", "roll-back-deployment")
RETIREMENTS: Final = ("retire-environment", "retire-deployment")
Ends: TypeAlias = Mapping[str, Mapping[str, str]]
"""Days by service and environment."""
ENDS: Final = ("extend-environment", "retire-environment")
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class GuardedChange:
    """Something that a change does to a deployment, and the actions that do the same and can ask for an approval."""

    environment: str | None
    what: str
    actions: tuple[str, ...]


def guarded_in(
    before: Mapping[PairKey, Release],
    after: Mapping[PairKey, Release],
    ends: tuple[Ends, Ends],
) -> Iterator[GuardedChange]:
    """What differs between two states of the repositories; `ends` are those of the environments in both."""
    for key, was in before.items():
        now = after.get(key)
        if now is None:
            yield GuardedChange(key[2], f"{was.pair} would go", RETIREMENTS)
        elif now.version != was.version:
            versions = f"{was.version or 'an unknown version'} → {now.version or 'an unknown version'}"
            yield GuardedChange(key[2], f"the version of {was.pair} would change ({versions})", VERSIONS)
    for service, days in ends[1].items():
        for environment, day in days.items():
            old = ends[0].get(service, {}).get(environment)
            if is_earlier(day, old):
                yield GuardedChange(environment, f"{service}/{environment} would end on {day}", ENDS)


def is_earlier(day: str, old: str | None) -> bool:
    """Whether an end is earlier than the one that was there; none is later than any."""
    return bool(day) and (not old or day < old)


def refuse_guarded(changes: Iterable[GuardedChange], rules: ApprovalRules) -> None:
    """Refuse what needs an approval, which only the actions made for it can ask for.

    Raises
    ------
    NotAllowedError   a rule is about one of the changes; the message names who may approve and the action to use
    """
    found = []
    for each in changes:
        for action in each.actions:
            if wanted := rules.rules_for(action, [each.environment]):
                who = " and ".join(str(rule.approvers) for rule in wanted)
                found.append(f"{each.what}, which needs an approval by {who}: use `{action}`")
                break
    if found:
        more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise NotAllowedError(f"{'; '.join(found[:_MOST_NAMED])}{more}")
