"""A lock is passed only by whom a rule names for it, at every door; neither a scope nor `*` is enough."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from scenedock.errors import NotAllowedError
from scenedock.model.action import BASE_PATH, COMMAND_LINE, Caller
from scenedock.runtime.callers.rule_list import read_rules
from scenedock.usecases.permissions import Permissions
from tests.doors.http.test_rules import attempts, client_of, submitted, token_of
from tests.tools.service import bearer, service_in
from tests.tools.tokens import Backstage

ROLL_BACK: dict[str, object] = {"services": ["billing"], "environment": "production"}
PASSING: dict[str, object] = {**ROLL_BACK, "passLock": "1.4.0 charges twice"}
JANE = Caller("plugin:scaffolder", "backstage", "user:default/jane", "run")
PIPELINE = Caller("token:runner", "token", None, "admin")


def refused(rules: str, caller: Caller, values: dict[str, object], groups: Sequence[str] = ()) -> str:
    from scenedock.actions import ACTIONS

    actions = {each.name: each for each in ACTIONS}
    read = read_rules(
        f"rules: {rules}".encode(),
        "rules.yaml",
        actions={*actions, "pass-lock"},
        plugins=("scaffolder",),
        tokens=("runner",),
    )
    permissions = Permissions(read, lambda _user: groups)
    try:
        permissions.check(caller, "", actions["roll-back-deployment"], values)  # type: ignore[arg-type] # it is JSON
    except NotAllowedError as error:
        return str(error)
    return ""


def test_without_a_rule_nobody_from_outside_passes_a_lock_at_any_door(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    backstage = Backstage()
    service = service_in(tmp_path, backstage)
    try:
        answers = attempts(client_of(service), "roll-back-deployment", token_of(backstage), PASSING)
    finally:
        service.stop()

    for way, answer in answers.items():
        assert (answer.status_code, "needs `pass-lock`" in answer.status) == (403, True), way
    facts = [record.facts for record in caplog.records if record.name == "scenedock.audit"]  # type: ignore[attr-defined]
    assert {(each["user"], each["outcome"]) for each in facts} == {("user:default/jane", "denied")}


def test_who_may_not_pass_a_lock_may_not_remove_it(tmp_path: Path) -> None:
    backstage = Backstage()
    service = service_in(tmp_path, backstage)
    unlock = {"environment": "production", "reason": "in my way"}
    try:
        answers = [
            submitted(client_of(service, rules), "unlock-environment", token_of(backstage), unlock)
            for rules in ("[{allow: ['*']}]", "[{allow: [pass-lock], users: [jane]}]")
        ]
    finally:
        service.stop()

    assert [answer.status_code for answer in answers] == [403, 201]
    assert "needs `pass-lock`" in answers[0].status


def test_a_reference_anywhere_in_the_input_does_not_pass_a_lock(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    backstage = Backstage()
    headers = bearer(token_of(backstage))
    service = service_in(tmp_path, backstage)

    def submitted(rules: str, **values: object) -> int:
        steps = [
            {"id": "listed", "action": "scenedock:list-skeletons"},
            {"action": "scenedock:roll-back-deployment", "input": {**ROLL_BACK, **values}},
        ]
        client = client_of(service, rules)
        return client.post(f"{BASE_PATH}/tasks", json={"spec": {"steps": steps}}, headers=headers).status_code

    labels = ["${{ steps.listed.output.skeletons }}"]
    try:
        codes = [
            submitted("[]", labels=labels),
            submitted("[]", labels=labels, passLock="1.4.0 charges twice"),
            submitted("[]", passLock="${{ steps.listed.output.skeletons }}"),
            submitted("[{allow: [pass-lock], users: [jane]}]", labels=labels, passLock="1.4.0 charges twice"),
        ]
    finally:
        service.stop()

    assert codes == [201, 403, 403, 201]
    facts = [record.facts for record in caplog.records if record.name == "scenedock.audit"]  # type: ignore[attr-defined]
    assert [each["message"] for each in facts if each.get("right") == "pass-lock"] == ["1.4.0 charges twice"]


@pytest.mark.parametrize(
    ("rules", "caller", "passes"),
    [
        ("[{allow: [pass-lock], groups: [on-call]}]", JANE, True),
        ("[{allow: [pass-lock], users: [jane]}]", JANE, True),
        ("[{deny: ['*'], users: [jane]}, {allow: [pass-lock]}]", JANE, False),
        ("[{allow: [pass-lock], groups: [payments]}]", JANE, False),
        ("[{allow: ['*']}]", JANE, False),
        ("[{allow: ['*'], tokens: [runner]}]", PIPELINE, False),
        ("[{allow: [pass-lock], tokens: [runner]}]", PIPELINE, True),
        ("[]", COMMAND_LINE, True),
    ],
)
def test_a_rule_must_name_who_may(
    rules: str, caller: Caller, caplog: pytest.LogCaptureFixture, *, passes: bool
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")

    said = refused(rules, caller, PASSING, ["group:default/on-call"])

    assert (said == "") is passes
    (facts,) = (record.facts for record in caplog.records)  # type: ignore[attr-defined]
    assert (facts["outcome"], facts["message"] == PASSING["passLock"]) == ("allowed" if passes else "denied", passes)
    if "deny" not in rules:
        assert refused(rules, caller, ROLL_BACK, ["group:default/on-call"]) == ""
