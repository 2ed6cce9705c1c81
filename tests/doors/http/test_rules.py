"""Who may run what is decided once, for every door: lists, calls, tasks, retries."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.actions import ACTIONS
from scenedock.doors.http.app import make_app
from scenedock.errors import InputError, NotFoundError, TemporaryError
from scenedock.model.action import BASE_PATH
from scenedock.model.json import JsonObject
from scenedock.runtime.callers.rule_list import read_rules
from scenedock.runtime.callers.sessions import person
from scenedock.runtime.service import Service
from scenedock.runtime.service_wiring import open_service
from scenedock.runtime.settings import Settings
from scenedock.structs import replace
from scenedock.usecases.permissions import Permissions
from tests.tools.service import READ, RUN, bearer, service_in
from tests.tools.tokens import Backstage

LIST = f"{BASE_PATH}/.backstage/actions/v1/actions"
WRITERS = sorted(each.name for each in ACTIONS if not each.attributes.read_only)
READERS = sorted(each.name for each in ACTIONS if each.attributes.read_only)


class Policy:
    """A policy of Backstage that has decided."""

    def __init__(self, decision: JsonObject | None) -> None:
        self.said = decision

    def decision(self, user_token: str, **_fresh: bool) -> JsonObject:
        assert user_token
        if self.said is None:
            raise TemporaryError("Backstage's permission policy doesn't answer", retry_after=5)
        return self.said


def permissions_of(
    service: Service, rules: str = "[]", groups: Sequence[str] = (), policy: Policy | None = None
) -> Permissions:
    read = read_rules(
        f"rules: {rules}".encode(),
        "rules.yaml",
        actions={*service.actions, "pass-lock"},
        plugins=(*service.settings.backstage_plugins, "pages"),
        tokens=("runner",),
    )
    return Permissions(read, lambda _user: groups, policy)  # type: ignore[arg-type] # it decides like one


def client_of(
    service: Service, rules: str = "[]", groups: Sequence[str] = (), policy: Policy | None = None
) -> FlaskClient:
    permissions = permissions_of(service, rules, groups, policy)
    return make_app(replace(service, permissions=permissions)).test_client()


def token_of(backstage: Backstage, plugin: str = "scaffolder") -> str:
    """A plugin's token on behalf of user:default/jane."""
    return backstage.plugin_token(sub=plugin, obo=backstage.user_token())


def submitted(client: FlaskClient, action: str, token: str, values: Any) -> Any:
    """What is answered to a task with this action."""
    spec = {"spec": {"steps": [{"action": f"scenedock:{action}", "input": values}]}}
    return client.post(f"{BASE_PATH}/tasks", json=spec, headers=bearer(token))


def attempts(client: FlaskClient, action: str, token: str, values: Any = None) -> dict[str, Any]:
    """What each way to run an action answers, by name."""
    values, headers = values or {}, bearer(token)
    return {
        "v1": client.post(f"{LIST}/scenedock:{action}/invoke", json=values, headers=headers),
        "v2": client.post(
            f"{LIST.replace('v1', 'v2')}/scenedock:{action}/invoke", json={"input": values}, headers=headers
        ),
        "plain": client.post(f"{BASE_PATH}/actions/{action}/invoke", json=values, headers=headers),
        "task": submitted(client, action, token, values),
    }


def listed(client: FlaskClient, token: str) -> list[list[str]]:
    """The names of the actions in each list."""

    def asked(path: str) -> Any:
        return client.get(path, headers=bearer(token)).json

    lists = [asked(LIST)["actions"], asked(f"{BASE_PATH}/actions")["items"], asked("/api/scaffolder/v2/actions")]
    return [[each["id"].removeprefix("scenedock:") for each in listed] for listed in lists]


@pytest.mark.parametrize("action", WRITERS)
def test_what_changes_something_is_closed_to_mcp_at_every_door(
    service: Service, backstage: Backstage, action: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    client, token = client_of(service), token_of(backstage, "mcp-actions")

    answers = attempts(client, action, token)

    for way, answer in answers.items():
        assert (answer.status_code, answer.json["error"]["name"]) == (403, "NotAllowedError"), way
        assert f"scenedock:{action} changes something" in answer.status, way
    facts = [record.facts for record in caplog.records if record.name == "scenedock.audit"]  # type: ignore[attr-defined]
    assert [(each["caller"], each["user"], each["action"], each["outcome"]) for each in facts] == [
        ("plugin:mcp-actions", "user:default/jane", f"scenedock:{action}", "denied")
    ] * len(answers)
    assert client.get(f"{BASE_PATH}/actions/{action}", headers=bearer(token)).status_code == 403


def test_a_caller_is_shown_only_what_it_may_run(service: Service, backstage: Backstage) -> None:
    client = client_of(service)

    assert listed(client, token_of(backstage, "mcp-actions")) == [READERS] * 3
    assert listed(client, token_of(backstage)) == [sorted([*READERS, *WRITERS])] * 3


def test_what_a_dry_run_shall_call_is_read_only_for_backstage_and_for_nobody_else(
    service: Service, backstage: Backstage
) -> None:
    client, headers = client_of(service), bearer(token_of(backstage))

    told = client.get(LIST, headers=headers).json["actions"]  # type: ignore[index]
    plain = client.get(f"{BASE_PATH}/actions/bake-skeleton", headers=headers).json

    in_dry_runs = {"assess-application", "bake-skeleton"}
    assert {each["name"] for each in told if each["attributes"]["readOnly"]} == {*READERS, *in_dry_runs}
    assert plain
    assert plain["attributes"]["readOnly"] is False
    assert client.get(f"{BASE_PATH}/actions/bake-skeleton", headers=bearer(READ)).status_code == 403


def test_a_rule_opens_an_action_to_mcp(service: Service, backstage: Backstage) -> None:
    client = client_of(service, "[{allow: [propose-change], plugins: [mcp-actions], users: [jane]}]")
    token = token_of(backstage, "mcp-actions")

    assert listed(client, token) == [sorted([*READERS, "propose-change"])] * 3
    assert {each.status_code for each in attempts(client, "propose-change", token).values()} == {400}
    assert {each.status_code for each in attempts(client, "commit-change", token).values()} == {403}


def test_a_token_is_limited_to_a_service_and_an_environment_at_every_door(
    service: Service, backstage: Backstage
) -> None:
    for limited, token in (("tokens: [runner]", RUN), ("users: [jane]", token_of(backstage))):
        rule = f"{limited}, services: [billing], environments: [dev]"
        client = client_of(service, f"[{{allow: [set-version], {rule}}}, {{deny: [set-version], {limited}}}]")
        for services, environment, code in (
            (["billing"], "dev", 400),
            (["billing"], "qa", 403),
            (["cart"], "dev", 403),
        ):
            given = {"services": services, "environment": environment, "version": 1}
            answers = attempts(client, "set-version", token, given)
            assert {each.status_code for each in answers.values()} == {code}
        unknown = {"services": "${{ parameters.services }}", "environment": "dev", "version": "1.0.0"}
        assert submitted(client, "set-version", token, unknown).status_code == 403
        assert all("set-version" in each for each in listed(client, token))


@pytest.mark.parametrize(
    ("rules", "groups", "policy"),
    [
        ("[{deny: [list-skeletons], users: [jane]}]", (), None),
        ("[{deny: [list-skeletons], groups: [staff]}]", ("group:default/staff",), None),
        ("[{deny: [list-skeletons], plugins: [scaffolder]}]", (), None),
        ("[]", (), Policy({"result": "DENY"})),
        (
            "[]",
            (),
            Policy(
                {
                    "result": "CONDITIONAL",
                    "conditions": {
                        "not": {"rule": "HAS_ACTION_ID", "params": {"actionId": "scenedock:list-skeletons"}}
                    },
                }
            ),
        ),
    ],
    ids=["a user", "a group", "a plugin", "a policy for all", "a policy for an action"],
)
def test_a_rule_or_the_policy_denies_at_every_door(
    service: Service, backstage: Backstage, rules: str, groups: Sequence[str], policy: Policy | None
) -> None:
    client = client_of(service, rules, groups, policy)

    assert {each.status_code for each in attempts(client, "list-skeletons", token_of(backstage)).values()} == {403}
    assert all("list-skeletons" not in names for names in listed(client, token_of(backstage)))
    assert attempts(client, "list-skeletons", RUN)["plain"].status_code == 200


def test_a_rule_is_about_a_token(service: Service, backstage: Backstage) -> None:
    client = client_of(service, "[{deny: [list-skeletons], tokens: [runner]}]")

    assert {each.status_code for each in attempts(client, "list-skeletons", RUN).values()} == {403}
    assert attempts(client, "list-skeletons", token_of(backstage))["v1"].status_code == 200


def test_a_policy_that_can_not_be_asked_refuses_users_and_nobody_else(service: Service, backstage: Backstage) -> None:
    client = client_of(service, policy=Policy(None))

    assert {each.status_code for each in attempts(client, "list-skeletons", token_of(backstage)).values()} == {503}
    assert client.get(LIST, headers=bearer(token_of(backstage))).status_code == 503
    assert attempts(client, "list-skeletons", backstage.plugin_token())["v1"].status_code == 200
    assert attempts(client, "list-skeletons", RUN)["v1"].status_code == 200


def test_a_policy_may_decide_by_the_input(service: Service, backstage: Backstage) -> None:
    of_apps: JsonObject = {"rule": "HAS_STRING_PROPERTY", "params": {"key": "repository", "value": "acme-apps"}}
    client = client_of(service, policy=Policy({"result": "CONDITIONAL", "conditions": of_apps}))
    token = token_of(backstage)

    def statuses(repository: str) -> list[int]:
        answers = attempts(client, "export-catalog", token, {"repository": repository})
        return [each.status_code for each in answers.values()]

    assert statuses("acme-apps") == [200, 200, 200, 201]
    assert statuses("another") == [403] * 4
    assert all("export-catalog" in names for names in listed(client, token))
    answer = attempts(client, "export-catalog", token, {"repository": "${{ parameters.repository }}"})["task"]
    assert (answer.status_code, "no references" in answer.text) == (403, True)


def test_a_task_is_not_retried_for_somebody_who_may_not_run_it_any_more(service: Service, backstage: Backstage) -> None:
    headers = bearer(token_of(backstage))
    spec = {"spec": {"steps": [{"action": "scenedock:list-skeletons"}]}}
    task_id = client_of(service).post(f"{BASE_PATH}/tasks", json=spec, headers=headers).json["id"]  # type: ignore[index]
    client = client_of(service, "[{deny: ['*'], users: [jane]}]")

    for path in (f"{BASE_PATH}/tasks/{task_id}/retry", f"/api/scaffolder/v2/tasks/{task_id}/retry"):
        answer = client.post(path, json={}, headers=headers)
        assert (answer.status_code, "by rule 1" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("rules", "groups", "writes"),
    [
        ("[]", None, []),
        ("[{allow: ['*'], users: [jane]}]", None, []),
        ("[{allow: ['*'], plugins: [mcp-actions]}]", None, []),
        ("[{allow: [propose-change], plugins: [pages]}]", None, ["propose-change"]),
        ("[{allow: [propose-change], plugins: [pages], groups: [staff]}]", None, ["propose-change"]),
        ("[{allow: [propose-change], plugins: [pages], groups: [staff]}]", ["group:default/others"], []),
        ("[{deny: ['*'], groups: [others]}, {allow: ['*'], plugins: [pages]}]", ["group:default/others"], None),
    ],
)
def test_people_on_our_pages_read_and_run_what_a_rule_opens(
    service: Service, rules: str, groups: list[str] | None, writes: list[str] | None
) -> None:
    """Backstage's catalog has jane's groups, `staff`, unless whoever signed her in knows better."""
    permissions = permissions_of(service, rules, ["group:default/staff"])
    jane = person("user:default/jane", None if groups is None else frozenset(groups))

    names = [each.name for each in permissions.listed(service.actions.values(), jane)]

    assert names == ([] if writes is None else sorted([*READERS, *writes]))


@pytest.fixture
def rules_file(tmp_path: Path) -> Path:
    tokens = tmp_path / "tokens.yaml"
    tokens.write_text(f"tokens: [{{name: ci, token: {RUN}, scope: run}}]")
    file = tmp_path / "rules.yaml"
    file.write_text("rules: [{deny: [list-skeletons], tokens: [ci]}]")
    return file


def test_the_settings_name_the_file_of_rules(tmp_path: Path, rules_file: Path) -> None:
    service = open_service(Settings(data=tmp_path, tokens_file=tmp_path / "tokens.yaml", rules=rules_file))
    try:
        client = make_app(service).test_client()
        assert attempts(client, "list-skeletons", RUN)["v1"].status_code == 403
        assert (
            client.post(f"{BASE_PATH}/actions/export-catalog/invoke", json={}, headers=bearer(RUN)).status_code != 403
        )
    finally:
        service.stop()


def test_a_wrong_file_of_rules_ends_the_start(tmp_path: Path, rules_file: Path) -> None:
    rules_file.write_text("rules:\n  - {deny: [list-skeleton]}\n")
    with pytest.raises(InputError, match=r"rules\.yaml:2:\d+: rules\[0\]\.deny\[0\]: isn't known here"):
        open_service(Settings(data=tmp_path, rules=rules_file))
    with pytest.raises(NotFoundError, match="no-rules"):
        open_service(Settings(data=tmp_path, rules=tmp_path / "no-rules.yaml"))


def test_a_policy_can_not_be_asked_without_a_backstage(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"SCENEDOCK_BACKSTAGE_PERMISSIONS: .* set SCENEDOCK_BACKSTAGE_URL"):
        service_in(tmp_path, backstage_permissions=True)
