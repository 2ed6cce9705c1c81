"""What a change of files does that approvals guard: what environments deploy, deployments that go, and ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from scenedock.errors import NotAllowedError
from scenedock.model.approvals import ApprovalRules
from scenedock.releases.release import PairKey, Release
from scenedock.structs import dataclass, field

VERSIONS: Final = ("set-version", "promote-deployment", "roll-back-deployment")
RETIREMENTS: Final = ("retire-environment", "retire-deployment")
Ends: TypeAlias = Mapping[str, Mapping[str, str]]
"""Days by service and environment."""
ENDS: Final = ("extend-environment", "retire-environment")
_MOST_NAMED: Final = 5
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class GuardedChange:
    """Something that a change does to a deployment, and the actions whose approval it needs.

    They do the same and can ask for it, except what is `by_hand`: that only a pull request of a person can do.
    """

    environment: str | None
    what: str
    actions: tuple[str, ...]
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Deploys:
    """What files say that a deployment runs, besides its version.

    `values` are those that tell images, versions and sources, by their paths. `files` are those that aren't understood
    any further, by their paths from the folder of the deployment, and `documents` what orders it, by kind and name.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    documents: frozenset[tuple[str, str]] = frozenset()


def guarded_in(
    before: Mapping[PairKey, Release],
    after: Mapping[PairKey, Release],
    deploys: tuple[Mapping[PairKey, Deploys], Mapping[PairKey, Deploys]],
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
        elif key in deploys[0] and (what := difference(deploys[0][key], deploys[1].get(key, Deploys()))):
            said = f"it can't be shown that {was.pair} would deploy the same ({what})"
            yield GuardedChange(key[2], said, VERSIONS, by_hand=True)
    for service, days in ends[1].items():
        for environment, day in days.items():
            old = ends[0].get(service, {}).get(environment)
            if is_earlier(day, old):
                yield GuardedChange(environment, f"{service}/{environment} would end on {day}", ENDS)


def difference(before: Deploys, after: Deploys) -> str:
    """The first thing that isn't the same, in words; empty if all is.

    Documents beside those that order the deployment count only if they have the kind and name of one of these.
    """
    for path in sorted(before.values.keys() | after.values.keys()):
        was, now = before.values.get(path), after.values.get(path)
        if was != now:
            return f"{path}: {_short(was)} → {_short(now)}"
    for path in sorted(before.files.keys() | after.files.keys()):
        if before.files.get(path) != after.files.get(path):
            return f"{path} is changed"
    names = {name for name, _ in before.documents}
    if changed := before.documents ^ {each for each in after.documents if each[0] in names}:
        return f"{min(changed)[0]} is changed"
    return ""


def is_earlier(day: str, old: str | None) -> bool:
    """Whether an end is earlier than the one that was there; none is later than any."""
    return bool(day) and (not old or day < old)


def refuse_guarded(changes: Iterable[GuardedChange], rules: ApprovalRules) -> None:
    """Refuse what needs an approval, which only the actions made for it can ask for.

    Raises
    ------
    NotAllowedError   a rule is about one of the changes; the message names who may approve and what to do instead
    """
    found = []
    for each in changes:
        for action in each.actions:
            if wanted := rules.rules_for(action, [each.environment]):
                who = " and ".join(str(rule.approvers) for rule in wanted)
                instead = "open the pull request by hand" if each.by_hand else f"use `{action}`"
                found.append(f"{each.what}, which needs an approval by {who}: {instead}")
                break
    if found:
        more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise NotAllowedError(f"{'; '.join(found[:_MOST_NAMED])}{more}")


def _short(text: str | None) -> str:
    if text is None:
        return "nothing"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
