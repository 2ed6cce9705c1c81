"""Rules about who may run which actions, for callers from outside: plugins and users of Backstage, people, tokens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from scenedock.model.action import Action, Caller
from scenedock.model.json import JsonObject
from scenedock.model.permissions.named_targets import is_named, names_in
from scenedock.structs import dataclass, replace

SCAFFOLDER: Final = "scaffolder"
"""The one plugin whose callers may change something without a rule: it asks Backstage's policy before each step."""


@dataclass(frozen=True, slots=True)
class ActionRule:
    """One rule: it allows or denies `actions` (names; None: all) to the callers that it matches.

    Each set that isn't empty must contain what it names of the caller: its plugin, its user, one of the user's groups
    (entity references in lower case), its token. A rule without any of them matches every caller.

    With `services` or `environments` (names or globs) it is about inputs: it allows only those that name nothing else,
    and denies those that name one of them, or that may, because they name none.
    """

    allows: bool
    actions: frozenset[str] | None
    plugins: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()

    @property
    def limits(self) -> str:
        """The services and environments that it is about, in words; empty if it is about all."""
        limits = {"services": self.services, "environments": self.environments}
        return " and ".join(f"{key} {', '.join(sorted(names))}" for key, names in limits.items() if names)

    def matches(
        self,
        action: Action[Any],
        caller: Caller,
        groups: Callable[[], Collection[str]],
        given: JsonObject | None = None,
    ) -> bool:
        """Whether the rule is about this action and this caller; `groups` are those of its user, asked only if needed.

        `given` is the input; None asks about any input, so that it is refused only what it may not run at all.

        What a plugin other than the scaffolder would change is opened only by a rule that names the plugin: a rule for
        a team must not open MCP by accident.
        """
        if self.actions is not None and action.name not in self.actions:
            return False
        if self.allows and not self.plugins and _needs_its_plugin_named(action, caller):
            return False
        if not (
            self._covers(self.services, "services", given) and self._covers(self.environments, "environments", given)
        ):
            return False
        return (
            (not self.plugins or caller.plugin in self.plugins)
            and (not self.tokens or caller.token in self.tokens)
            and (not self.users or caller.user in self.users)
            and (not self.groups or (caller.user is not None and not self.groups.isdisjoint(groups())))
        )

    def _covers(self, patterns: Collection[str], target: str, given: JsonObject | None) -> bool:
        if not patterns:
            return True
        if given is None:
            return self.allows
        names = names_in(given, target)
        if self.allows:
            return bool(names) and all(is_named(name, patterns) for name in names)
        return not names or any(is_named(name, patterns) for name in names)


@dataclass(frozen=True, slots=True)
class ActionRules:
    """Rules in their order: the first that matches decides.

    If none does, a plugin other than the scaffolder may run only what is read-only, and all others whatever their scope
    covers.
    """

    rules: tuple[ActionRule, ...] = ()

    def refusal(
        self,
        action: Action[Any],
        caller: Caller,
        groups: Callable[[], Collection[str]],
        given: JsonObject | None = None,
    ) -> str:
        """Why a caller may not run an action with an input (None: with any); empty if it may.

        Callers of this machine, the command line and schedules, have no rules.
        """
        if caller.kind == "local":
            return ""
        limited: list[str] = []
        for number, rule in enumerate(self.rules, 1):
            if rule.matches(action, caller, groups, given):
                denied = f"{action.id} is denied to {caller.name} by rule {number} of the settings"
                return "" if rule.allows else "; ".join([denied, *limited])
            if rule.allows and rule.limits and rule.matches(action, caller, groups):
                limited.append(f"rule {number} allows it for {rule.limits} alone")
        if _needs_its_plugin_named(action, caller):
            return (
                f"{action.id} changes something, so it is closed to {caller.subject} unless a rule of the settings "
                "(SCENEDOCK_RULES) opens it; in a Template it can be run"
            )
        return ""

    def refusal_of_right(
        self,
        right: str,
        action: Action[Any],
        caller: Caller,
        groups: Callable[[], Collection[str]],
        given: JsonObject | None = None,
    ) -> str:
        """Why a caller doesn't have what an action needs besides for its input; empty if it does.

        A rule must name the right: neither a scope nor `*` gives it.
        """
        if caller.kind == "local":
            return ""
        asked = replace(action, name=right)
        for number, rule in enumerate(self.rules, 1):
            if (rule.actions or not rule.allows) and rule.matches(asked, caller, groups, given):
                return "" if rule.allows else f"`{right}` is denied to {caller.name} by rule {number} of the settings"
        return (
            f"{action.id} needs `{right}` for this, and no rule of the settings (SCENEDOCK_RULES) allows it to "
            f"{caller.name}"
        )


def _needs_its_plugin_named(action: Action[Any], caller: Caller) -> bool:
    return not action.attributes.read_only and caller.plugin not in {"", SCAFFOLDER}
