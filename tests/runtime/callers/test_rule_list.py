"""The file of rules: all that is wrong is reported at once, each with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from scenedock.actions import ACTIONS
from scenedock.errors import ConflictError, InputError
from scenedock.model.action import Caller
from scenedock.model.approvals import ApprovalRule, Approvers
from scenedock.model.json import JsonObject
from scenedock.model.permissions.action_rules import ActionRule
from scenedock.runtime.callers.rule_list import read_approval_rules, read_rules

DOCS = Path(__file__).parents[3] / "docs" / "rules.md"
KNOWN: dict[str, Any] = {"actions": ("bake-skeleton", "export-catalog"), "plugins": ("mcp-actions",), "tokens": ("ci",)}


def test_the_rules_are_read_in_their_order() -> None:
    listed = b"""
rules:
  - {deny: ['*'], groups: ['group:default/Contractors', staff]}
  - allow: [bake-skeleton]
    plugins: [mcp-actions]
    users: [user:acme/jane]
  - {deny: [export-catalog], tokens: [ci]}
"""
    assert read_rules(listed, "rules.yaml", **KNOWN).rules == (
        ActionRule(allows=False, actions=None, groups=frozenset({"group:default/contractors", "group:default/staff"})),
        ActionRule(
            allows=True,
            actions=frozenset({"bake-skeleton"}),
            plugins=frozenset({"mcp-actions"}),
            users=frozenset({"user:acme/jane"}),
        ),
        ActionRule(allows=False, actions=frozenset({"export-catalog"}), tokens=frozenset({"ci"})),
    )


def test_all_that_is_wrong_with_the_rules_is_said_with_its_line() -> None:
    listed = b"""
rules:
  - {deny: [bake-skeletons]}
  - {allow: ['*'], deny: ['*']}
  - {users: [jane]}
  - {deny: ['*'], plugins: [mcp], tokens: [cd]}
  - {deny: ['*'], users: ['group:default/staff'], groups: ['a/']}
  - {deny: []}
  - {deny: '*'}
  - {deny: ['*'], group: [staff]}
  - just text
"""
    with pytest.raises(InputError) as refused:
        read_rules(listed, "rules.yaml", **KNOWN)

    lines = [re.sub(r"^(rules.yaml:\d+):\d+", r"\1", line) for line in str(refused.value).splitlines()]
    assert lines == [
        "rules.yaml:3: rules[0].deny[0]: isn't known here; there are: *, bake-skeleton, export-catalog",
        "rules.yaml:4: rules[1]: must have either `allow` or `deny`",
        "rules.yaml:5: rules[2]: must have either `allow` or `deny`",
        "rules.yaml:6: rules[3].plugins[0]: isn't known here; there are: mcp-actions",
        "rules.yaml:6: rules[3].tokens: must be in a rule of its own: no plugin calls with a static token",
        "rules.yaml:6: rules[3].tokens[0]: isn't known here; there are: ci",
        "rules.yaml:7: rules[4].users[0]: must be the reference to a user, `user:default/NAME`",
        "rules.yaml:7: rules[4].groups[0]: must be the reference to a group, `group:default/NAME`",
        "rules.yaml:8: rules[5].deny: must not be empty; leave it out if the rule is about all",
        "rules.yaml:9: rules[6].deny: must be a list, not a string",
        "rules.yaml:10: rules[7].group: there is no such key here (did you mean groups?)",
        "rules.yaml:11: rules[8]: must be an object, not a string",
        "rules.yaml:11: rules[8]: must have either `allow` or `deny`",
    ]


def test_a_rule_about_services_names_actions_that_change_them() -> None:
    listed = b"""
rules:
  - {allow: [bake-skeleton, set-version], services: [billing]}
  - {deny: ['*'], environments: [production]}
  - {allow: [set-version], services: []}
  - {deny: [set-version], services: [billing, 'component:default/payments', default/shop]}
"""
    limits = {"services": {"set-version", "propose"}, "environments": {"set-version"}}
    known = KNOWN | {"actions": ("bake-skeleton", "set-version")}
    with pytest.raises(InputError) as refused:
        read_rules(listed, "rules.yaml", **known, limited=limits)

    assert [line.partition(": ")[2] for line in str(refused.value).splitlines()] == [
        "rules[0].allow[0]: has no input that names services; a rule with `services` can be about propose, set-version",
        "rules[1].deny[0]: has no input that names environments; a rule with `environments` can be about set-version",
        "rules[2].services: must not be empty; leave it out if the rule is about all",
        *(
            f"rules[3].services[{index}]: must be the name of a service, or a glob, without a kind and a namespace"
            for index in (1, 2)
        ),
    ]


def test_the_documented_rules_close_production() -> None:
    text = DOCS.read_text(encoding="utf-8").partition("### Nothing in production")[2]
    file = text.partition("```yaml\n")[2].partition("```")[0]
    rules = read_rules(file.encode(), "rules.yaml", **KNOWN | {"actions": {each.name for each in ACTIONS}})
    caller = Caller("token:jane", "token", None, "run")
    changing = [each for each in ACTIONS if not each.attributes.read_only]

    def open_in(where: str) -> set[str]:
        given: JsonObject = {"services": ["billing"], "environment": where, "toEnvironment": where}
        return {each.name for each in changing if not rules.refusal(each, caller, tuple, given)}

    harmless = {
        "bake-skeleton",
        "assess-application",
        "await-pull-request",
        "decide-approval",
        "register-in-catalog",
    }
    assert open_in("production") == harmless
    assert {"set-version", "promote-deployment", "seal-secret"} < open_in("qa")


def test_a_file_without_rules_is_refused() -> None:
    with pytest.raises(InputError, match="rules: is missing"):
        read_rules(b"", "rules.yaml", **KNOWN)


def test_the_first_rule_about_the_action_and_one_of_the_environments_says_who_approves() -> None:
    listed = b"""
rules: []
approvals:
- actions: [promote-deployment]
  environments: [production]
  groups: [Platform]
  hours: 24
- {actions: [promote-deployment, set-version], users: [jane], asker: true}
"""
    read = read_approval_rules(listed, "rules.yaml", actions=("promote-deployment", "set-version"))

    production = ApprovalRule(
        frozenset({"promote-deployment"}),
        frozenset({"production"}),
        Approvers(groups=frozenset({"group:default/platform"})),
        24,
    )
    assert read.rules_for("promote-deployment", ["production"]) == (production,)
    for environments in (["qa"], [None], []):
        (rule,) = read.rules_for("promote-deployment", environments)
        assert rule.approvers == Approvers(users=frozenset({"user:default/jane"}), asker=True)
        assert rule.hours == 168
    assert read.rules_for("roll-back-deployment", ["production"]) == ()


def test_approvals_know_environments_by_globs_too() -> None:
    listed = b"""
rules: []
approvals: [{actions: [set-version], environments: ['prod-*'], users: [jane]}]
"""
    read = read_approval_rules(listed, "rules.yaml", actions=("set-version",))

    asked = [bool(read.rules_for("set-version", [each])) for each in ("prod-eu", "prod", "preprod-eu", None)]
    assert asked == [True, False, False, False]


def test_several_environments_need_somebody_whom_the_rule_of_each_names() -> None:
    listed = b"""
rules: []
approvals:
- {actions: [set-version], environments: [qa], users: [eve], groups: [platform], hours: 9, asker: true}
- {actions: [set-version], environments: [production], users: [jane], groups: [platform]}
- {actions: [set-version], environments: [audit], groups: [auditors]}
"""
    read = read_approval_rules(listed, "rules.yaml", actions=("set-version",))

    for environments in (["qa", "production"], ["production", "dev", "qa"]):
        rule = read.rule_for("set-version", environments)
        assert rule
        assert (rule.approvers, rule.hours) == (Approvers(groups=frozenset({"group:default/platform"})), 9)
    assert read.rule_for("set-version", ["qa", "dev"]) == read.rules[0]
    refused = "nobody can give together: qa by user:default/eve, group:default/platform and audit by .*auditors; change"
    with pytest.raises(ConflictError, match=refused):
        read.rule_for("set-version", ["audit", "qa"])


def test_all_that_is_wrong_with_approvals_is_said_with_its_line() -> None:
    listed = b"""
rules: []
approvals:
- {actions: [propose-change], users: [jane]}
- {actions: [set-version]}
- {actions: [set-version], groups: ["user:default/jane"], hours: 0}
"""
    with pytest.raises(InputError) as refused:
        read_approval_rules(listed, "rules.yaml", actions=("set-version",))

    lines = [re.sub(r"^(rules.yaml:\d+):\d+", r"\1", line) for line in str(refused.value).splitlines()]
    assert lines == [
        "rules.yaml:4: approvals[0].actions[0]: isn't known here; there are: set-version",
        "rules.yaml:5: approvals[1]: must have `users`, `groups` or both: who may approve",
        "rules.yaml:6: approvals[2].groups[0]: must be the reference to a group, `group:default/NAME`",
        "rules.yaml:6: approvals[2].hours: the value is less than the minimum of 1",
    ]
