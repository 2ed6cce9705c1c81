"""Run an action for a caller: the one way that every door uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from scenedock.errors import NotAllowedError, NotFoundError
from scenedock.model.action import Action, Caller, Context
from scenedock.model.json import JsonObject

E = TypeVar("E")


def actions_for(actions: Mapping[str, Action[E]], caller: Caller) -> Sequence[Action[E]]:
    """The actions that a caller may run, by name."""
    return [actions[name] for name in sorted(actions) if not actions[name].refused_to(caller)]


def find_action(actions: Mapping[str, Action[E]], name: str, caller: Caller) -> Action[E]:
    """An action by its name, for a caller that is going to run it.

    Raises
    ------
    NotFoundError     there is no such action
    NotAllowedError   the caller may not run it
    """
    if name not in actions:
        names = ", ".join(each.name for each in actions_for(actions, caller)) or "none"
        raise NotFoundError(f"there is no action {name!r}; the actions are: {names}")
    action = actions[name]
    if refused := action.refused_to(caller):
        raise NotAllowedError(refused)
    return action


def run_action(action: Action[E], context: Context[E], values: JsonObject) -> JsonObject:
    """Run an action to its end.

    Raises
    ------
    NotAllowedError   the caller may not run it
    InputError        the input is invalid
    ScenedockError    any error of the action
    """
    if refused := action.refused_to(context.caller):
        raise NotAllowedError(refused)
    return action.run(context, values)
