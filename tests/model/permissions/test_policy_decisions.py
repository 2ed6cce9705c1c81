"""Decisions of Backstage's permission framework, as the scaffolder understands them."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.model.json import JsonObject
from scenedock.model.permissions.policy_decisions import is_allowed

PROPOSE = "scenedock:propose-change"
INPUT: JsonObject = {
    "repository": "acme/apps",
    "labels": ["a", "b"],
    "draft": True,
    "change": {"ports": [8080]},
    "none": None,
}


def rule(name: str, **params: Any) -> dict[str, Any]:
    return {"rule": name, "resourceType": "scaffolder-action", "params": params}


ID, OTHER = rule("HAS_ACTION_ID", actionId=PROPOSE), rule("HAS_ACTION_ID", actionId="scenedock:commit-change")
APPS = rule("HAS_STRING_PROPERTY", key="repository", value="acme/apps")
SHOPS = rule("HAS_STRING_PROPERTY", key="repository", value="acme/shops")
UNKNOWN = rule("HAS_COLOUR", colour="red")


def conditional(conditions: Any) -> dict[str, Any]:
    return {"result": "CONDITIONAL", "pluginId": "scaffolder", "conditions": conditions}


@pytest.mark.parametrize(
    ("decision", "allowed"),
    [
        ({"result": "ALLOW"}, True),
        ({"result": "DENY"}, False),
        ({"result": "PERHAPS"}, False),
        ({}, False),
        (conditional({}), False),
        (conditional(None), False),
    ],
)
def test_whatever_is_not_an_allowance_is_a_denial(decision: dict[str, Any], *, allowed: bool) -> None:
    assert is_allowed(decision, PROPOSE, INPUT) is allowed


@pytest.mark.parametrize(
    ("conditions", "allowed", "unseen"),
    [
        (ID, True, True),
        (OTHER, False, False),
        ({"not": OTHER}, True, True),
        ({"not": ID}, False, False),
        ({"anyOf": [OTHER, ID]}, True, True),
        ({"anyOf": [OTHER]}, False, False),
        ({"allOf": [ID, {"not": OTHER}]}, True, True),
        ({"allOf": [ID, OTHER]}, False, False),
        (APPS, True, None),
        (SHOPS, False, None),
        ({"not": SHOPS}, True, None),
        ({"anyOf": [ID, SHOPS]}, True, True),
        ({"anyOf": [OTHER, APPS]}, True, None),
        ({"allOf": [OTHER, APPS]}, False, False),
        ({"allOf": [ID, APPS]}, True, None),
        ({"anyOf": []}, False, False),
        ({"allOf": []}, False, False),
        (UNKNOWN, False, False),
        ({"not": UNKNOWN}, False, False),
        ({"anyOf": [ID, {"not": {"allOf": [UNKNOWN]}}]}, False, False),
        ({"noneOf": [OTHER]}, False, False),
    ],
)
def test_conditions_are_evaluated_and_what_is_unknown_is_a_denial(
    conditions: Any, *, allowed: bool, unseen: bool | None
) -> None:
    assert is_allowed(conditional(conditions), PROPOSE, INPUT) is allowed
    assert is_allowed(conditional(conditions), PROPOSE, None) is unseen


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (rule("HAS_STRING_PROPERTY", key="repository"), True),
        (rule("HAS_STRING_PROPERTY", key="title"), False),
        (rule("HAS_STRING_PROPERTY", key="none"), False),
        (rule("HAS_STRING_PROPERTY", key="draft"), False),
        (rule("HAS_STRING_PROPERTY", key="repository", value=5), False),
        (rule("HAS_STRING_PROPERTY", key="labels[1]", value="b"), True),
        (rule("HAS_STRING_PROPERTY", key="labels[2]"), False),
        (rule("HAS_STRING_PROPERTY", key="labels.x"), False),
        (rule("HAS_BOOLEAN_PROPERTY", key="draft", value=True), True),
        (rule("HAS_BOOLEAN_PROPERTY", key="draft", value=False), False),
        (rule("HAS_BOOLEAN_PROPERTY", key="change.ports[0]"), False),
        (rule("HAS_NUMBER_PROPERTY", key="change.ports[0]", value=8080), True),
        (rule("HAS_NUMBER_PROPERTY", key="change.ports[0]", value=1), False),
        (rule("HAS_NUMBER_PROPERTY", key="draft"), False),
        (rule("HAS_NUMBER_PROPERTY", key="change.ports"), False),
        (rule("HAS_NUMBER_PROPERTY"), False),
    ],
)
def test_a_property_has_its_type_and_value(condition: Any, *, holds: bool) -> None:
    assert is_allowed(conditional(condition), PROPOSE, INPUT) is holds
