"""Run an action for a caller: the one way that every door uses."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from scenedock.errors import NotAllowedError, NotFoundError, TemporaryError
from scenedock.model.action import Action, Caller, Context
from scenedock.model.json import JsonObject

E = TypeVar("E")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


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


def perform(action: Action[E], context: Context[E], values: JsonObject) -> JsonObject:
    """Run an action for a caller who may run it.

    Raises
    ------
    TemporaryError   the disk is full
    ScenedockError   any error of the action
    """
    try:
        return action.run(context, values)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        where = f"{error.filename}: " if error.filename else ""
        raise TemporaryError(f"{where}the disk is full; free some space, then try again", retry_after=60) from error


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
    return perform(action, context, values)
