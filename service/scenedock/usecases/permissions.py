"""Who may run which action: the one decision that every door asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from scenedock.errors import NotAllowedError
from scenedock.model.action import Action, Caller
from scenedock.model.json import Json, JsonObject
from scenedock.model.permissions.action_rules import ActionRules
from scenedock.model.permissions.policy_decisions import is_allowed
from scenedock.structs import dataclass, field

if TYPE_CHECKING:  # its import loads the libraries for HTTP and tokens
    from scenedock.effects.backstage.permission_policy import PermissionPolicy

_audit: Final = logging.getLogger("scenedock.audit")

E = TypeVar("E")
Permit: TypeAlias = Callable[[Action[Any], JsonObject | None, JsonObject], None]
"""Raises NotAllowedError if the caller may not run an action with this input (None: it isn't known yet).

The other input is the same as it is written, with its references.
"""


def _no_groups(_user: str) -> Collection[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Permissions:
    """The scope and the actions of a caller, then the rules of the settings, then Backstage's policy, if it is asked.

    `groups` are those of a user, as Backstage's catalog has them; who signs people in may know better. All of them must
    allow an action.
    """

    rules: ActionRules = field(default_factory=ActionRules)
    groups: Callable[[str], Collection[str]] = _no_groups
    policy: PermissionPolicy | None = None

    def listed(self, actions: Iterable[Action[E]], caller: Caller) -> Sequence[Action[E]]:
        """The actions that a caller may run with some input, by name.

        Raises
        ------
        TemporaryError   Backstage must be asked and can't
        """
        allowed = [each for each in actions if not self._refusal(each, caller)]
        decision = self._decision(caller, fresh=False) if allowed else None
        if decision is not None:
            allowed = [each for each in allowed if is_allowed(decision, each.id, None) is not False]
        return sorted(allowed, key=lambda each: each.name)

    def check(
        self,
        caller: Caller,
        request_id: str,
        action: Action[Any],
        values: JsonObject | None,
        written: JsonObject | None = None,
    ) -> None:
        """Refuse an action with an input (None: it isn't known yet) that the caller may not run.

        What is refused is logged, and which right the caller uses besides, with the reason that the input gives. An
        input that isn't known yet needs the rights of what is `written`, whatever its references turn out to be.

        Raises
        ------
        NotAllowedError   the caller may not run it
        TemporaryError    Backstage must be asked and can't
        """
        asked = written if values is None else values
        given = values or written or {}
        needed = {name: right for name, right in action.rights.items() if given.get(name)}
        refused = self._refusal(action, caller, asked) or self._right_refusal(action, caller, needed.values(), asked)
        refused = refused or self._policy_refusal(action, caller, values)
        facts: dict[str, Json] = {
            "caller": caller.subject,
            "user": caller.user,
            "action": action.id,
            "request_id": request_id,
        }
        if refused:
            _audit.warning(
                "%s was denied %s: %s",
                caller.name,
                action.id,
                refused,
                extra={"facts": {**facts, "outcome": "denied", "message": refused}},
            )
            raise NotAllowedError(refused)
        for name, right in needed.items():
            reason = given[name]
            facts = {**facts, "outcome": "allowed", "right": right, "message": reason}
            _audit.info("%s uses %s: %s", caller.name, right, reason, extra={"facts": facts})

    def _refusal(self, action: Action[Any], caller: Caller, asked: JsonObject | None = None) -> str:
        return action.refused_to(caller) or self.rules.refusal(action, caller, lambda: self.groups_of(caller), asked)

    def _right_refusal(
        self, action: Action[Any], caller: Caller, needed: Iterable[str], asked: JsonObject | None
    ) -> str:
        refusals = (
            self.rules.refusal_of_right(right, action, caller, lambda: self.groups_of(caller), asked)
            for right in needed
        )
        return next(filter(None, refusals), "")

    def groups_of(self, caller: Caller) -> Collection[str]:
        """The groups of the caller's user, as who signed them in knows them, else Backstage's catalog.

        Raises
        ------
        TemporaryError   the catalog can't be asked
        """
        if caller.groups is not None:
            return caller.groups
        return self.groups(caller.user) if caller.user else ()

    def _decision(self, caller: Caller, *, fresh: bool) -> JsonObject | None:
        """The policy's decision about the caller's user; None if there is nobody to ask about, or nobody to ask."""
        if self.policy is None or not caller.user_token:
            return None
        return self.policy.decision(caller.user_token, fresh=fresh)

    def _policy_refusal(self, action: Action[Any], caller: Caller, values: JsonObject | None) -> str:
        decision = self._decision(caller, fresh=True)
        if decision is None:
            return ""
        match is_allowed(decision, action.id, values):
            case True:
                return ""
            case False:
                return f"{action.id} is denied to {caller.name} by Backstage's permission policy"
            case None:
                return (
                    f"Backstage's permission policy decides about {action.id} by its input, which must therefore have "
                    "no references to other steps"
                )
