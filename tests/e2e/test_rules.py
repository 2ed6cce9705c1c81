"""Templates and assistants obey the same rules: those of Scenedock's settings, and Backstage's permission policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.company import Company, House, company_in
from tests.fakes.github.server import fake_github
from tests.tools.backstage import USER
from tests.tools.frontend import RefusedError

PEOPLE = """
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ada}
spec: {memberOf: [testers]}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: testers}
spec: {type: team, parent: quality, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: quality}
spec: {type: department, children: []}
"""
STRICT = House(
    rules=(
        {"deny": ["list-skeletons"], "users": [USER]},
        {"deny": ["validate-entities"], "groups": ["group:default/quality"]},
        {"deny": ["register-in-catalog"], "plugins": ["scaffolder", "mcp-actions"]},
        {"allow": ["bake-skeleton", "await-pull-request"], "plugins": ["mcp-actions"], "groups": ["testers"]},
        {"allow": ["propose-change"], "plugins": ["mcp-actions"], "users": ["user:default/bob"]},
        {"deny": ["publish-repository"], "users": ["user:default/bob"]},
    ),
    policy={"actions": ["scenedock:await-pull-request"], "repositories": ["payroll"]},
    people=PEOPLE,
)
DENIED = pytest.mark.parametrize(
    "action",
    ["list-skeletons", "validate-entities", "register-in-catalog", "await-pull-request"],
    ids=["by user", "by group", "by plugin", "by policy"],
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with rules and a policy, whose people are in the catalog."""
    folder = tmp_path_factory.mktemp("strict")
    with fake_github(folder / "github") as github:
        made = company_in(folder, github, STRICT)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def denials(company: Company) -> list[dict[str, Any]]:
    """The lines of our audit log about what was denied."""
    return [line for line in company.audited() if line["outcome"] == "denied"]


@DENIED
def test_a_template_may_not_run_what_is_denied(strict: Company, action: str) -> None:
    run = strict.frontend.run("runs-an-action", {"action": action})

    assert run.status == "failed"
    assert f"scenedock:{action}" in run.text


@DENIED
def test_an_assistant_is_neither_offered_nor_may_call_what_is_denied(strict: Company, action: str) -> None:
    assert f"scenedock.{action}" not in strict.frontend.tools()
    assert not strict.frontend.may_call(f"scenedock.{action}", {})


@pytest.mark.parametrize("action", ["propose-change", "commit-change", "publish-repository"])
def test_an_assistant_may_not_change_what_no_rule_opens_to_it_and_a_template_may(strict: Company, action: str) -> None:
    assert f"scenedock.{action}" not in strict.frontend.tools()
    assert not strict.frontend.may_call(f"scenedock.{action}", {})
    assert f"scenedock:{action}" in strict.frontend.actions()


def test_the_policy_decides_by_the_input_for_a_template(strict: Company) -> None:
    denied = strict.frontend.run("runs-an-action", {"action": "export-catalog", "repository": "payroll"})
    allowed = strict.frontend.run("runs-an-action", {"action": "export-catalog", "repository": "apps"})

    assert (denied.status, allowed.status) == ("failed", "completed"), denied.text + allowed.text
    assert "NotAllowedError" in denied.text


def test_the_policy_decides_by_the_input_for_an_assistant_and_we_log_what_was_denied(strict: Company) -> None:
    allowed = strict.frontend.call("scenedock.export-catalog", {"repository": "apps", "withContent": False})
    before = len(denials(strict))

    denied = strict.frontend.call("scenedock.export-catalog", {"repository": "payroll"})

    assert not allowed.get("isError"), allowed
    assert denied["isError"]
    said = f"scenedock:export-catalog is denied to {USER} by Backstage's permission policy"
    assert said in denied["content"][0]["text"]
    (line,) = denials(strict)[before:]
    assert (line["caller"], line["user"], line["message"]) == ("plugin:mcp-actions", USER, said)


def test_a_rule_opens_an_action_to_the_assistants_of_a_group(strict: Company) -> None:
    answer = strict.frontend.call("scenedock.bake-skeleton", {"skeleton": "library-chart", "answers": {"name": "lib"}})

    assert "Chart.yaml" in answer["structuredContent"]["files"]
    run = strict.frontend.run("runs-an-action", {"action": "bake-skeleton"})
    assert run.status == "completed", run.text


def test_the_template_editor_does_not_run_what_is_denied_either(strict: Company) -> None:
    step = {"id": "list", "action": "scenedock:list-skeletons"}
    template = {
        "apiVersion": "scaffolder.backstage.io/v1beta3",
        "kind": "Template",
        "metadata": {"name": "tried"},
        "spec": {"type": "service", "steps": [step]},
    }
    with pytest.raises(RefusedError, match="scenedock:list-skeletons"):
        strict.frontend.dry_run(template, {})
