"""The list of rules about who may run which actions, and which of these need an approval: a YAML file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from scenedock.documents.configuration import read_configuration
from scenedock.documents.problems import DocumentProblem
from scenedock.model.approvals import DEFAULT_HOURS, MOST_HOURS, ApprovalRule, ApprovalRules, Approvers
from scenedock.model.entity import EntityRef
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.model.permissions.action_rules import ActionRule, ActionRules
from scenedock.model.schemas import list_of_names

ALL: Final = "*"
_KINDS: Final[Mapping[str, str]] = {"users": "user", "groups": "group"}


_names: Final = partial(list_of_names, unless="the rule is about all")
SCHEMA: Final[JsonObject] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["rules"],
    "properties": {
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "oneOf": [{"required": ["allow"]}, {"required": ["deny"]}],
                "oneOfErrorMessage": "must have either `allow` or `deny`",
                "properties": {
                    "allow": _names("Names of the actions that may be run; `*`: all"),
                    "deny": _names("Names of the actions that may not be run; `*`: all"),
                    "plugins": _names(
                        "Plugins of Backstage that call, such as `mcp-actions`, and `pages`, the service's own; by "
                        "default every caller"
                    ),
                    "users": _names("Users on whose behalf a plugin calls, or who are signed in: `user:default/jane`"),
                    "groups": _names("Groups of these users, also those above them, such as `group:default/platform`"),
                    "tokens": _names("Names of static tokens"),
                    "services": _names(
                        "Services that an input may name, or may not: names or globs (`billing-*`); by default all"
                    ),
                    "environments": _names("The same for environments"),
                },
            },
        },
        "approvals": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["actions"],
                "anyOf": [{"required": ["users"]}, {"required": ["groups"]}],
                "anyOfErrorMessage": "must have `users`, `groups` or both: who may approve",
                "properties": {
                    "actions": _names("Names of the actions that need an approval"),
                    "environments": _names("Environments in which they need it, names or globs; by default all"),
                    "users": _names("Users who may approve: `user:default/jane`"),
                    "groups": _names("Groups whose members may approve, also those below them"),
                    "asker": {"type": "boolean", "description": "Whether who asked may approve, too; by default not"},
                    "hours": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": MOST_HOURS,
                        "description": f"Hours after which a request ends; by default {DEFAULT_HOURS}",
                    },
                },
            },
        },
    },
}
"""The schema of the list; the first rule that matches decides."""


def read_rules(
    data: bytes,
    label: str,
    *,
    actions: Collection[str],
    plugins: Collection[str],
    tokens: Collection[str],
    limited: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> ActionRules:
    """The rules in a YAML file; what they name must be one of these actions, plugins and tokens.

    `limited` are those actions that a rule can limit by `services` and by `environments`.

    Raises
    ------
    InputError   one or more rules are invalid; the message names each with its line
    """
    known = {"allow": {ALL, *actions}, "deny": {ALL, *actions}, "plugins": plugins, "tokens": tokens}
    listed = read_configuration(data, label, schema=SCHEMA, rules=lambda value: _problems(value, known, limited))
    return ActionRules(tuple(_rule(as_object(entry)) for entry in as_list(listed.value["rules"])))


def read_approval_rules(data: bytes, label: str, *, actions: Collection[str]) -> ApprovalRules:
    """The rules in the same file about approvals; these actions can ask for one.

    Raises
    ------
    InputError   one or more rules are invalid; the message names each with its line
    """
    listed = read_configuration(data, label, schema=SCHEMA, rules=lambda value: _approval_problems(value, actions))
    return ApprovalRules(tuple(_approval_rule(as_object(entry)) for entry in as_list(listed.value.get("approvals"))))


def _approval_problems(value: JsonObject, actions: Collection[str]) -> Iterator[DocumentProblem]:
    known = {"actions": actions}
    for number, entry in enumerate(as_list(value.get("approvals"))):
        for key in ("actions", *_KINDS):
            for index, name in enumerate(as_list(as_object(entry).get(key))):
                if isinstance(name, str) and (problem := _problem(key, name, known.get(key))):
                    yield DocumentProblem(("approvals", number, key, index), problem)


def _problems(
    value: JsonObject, known: Mapping[str, Collection[str]], limited: Mapping[str, Collection[str]]
) -> Iterator[DocumentProblem]:
    for number, entry in enumerate(as_list(value.get("rules"))):
        if "tokens" in as_object(entry) and not {"plugins", "users", "groups"}.isdisjoint(as_object(entry)):
            yield DocumentProblem(
                ("rules", number, "tokens"), "must be in a rule of its own: no plugin calls with a static token"
            )
        for key, names in as_object(entry).items():
            for index, name in enumerate(as_list(names)):
                if isinstance(name, str) and (problem := _problem(key, name, known.get(key))):
                    yield DocumentProblem(("rules", number, key, index), problem)
                elif isinstance(name, str) and key == "services" and not {":", "/"}.isdisjoint(name):
                    said = "must be the name of a service, or a glob, without a kind and a namespace"
                    yield DocumentProblem(("rules", number, key, index), said)
                elif isinstance(name, str) and key in {"allow", "deny"}:
                    targets = [each for each in limited if each in as_object(entry) and name not in limited[each]]
                    for target in targets:
                        said = f"has no input that names {target}; a rule with `{target}` can be about"
                        others = ", ".join(sorted(limited[target]))
                        yield DocumentProblem(("rules", number, key, index), f"{said} {others}")


def _problem(key: str, name: str, known: Collection[str] | None) -> str:
    if key in _KINDS:
        try:
            kind = EntityRef.parse(name, default_kind=_KINDS[key]).kind
        except ValueError:
            kind = ""
        return "" if kind == _KINDS[key] else f"must be the reference to a {_KINDS[key]}, `{_KINDS[key]}:default/NAME`"
    if known is not None and name not in known:
        return f"isn't known here; there are: {', '.join(sorted(known)) or 'none'}"
    return ""


def _rule(entry: JsonObject) -> ActionRule:
    names = _texts(entry.get("allow", entry.get("deny")))
    return ActionRule(
        allows="allow" in entry,
        actions=None if ALL in names else names,
        plugins=_texts(entry.get("plugins")),
        users=_references(entry, "users"),
        groups=_references(entry, "groups"),
        tokens=_texts(entry.get("tokens")),
        services=_texts(entry.get("services")),
        environments=_texts(entry.get("environments")),
    )


def _approval_rule(entry: JsonObject) -> ApprovalRule:
    hours = entry.get("hours", DEFAULT_HOURS)
    return ApprovalRule(
        actions=_texts(entry.get("actions")),
        environments=_texts(entry.get("environments")),
        approvers=Approvers(
            _references(entry, "users"), _references(entry, "groups"), asker=entry.get("asker") is True
        ),
        hours=hours if isinstance(hours, int) else DEFAULT_HOURS,
    )


def _texts(names: Json) -> frozenset[str]:
    return frozenset(map(as_text, as_list(names)))


def _references(entry: JsonObject, key: str) -> frozenset[str]:
    return frozenset(str(EntityRef.parse(name, default_kind=_KINDS[key])) for name in _texts(entry.get(key)))
