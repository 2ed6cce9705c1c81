"""Approvals: what somebody else must agree to before a step of a task goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Literal, TypeAlias

from scenedock.errors import ConflictError
from scenedock.model.action import Caller
from scenedock.model.json import JsonObject
from scenedock.model.permissions.named_targets import is_named
from scenedock.structs import dataclass, field

ApprovalState: TypeAlias = Literal["open", "approved", "refused", "ended"]
"""`ended`: its time is over, something else is asked instead, or the task has ended."""

DEFAULT_HOURS: Final = 168
MOST_HOURS: Final = 2_160
LONGEST_COMMENT: Final = 1_000
"""Of who decides: this many characters."""
_REMINDER_MILLISECONDS: Final = 86_400_000
_HOUR_MILLISECONDS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who may approve: these users, and the members of these groups (entity references in lower case).

    Without any, whoever may run actions. Who asked may not, unless `asker` is set.
    """

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    asker: bool = False

    def __str__(self) -> str:
        named = ", ".join((*sorted(self.users), *sorted(self.groups)))
        return named or ("anybody who may run actions" if self.asker else "anybody else who may run actions")

    def include(self, caller: Caller, groups: Callable[[], Collection[str]]) -> bool:
        """Whether they include the caller, whoever asked; `groups` are those of its user, asked only if needed.

        The command line is always one: whoever runs the service could change who is.
        """
        if caller.kind == "local":
            return caller.may("admin")
        if not caller.may("run"):
            return False
        if not self.users and not self.groups:
            return caller.user is not None or caller.kind == "token"  # a plugin alone is nobody
        user = (caller.user or "").lower()
        return bool(user) and (user in self.users or (bool(self.groups) and not self.groups.isdisjoint(groups())))


@dataclass(frozen=True, slots=True)
class ApprovalSubject:
    """What a step wants to do: `what` in one line, `summary` in Markdown.

    `content` identifies it: if it differs later, what was approved is something else, and is asked again. It must not
    depend on the time. `facts` are what the step wants to know when it is tried again after its change was made: then
    nothing is there any more that would tell it.
    """

    what: str
    summary: str
    content: str
    facts: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What a step of an action asks for; after `hours` without a decision the request ends."""

    action: str
    subject: ApprovalSubject
    approvers: Approvers
    asked_by: str
    hours: int = DEFAULT_HOURS

    @property
    def what(self) -> str:
        """What it is about, in one line."""
        return self.subject.what

    @property
    def fingerprint(self) -> str:
        """The digest of what is asked of whom."""
        who = self.approvers
        parts = (self.action, self.subject.content, *sorted(who.users), "", *sorted(who.groups), str(who.asker))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved, when (milliseconds since 1970), and what they said of it."""

    by: str
    at: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class StepKey:
    """The step of a task that asks, in one attempt of the task."""

    task_id: str
    step_id: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """A request as it is stored; times are milliseconds since 1970.

    `told` counts how often those who may approve were told: the second time is the reminder. `decided_by`, `decided_at`
    and `comment` are of the approval or refusal.
    """

    id: str
    key: StepKey
    request: ApprovalRequest
    asked_at: int
    state: ApprovalState = "open"
    told: int = 0
    decided_by: str | None = None
    decided_at: int | None = None
    comment: str = ""

    @property
    def event(self) -> str:
        """What the task waits for."""
        return f"approval:{self.id}"

    @property
    def until(self) -> int:
        """When the request ends."""
        return self.asked_at + self.request.hours * _HOUR_MILLISECONDS

    @property
    def remind_at(self) -> int:
        """When those who may approve are reminded: after a day, or half of the time if that is shorter."""
        return self.asked_at + min(_REMINDER_MILLISECONDS, self.request.hours * _HOUR_MILLISECONDS // 2)

    @property
    def approval(self) -> Approval:
        """The approval, if it has been given."""
        return Approval(self.decided_by or "", self.decided_at or 0, self.comment)

    def refusal_of(self, caller: Caller, groups: Callable[[], Collection[str]]) -> str:
        """Why a caller may not decide; empty if it may."""
        who = self.request.approvers
        if not who.asker and caller.name.lower() == self.request.asked_by.lower():
            return f"{caller.name} asked for this, so somebody else must decide; to withdraw it, cancel the task"
        if not who.include(caller, groups):
            return f"{caller.name} may not decide about this; who may: {who}"
        return ""

    def is_visible_to(self, caller: Caller, groups: Callable[[], Collection[str]]) -> bool:
        """Whether a caller may see it: who asked, who may decide, and administrators."""
        asked = caller.name.lower() == self.request.asked_by.lower()
        return asked or caller.may("admin") or self.request.approvers.include(caller, groups)


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Which of the `actions` need an approval in which `environments`, by whom, and for how long.

    The environments are names or globs; without any, it is about all.
    """

    actions: frozenset[str]
    environments: frozenset[str]
    approvers: Approvers
    hours: int = DEFAULT_HOURS

    def is_about(self, environment: str | None) -> bool:
        """Whether it is about an environment; one without a name is in no list."""
        return not self.environments or (environment is not None and is_named(environment, self.environments))


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """Rules in their order: for each environment, the first that is about it and the action counts."""

    rules: tuple[ApprovalRule, ...] = field(default=())

    @property
    def fingerprint(self) -> str:
        """What tells these rules from others, in any process; empty if there are none."""
        said = [
            "|".join(
                [
                    *(",".join(sorted(each)) for each in (rule.actions, rule.environments)),
                    *(",".join(sorted(each)) for each in (rule.approvers.users, rule.approvers.groups)),
                    f"{rule.approvers.asker} {rule.hours}",
                ]
            )
            for rule in self.rules
        ]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16] if said else ""

    def rules_for(self, action: str, environments: Iterable[str | None]) -> tuple[ApprovalRule, ...]:
        """The rules for an action that changes some environments, one for each that needs an approval.

        An environment without a name matches only rules about all.
        """
        about = [rule for rule in self.rules if action in rule.actions]
        found = (
            next((rule for rule in about if rule.is_about(environment)), None)
            for environment in set(environments) or {None}
        )
        wanted = {rule for rule in found if rule}
        return tuple(rule for rule in about if rule in wanted)

    def rule_for(self, action: str, environments: Iterable[str | None]) -> ApprovalRule | None:
        """One rule that satisfies those of all environments; None if none needs an approval.

        Raises
        ------
        ConflictError   they name nobody in common
        """
        rules = self.rules_for(action, environments)
        return _strictest(rules) if rules else None


def _strictest(rules: Sequence[ApprovalRule]) -> ApprovalRule:
    """Whom all of the rules name, and the shortest time."""
    users = frozenset.intersection(*(rule.approvers.users for rule in rules))
    groups = frozenset.intersection(*(rule.approvers.groups for rule in rules))
    if len(rules) > 1 and not users and not groups:
        asked = " and ".join(
            f"{', '.join(sorted(rule.environments)) or 'others'} by {rule.approvers}" for rule in rules
        )
        raise ConflictError(
            f"this changes environments whose approvals nobody can give together: {asked}; change them separately, or "
            "name a user or group in all of these rules"
        )
    return ApprovalRule(
        actions=frozenset.intersection(*(rule.actions for rule in rules)),
        environments=frozenset.union(*(rule.environments for rule in rules)),
        approvers=Approvers(users, groups, asker=all(rule.approvers.asker for rule in rules)),
        hours=min(rule.hours for rule in rules),
    )
