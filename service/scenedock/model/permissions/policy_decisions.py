"""Decisions of Backstage's permission framework about actions, evaluated here as the scaffolder evaluates them.

Source of the rules: the scaffolder's `scaffolderActionRules`, and the permission framework's `PolicyDecision`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from scenedock.model.json import Json, JsonObject, as_object

_TYPES: Final = {
    "HAS_BOOLEAN_PROPERTY": (bool,),
    "HAS_NUMBER_PROPERTY": (int, float),
    "HAS_STRING_PROPERTY": (str,),
}


def is_allowed(decision: JsonObject, action_id: str, values: JsonObject | None) -> bool | None:
    """Whether a decision allows an action with an input; None if that depends on an input that isn't known (None).

    An unknown result, condition or rule is a denial, also inside a `not`.
    """
    match decision.get("result"):
        case "ALLOW":
            return True
        case "CONDITIONAL":
            try:
                return _holds(as_object(decision.get("conditions")), action_id, values)
            except _UnknownRuleError:
                return False
        case _:
            return False


class _UnknownRuleError(Exception):
    """A condition that this release can't evaluate."""


def _holds(condition: JsonObject, action_id: str, values: JsonObject | None) -> bool | None:
    match condition:
        case {"anyOf": [*parts]} if parts:
            return _any([_holds(as_object(part), action_id, values) for part in parts])
        case {"allOf": [*parts]} if parts:
            return _all([_holds(as_object(part), action_id, values) for part in parts])
        case {"not": part}:
            holds = _holds(as_object(part), action_id, values)
            return None if holds is None else not holds
        case {"rule": "HAS_ACTION_ID"}:
            return as_object(condition.get("params")).get("actionId") == action_id
        case {"rule": str(rule)} if rule in _TYPES:
            return _has_property(as_object(condition.get("params")), _TYPES[rule], values)
        case _:
            raise _UnknownRuleError


def _any(parts: Iterable[bool | None]) -> bool | None:
    results = set(parts)
    return True if True in results else (None if None in results else False)


def _all(parts: Iterable[bool | None]) -> bool | None:
    results = set(parts)
    return False if False in results else (None if None in results else True)


def _has_property(params: JsonObject, types: tuple[type, ...], values: JsonObject | None) -> bool | None:
    if values is None:
        return None
    value = _property(values, str(params.get("key", "")))
    if not _is(value, types):
        return False
    return "value" not in params or (_is(params["value"], types) and params["value"] == value)


def _is(value: Json, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _property(values: Json, path: str) -> Json:
    """The value at a path such as `answers.ports[0]`; None if there is none."""
    for key in re.findall(r"[^.\[\]]+", path):
        if isinstance(values, list):
            values = values[int(key)] if key.isdecimal() and int(key) < len(values) else None
        else:
            values = as_object(values).get(key)
    return values
