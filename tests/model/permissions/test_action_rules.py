"""Who may run what: the first rule that matches decides, and what isn't opened to MCP stays closed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from scenedock.actions import ACTIONS
from scenedock.model.action import COMMAND_LINE, Action, Caller
from scenedock.model.json import JsonObject
from scenedock.model.permissions.action_rules import ActionRules
from scenedock.runtime.callers.rule_list import read_rules

BY_NAME: dict[str, Action[Any]] = {each.name: each for each in ACTIONS}
WRITERS = sorted(each.name for each in ACTIONS if not each.attributes.read_only)
ADA = "user:default/ada"
TEMPLATE = Caller("plugin:scaffolder", "backstage", ADA, "run")
ASSISTANT = Caller("plugin:mcp-actions", "backstage", ADA, "run")
OTHER_PLUGIN = Caller("plugin:chat", "backstage", ADA, "run")
PIPELINE = Caller("token:ci", "token", None, "run")


def rules(text: str) -> ActionRules:
    plugins = ("scaffolder", "mcp-actions", "chat")
    return read_rules(
        f"rules: {text}".encode(), "rules.yaml", actions={*BY_NAME, "pass-lock"}, plugins=plugins, tokens=("ci", "cd")
    )


def refusal(of: ActionRules, name: str, caller: Caller, groups: Collection[str] = ()) -> str:
    return of.refusal(BY_NAME[name], caller, lambda: groups)


def test_these_actions_change_something() -> None:
    assert {"propose-change", "commit-change", "publish-repository", "bake-skeleton"} <= set(WRITERS)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_without_rules_only_what_reads_is_open_to_plugins_other_than_the_scaffolder(name: str) -> None:
    closed = {
        caller.subject for caller in (TEMPLATE, ASSISTANT, OTHER_PLUGIN, PIPELINE) if refusal(rules("[]"), name, caller)
    }

    assert closed == ({"plugin:mcp-actions", "plugin:chat"} if name in WRITERS else set())


def test_a_refusal_says_what_opens_the_action_and_to_whom_it_is_closed() -> None:
    assert refusal(rules("[]"), "propose-change", ASSISTANT) == (
        "scenedock:propose-change changes something, so it is closed to plugin:mcp-actions unless a rule of the "
        "settings (SCENEDOCK_RULES) opens it; in a Template it can be run"
    )
    assert refusal(rules("[{allow: [propose-change]}, {deny: ['*'], users: [ada]}]"), "export-catalog", TEMPLATE) == (
        "scenedock:export-catalog is denied to user:default/ada by rule 2 of the settings"
    )


@pytest.mark.parametrize(
    ("written", "is_open"),
    [
        ("[{allow: [propose-change], plugins: [mcp-actions]}]", True),
        ("[{allow: ['*'], plugins: [scaffolder, mcp-actions]}]", True),
        ("[{allow: [propose-change], plugins: [mcp-actions], groups: [platform]}]", True),
        ("[{allow: [propose-change], plugins: [mcp-actions], groups: [payments]}]", False),
        ("[{allow: [propose-change], plugins: [mcp-actions], users: [bob]}]", False),
        ("[{allow: [bake-skeleton], plugins: [mcp-actions]}]", False),
        ("[{allow: [propose-change], plugins: [chat]}]", False),
        ("[{allow: ['*']}]", False),
        ("[{allow: [propose-change], groups: [platform]}]", False),
        ("[{deny: ['*'], users: [ada]}, {allow: ['*'], plugins: [mcp-actions]}]", False),
    ],
)
def test_mcp_is_opened_only_by_a_rule_that_names_it(written: str, *, is_open: bool) -> None:
    refused = refusal(rules(written), "propose-change", ASSISTANT, {"group:default/platform"})

    assert (refused == "") is is_open


@pytest.mark.parametrize(
    ("written", "denied"),
    [
        ("[{deny: [export-catalog]}]", {"scaffolder", "mcp-actions", "ci"}),
        ("[{deny: ['*'], plugins: [mcp-actions]}]", {"mcp-actions"}),
        ("[{deny: ['*'], users: ['user:default/Ada']}]", {"scaffolder", "mcp-actions"}),
        ("[{deny: ['*'], users: [bob]}]", set()),
        ("[{deny: ['*'], groups: [platform]}]", {"scaffolder", "mcp-actions"}),
        ("[{deny: ['*'], groups: [payments]}]", set()),
        ("[{deny: ['*'], groups: [platform], plugins: [scaffolder]}]", {"scaffolder"}),
        ("[{deny: ['*'], tokens: [ci]}]", {"ci"}),
        ("[{deny: ['*'], tokens: [cd]}]", set()),
        ("[{deny: [bake-skeleton]}]", set()),
        ("[{allow: [export-catalog], users: [ada]}, {deny: ['*']}]", {"ci"}),
        ("[{deny: ['*']}, {allow: [export-catalog], users: [ada]}]", {"scaffolder", "mcp-actions", "ci"}),
    ],
)
def test_a_rule_is_about_those_whom_it_names(written: str, denied: set[str]) -> None:
    callers = (TEMPLATE, ASSISTANT, PIPELINE)

    refused = {
        each.plugin or each.token
        for each in callers
        if refusal(rules(written), "export-catalog", each, {"group:default/platform"})
    }

    assert refused == denied


def test_a_rule_about_users_is_not_about_a_plugin_that_calls_for_itself() -> None:
    plugin = Caller("plugin:scaffolder", "backstage", None, "run")

    assert not refusal(
        rules("[{deny: ['*'], groups: [platform]}]"), "export-catalog", plugin, {"group:default/platform"}
    )
    assert not refusal(rules("[{deny: ['*'], users: [ada]}]"), "export-catalog", plugin)
    assert refusal(rules("[{deny: ['*'], plugins: [scaffolder]}]"), "export-catalog", plugin)


def test_the_command_line_and_schedules_have_no_rules() -> None:
    schedule = Caller("schedule:retention", "local", scope="run")

    assert not refusal(rules("[{deny: ['*']}]"), "propose-change", COMMAND_LINE)
    assert not refusal(rules("[{deny: ['*']}]"), "propose-change", schedule)


def test_groups_are_asked_for_only_if_a_rule_needs_them() -> None:
    def groups() -> Collection[str]:
        raise AssertionError

    written = rules("[{deny: [bake-skeleton], groups: [a]}, {deny: ['*'], plugins: [chat], groups: [a]}]")

    assert written.refusal(BY_NAME["export-catalog"], TEMPLATE, groups) == ""


LIMITED = """
  - {allow: [set-version], tokens: [ci], services: [billing, cart-*], environments: [dev]}
  - {deny: [set-version], tokens: [ci]}
  - {deny: [set-version], users: [ada], environments: ['prod*']}
"""


@pytest.mark.parametrize(
    ("given", "who_may"),
    [
        ({"services": ["billing"], "environment": "dev"}, [PIPELINE, TEMPLATE]),
        ({"services": ["component:default/billing", "cart-api"], "environment": "dev"}, [PIPELINE, TEMPLATE]),
        ({"services": ["billing", "ledger"], "environment": "dev"}, [TEMPLATE]),
        ({"services": ["Billing"], "environment": "dev"}, [TEMPLATE]),
        ({"services": ["billing"], "environment": "production"}, []),
        ({"services": ["billing"], "environment": None}, []),
        ({"services": ["billing"]}, []),
        ({"services": [], "environment": "dev"}, [TEMPLATE]),
        ({"services": "billing", "environment": ["dev"]}, [PIPELINE, TEMPLATE]),
        ({"services": [["billing"]], "environment": {"dev": ""}}, []),
        ({"services": ["billing"], "environment": "dev", "allowSharedLine": True}, []),
        ({"services": ["billing"], "environment": "dev", "allowSharedLine": False}, [PIPELINE, TEMPLATE]),
        ({"services": ["billing"], "environment": "dev", "path": "payments/secret.yaml"}, []),
        ({"services": ["billing"], "environment": "dev", "namespace": "payments"}, []),
        ({"services": ["billing"], "environment": "dev", "path": "", "namespace": ""}, [PIPELINE, TEMPLATE]),
        ({"services": ["billing"], "environment": "component:default/dev"}, [TEMPLATE]),
        ({"services": "${{ steps.a.output.b }}", "environment": "dev"}, [TEMPLATE]),
        ({"services": ["billing"], "environment": "${{ steps.a.output.b }}"}, []),
    ],
)
def test_a_rule_may_be_about_some_services_and_environments(given: JsonObject, who_may: list[Caller]) -> None:
    callers = (PIPELINE, TEMPLATE)

    assert [
        each for each in callers if not rules(LIMITED).refusal(BY_NAME["set-version"], each, tuple, given)
    ] == who_may


def test_who_may_run_an_action_for_some_service_is_shown_it_and_told_for_which() -> None:
    written, action = rules(LIMITED), BY_NAME["set-version"]

    assert written.refusal(action, PIPELINE, tuple) == written.refusal(action, TEMPLATE, tuple) == ""
    assert written.refusal(action, PIPELINE, tuple, {"services": ["ledger"], "environment": "dev"}) == (
        "scenedock:set-version is denied to token:ci by rule 2 of the settings; rule 1 allows it for services billing, "
        "cart-* and environments dev alone"
    )


def test_a_right_is_limited_like_an_action() -> None:
    written = rules("[{allow: [pass-lock], tokens: [ci], environments: [qa]}]")

    for environment, is_refused in {"qa": False, "production": True}.items():
        given = {"services": ["billing"], "environment": environment, "passLock": "an incident"}
        refused = written.refusal_of_right("pass-lock", BY_NAME["set-version"], PIPELINE, tuple, given)
        assert bool(refused) is is_refused
