"""Run an action for a caller: the one way that every door uses."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from scenedock.errors import NotAllowedError, NotFoundError, TemporaryError
from scenedock.model.action import Action, Context
from scenedock.model.json import JsonObject

E = TypeVar("E")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def find_action(actions: Mapping[str, Action[E]], name: str, listed: Callable[[], Iterable[Action[E]]]) -> Action[E]:
    """An action by its name. `listed` are those that the message of an error may name.

    Raises
    ------
    NotFoundError   there is no such action
    """
    if name not in actions:
        names = ", ".join(sorted(each.name for each in listed())) or "none"
        raise NotFoundError(f"there is no action {name!r}; the actions are: {names}")
    return actions[name]


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
