"""A promotion into production waits for somebody else's approval, over a restart, and at every door."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from scenedock.actions.changes.promote_deployment import promote_deployment_action
from scenedock.actions.changes.set_version import set_version_action
from scenedock.actions.environments.retire_environment import retire_environment_action
from scenedock.doors.cli import main
from scenedock.doors.http.app import make_app
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.errors import NotAllowedError
from scenedock.model.action import BASE_PATH, Caller, Context
from scenedock.model.approvals import ApprovalRequest, ApprovalSubject, StepKey
from scenedock.model.json import Json
from scenedock.model.permissions.action_rules import ActionRules
from scenedock.model.tasks.task import Task, WaitingFor
from scenedock.runtime.service import Service
from scenedock.structs import replace
from scenedock.usecases.approvals.require_approval import require_approval
from scenedock.usecases.permissions import Permissions
from tests.publishing.deploying import Deploying, deploying_in
from tests.tools.server import wait_until
from tests.tools.service import ADMIN, bearer, service_in
from tests.tools.tokens import Backstage

RULES = """rules:
- allow: [pass-approval]
  users: [user:default/root]
approvals:
- actions: [promote-deployment, roll-back-deployment, set-version]
  environments: [production]
  users: [user:default/max]
  groups: [group:default/platform]
  hours: 24
"""
PROMOTION: dict[str, Json] = {"services": ["billing"], "fromEnvironment": "qa", "toEnvironment": "production"}
PROMOTE = {"id": "it", "action": "scenedock:promote-deployment", "input": PROMOTION}
INVOKE = f"{BASE_PATH}/.backstage/actions/v1/actions/scenedock:decide-approval/invoke"
LIST = f"{BASE_PATH}/approvals"

Open = Callable[[], Service]


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Deploying]:
    with deploying_in(tmp_path / "acme") as company:
        yield company


@pytest.fixture
def backstage() -> Backstage:
    return Backstage()


@pytest.fixture
def opened(acme: Deploying, backstage: Backstage, tmp_path: Path) -> Iterator[Open]:
    """Starts the service, and stops the one before: nothing of it is left in memory."""
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    running: list[Service] = []

    def open_one() -> Service:
        if running:
            running.pop().stop()
        running.append(
            service_in(
                tmp_path / "data",
                backstage,
                repositories=(str(acme.clone),),
                code_hosts=acme.hosts,
                helm="no-helm",
                rules=tmp_path / "rules.yaml",
                trusted_proxy=("127.0.0.1",),
                proxy_groups_header="X-Forwarded-Groups",
                grace_seconds=1,
            )
        )
        running[0].start()
        return running[0]

    yield open_one
    running[0].stop()


class Person:
    """A user of Backstage, who calls through the scaffolder, or opens pages behind the proxy."""

    def __init__(self, service: Service, backstage: Backstage, name: str, groups: str = "") -> None:
        self.client: FlaskClient = make_app(service).test_client()
        self.token = backstage.plugin_token(obo=backstage.user_token(sub=f"user:default/{name}"))
        self.proxy = {"X-Forwarded-User": name, "X-Forwarded-Groups": groups}

    def ask(self, path: str, body: object = None) -> Any:
        headers = bearer(self.token)
        return (
            self.client.get(path, headers=headers)
            if body is None
            else self.client.post(path, json=body, headers=headers)
        )

    def look(self, path: str) -> Any:
        return self.client.get(path, headers=self.proxy)

    def send(self, path: str, **form: str) -> Any:
        token = re.search(r'name="_csrf" value="([^"]+)"', self.look(path).text)
        assert token, self.look(path).text
        headers = {**self.proxy, "Sec-Fetch-Site": "same-origin"}
        return self.client.post(path, data={"_csrf": token[1], **form}, headers=headers)


def until(person: Person, task_id: str, *, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The task when it is so."""
    end = time.monotonic() + 60
    while not holds(task := person.ask(f"{BASE_PATH}/tasks/{task_id}").json):
        assert time.monotonic() < end, task
        time.sleep(0.05)
    return dict(task)


def waits(task: dict[str, Any]) -> bool:
    return task["status"] == "processing" and "approval" in task.get("reason", "")


def has_ended(task: dict[str, Any]) -> bool:
    return task["status"] in {"completed", "failed"}


def test_a_promotion_waits_over_a_restart_for_somebody_else_and_says_who_approved_it(
    acme: Deploying, backstage: Backstage, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    jane = Person(opened(), backstage, "jane", "platform")
    answer = jane.ask(f"{BASE_PATH}/tasks", {"spec": {"steps": [PROMOTE]}})
    task_id = answer.json["id"]
    until(jane, task_id, holds=waits)
    service = opened()  # the decision comes days later
    jane, eve, max_ = (Person(service, backstage, name) for name in ("jane", "eve", "max"))

    (asked,) = max_.ask(LIST).json["approvals"]
    whom = "the approval of user:default/max, group:default/platform"
    assert until(jane, task_id, holds=waits)["reason"] == f"for {whom}"
    assert (asked["what"], asked["askedBy"]) == ("Promote billing 1.4.0 to production", "user:default/jane")
    assert "| billing/production | 1.3.0 | 1.4.0 |" in asked["summary"]
    assert eve.ask(LIST).json == {"approvals": []}
    assert eve.ask(f"{LIST}/{asked['id']}").status_code == 404
    refusals = [each.ask(f"{LIST}/{asked['id']}/approve", {}) for each in (jane, eve)]
    assert [refused.status_code for refused in refusals] == [403, 403]
    assert "user:default/jane asked for this" in refusals[0].text
    assert "user:default/eve may not decide about this; who may: user:default/max, group" in refusals[1].text
    assert jane.client.post(f"{LIST}/{asked['id']}/approve", json={}).status_code == 401
    assert f"/approvals/{asked['id']}" in jane.look(f"/tasks/{task_id}").text
    notice = f'<p class="notice info">Waits for {whom}</p>'
    wait_until(lambda: notice in jane.look(f"/tasks/{task_id}").text, "the task waits, and doesn't just look again")
    assert acme.repository("gitops").pulls == {}
    assert "<td>billing/production</td>\n<td>1.3.0</td>\n<td>1.4.0</td>" in max_.look(f"/approvals/{asked['id']}").text

    assert max_.ask(f"{LIST}/{asked['id']}/approve", {"comment": "go"}).json["state"] == "approved"

    assert until(jane, task_id, holds=has_ended)["status"] == "completed"
    (pull,) = acme.repository("gitops").pulls.values()
    assert "Approved by user:default/max: go" in (pull.body or "").replace("\u2060", "")
    assert max_.ask(f"{LIST}/{asked['id']}/refuse", {"comment": "no"}).status_code == 409
    facts = [vars(record).get("facts", {}) for record in caplog.records]  # of the audit log alone
    assert [(each["user"], each["outcome"]) for each in facts if "approval" in each and "user" in each] == [
        ("user:default/jane", "denied"),
        ("user:default/eve", "denied"),
        ("user:default/max", "approved"),
    ]


def test_pages_templates_and_the_command_line_decide_once(
    backstage: Backstage, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = opened()
    jane, max_ = (Person(service, backstage, name) for name in ("jane", "max"))
    ann = Person(service, backstage, "ann", "platform")
    store = service.effects.approvals.store()
    first, second, third = (asked_in(service, f"task-{number}") for number in range(3))

    assert "Promote billing" in ann.look("/approvals").text
    assert "Approve</button>" not in jane.look(f"/approvals/{first}").text
    unsafe = {**ann.proxy, "Sec-Fetch-Site": "cross-site"}
    assert ann.client.post(f"/approvals/{first}", data={"decision": "approve"}, headers=unsafe).status_code == 403
    silent = ann.send(f"/approvals/{first}", decision="refuse", comment=" ")
    assert (silent.status_code, store.get(first).state) == (400, "open")
    assert 'id="error-comment">a refusal needs a comment' in silent.text
    assert "Approve</button>" in silent.text
    assert ann.send(f"/approvals/{first}", decision="approve", comment="go").status_code == 303
    assert (store.get(first).state, store.get(first).decided_by) == ("approved", "user:default/ann")
    assert "by user:default/ann" in jane.look(f"/approvals/{first}").text

    verdict = {"approvalId": second, "decision": "refuse"}
    assert "a refusal needs a comment" in max_.ask(INVOKE, verdict).status
    assert "asked for this" in jane.ask(INVOKE, {**verdict, "decision": "approve"}).status
    decided = max_.ask(INVOKE, {**verdict, "comment": "not on a Friday"})
    assert decided.json["output"] == {"what": "Promote billing", "state": "refused", "taskId": "task-1"}

    monkeypatch.setenv("SCENEDOCK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_COLOR", "1")
    (listed,) = json.loads(CliRunner().invoke(main, ["approvals", "list", "--format", "json"]).stdout)
    assert listed["id"] == third
    approved = CliRunner().invoke(main, ["approvals", "approve", third])
    assert (approved.exit_code, approved.stdout.split()[1]) == (0, "approved")
    again = CliRunner().invoke(main, ["approvals", "refuse", third, "--comment", "no"])
    assert (again.exit_code, "was approved by command-line already" in again.stderr) == (4, True)
    too_early = CliRunner().invoke(main, ["tasks", "undo", "task-0"])
    assert (too_early.exit_code, "cancel it first" in too_early.stderr) == (4, True)
    assert max_.client.post(f"{BASE_PATH}/tasks/task-0/undo", json={}, headers=bearer(ADMIN)).status_code == 409


def test_nobody_is_asked_to_approve_what_can_be_published_nowhere(opened: Open) -> None:
    effects = replace(opened().effects, code_hosts=CodeHosts())
    context = Context(Caller("plugin:scaffolder", "backstage", "user:default/jane", "run"), effects, "task-1", "it")
    retirement: dict[str, Json] = {"service": "billing", "environment": "qa"}
    said = "nothing was changed: no code host is configured.*list github.com in"

    with pytest.raises(NotAllowedError, match=said):
        promote_deployment_action.run(context, PROMOTION)
    with pytest.raises(NotAllowedError, match=said):
        retire_environment_action.run(context, retirement)

    assert effects.approvals.store().find() == []


def asked_in(service: Service, task_id: str) -> str:
    """What a task asks for that rests, without the work that a real one makes."""
    effects = service.tasks.effects
    effects.store.add(Task(task_id, {"steps": []}, "processing", 1, state={"steps": {}}), None)
    approvers = service.effects.approvals.rules.rules[0].approvers
    subject = ApprovalSubject("Promote billing", "to 1.4.0", "1.4.0")
    request = ApprovalRequest("promote-deployment", subject, approvers, "user:default/jane")
    with pytest.raises(WaitingFor) as waiting:
        require_approval(service.effects.approvals, StepKey(task_id, "it"), request)
    return waiting.value.key.partition(":")[2]


def test_who_approves_is_told_what_nobody_looks_at_afterwards(acme: Deploying, opened: Open) -> None:
    acme.hosts.write_text(acme.hosts.read_text("utf-8").replace("[acme/apps]", "[acme/gitops]"), "utf-8")
    effects = opened().effects
    context = Context(Caller("plugin:scaffolder", "backstage", "user:default/jane", "run"), effects, "task-1", "it")
    wish: dict[str, Json] = {"services": ["billing"], "environment": "production", "version": "1.4.0"}

    how: list[dict[str, Json]] = [{}, {"propose": True}, {"propose": True, "merge": "when-ready"}]
    for more in how:
        with pytest.raises(WaitingFor):
            set_version_action.run(replace(context, step_id=str(len(more))), {**wish, **more})

    told = {each.key.step_id: each.request.subject.summary for each in effects.approvals.store().find()}
    assert told["0"].startswith("**This is committed to gitops without a pull request.**\n\n| deployment")
    assert told["1"].startswith("| deployment")
    assert told["2"].startswith("**The code host merges the pull request in gitops as soon as its rules allow.**")


def test_whom_the_rules_name_goes_on_without_and_the_pull_request_says_why(
    acme: Deploying, backstage: Backstage, opened: Open
) -> None:
    effects = opened().effects
    context = Context(Caller("plugin:scaffolder", "backstage", "user:default/root", "run"), effects, "task-1", "it")

    promote_deployment_action.run(context, {**PROMOTION, "passApproval": "the shop is down"})

    (pull,) = acme.repository("gitops").pulls.values()
    assert "user:default/root goes on without an approval: the shop is down" in (pull.body or "").replace("\u2060", "")
    with pytest.raises(NotAllowedError, match="needs `pass-approval`"):
        Permissions(ActionRules()).check(context.caller, "", promote_deployment_action, {"passApproval": "x"})
