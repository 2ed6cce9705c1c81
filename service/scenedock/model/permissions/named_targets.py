"""Which services and environments an input of an action names: what rules can limit a caller to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from scenedock.model.action import Action
from scenedock.model.entity import service_name
from scenedock.model.json import JsonObject, as_text

TARGETS: Final[Mapping[str, Collection[str]]] = {
    "services": ("service", "services"),
    "environments": ("environment", "environments", "toEnvironment"),
}
"""The input fields that name what an action changes, by what a rule calls that."""
_WIDENING: Final = ("allowSharedLine", "path", "namespace")
"""With one of these inputs, a change may go to environments and services that the input doesn't name."""
_REFERENCE: Final = "${{"
"""What is in a value that is known only when the step runs."""


def has_target(action: Action[Any], target: str) -> bool:
    """Whether rules can limit an action by `services` or `environments`: it changes something, and its input names it.

    What only reads isn't limited: other actions would show the same.
    """
    fields = {each.alias or name for name, each in action.input.model_fields.items()}
    return not action.attributes.read_only and not fields.isdisjoint(TARGETS[target])


def names_in(given: JsonObject, target: str) -> tuple[str, ...]:
    """The `services` or `environments` that an input names; none if it names none, or they aren't known yet."""
    values = [given[key] for key in TARGETS[target] if given.get(key)]
    names = [name for value in values for name in (value if isinstance(value, list) else [value])]
    is_known = all(isinstance(name, str) and name and _REFERENCE not in name for name in names)
    if not is_known or any(given.get(each) for each in _WIDENING):
        return ()
    return tuple(service_name(as_text(name)) if target == "services" else as_text(name) for name in names)


def is_named(name: str, patterns: Collection[str]) -> bool:
    """Whether a name is one of these, or matches a glob among them (`*`, `?`, `[…]`)."""
    return name in patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
