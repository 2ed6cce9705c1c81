"""Our actions in Backstage's scaffolder and MCP server, as people and assistants meet them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenedock.actions import ACTIONS
from tests.e2e.company import Company, House
from tests.e2e.projects import baked, contents
from tests.tools.backstage import USER
from tests.tools.frontend import RefusedError

TEMPLATES = Path(__file__).parent / "templates"
NO_SUCH_REPOSITORY = "there is no repository 'payroll'; the repositories are: apps"

LEDGER = {"name": "ledger", "owner": "group:default/payments"}
OPENED_TO_ASSISTANTS = {name for rule in House().rules for name in rule["allow"]}


def template(name: str) -> dict[str, Any]:
    """One of the tests' Templates, to be changed at will."""
    read: dict[str, Any] = yaml.safe_load((TEMPLATES / f"{name}.yaml").read_bytes())
    return read


def test_the_scaffolder_lists_our_actions_with_their_schemas(company: Company) -> None:
    listed = company.frontend.actions()

    assert [id_ for id_ in listed if id_.startswith("scenedock:")] == sorted(action.id for action in ACTIONS)
    for action in ACTIONS:
        shown = listed[action.id]
        assert shown["description"] == action.description
        assert shown["schema"] == {"input": action.input_schema(), "output": action.output_schema()}


def test_a_template_runs_our_actions_and_uses_their_output(company: Company) -> None:
    exported = company.exported().total()

    run = company.frontend.run("uses-output", {})

    assert run.status == "completed", run.text
    assert run.output == {"entities": exported, "valid": True}
    assert f"The catalog has {exported} entities" in run.text


def test_a_dry_run_really_asks_what_changes_nothing(company: Company) -> None:
    shown = company.frontend.dry_run(template("uses-output"), {})

    assert shown["output"]["valid"] is True
    assert shown["output"]["entities"] > 0


def test_a_dry_run_shows_the_files_that_a_template_bakes(company: Company, tmp_path: Path) -> None:
    shown = company.frontend.dry_run(template("publishes-elsewhere"), {"name": "ledger"})

    files = {each["path"] for each in shown["directoryContents"]}
    assert files == set(contents(baked(tmp_path, "microservice-python", LEDGER)))
    assert not any(each.name == "publish-github" for each in (company.folder / "workspaces").rglob("published/*/*"))


def test_a_dry_run_refuses_wrong_answers(company: Company) -> None:
    with pytest.raises(RefusedError, match=r"name: .*version: "):
        company.frontend.dry_run(template("bakes"), {"name": "../ledger"})


def test_what_we_refuse_is_in_the_log_that_the_user_sees(company: Company) -> None:
    run = company.frontend.run("refused", {"repository": "payroll"})

    assert run.status == "failed"
    assert NO_SUCH_REPOSITORY in run.text


def test_the_template_editor_names_an_input_of_the_wrong_type(company: Company) -> None:
    wrong = template("refused")
    wrong["spec"]["steps"][0]["input"] = {"repository": ["payroll"]}

    with pytest.raises(RefusedError, match=r"scenedock:export-catalog.*repository"):
        company.frontend.dry_run(wrong, {"repository": "payroll"})


def test_every_wrong_answer_is_named_in_the_log_that_the_user_sees(company: Company) -> None:
    run = company.frontend.run("bakes", {"name": "../ledger"})

    assert run.status == "failed"
    assert "name: " in run.text
    assert "version: " in run.text


def test_an_assistant_is_offered_what_is_read_only_or_opened_by_a_rule(company: Company) -> None:
    tools = company.frontend.tools()

    offered = [each for each in ACTIONS if each.attributes.read_only or each.name in OPENED_TO_ASSISTANTS]
    assert sorted(name for name in tools if name.startswith("scenedock.")) == sorted(
        f"scenedock.{each.name}" for each in offered
    )
    for action in offered:
        tool = tools[f"scenedock.{action.name}"]
        assert tool["description"] == action.description
        assert tool["annotations"]["readOnlyHint"] == (action.attributes.read_only or action.attributes.dry_run)
        assert tool["annotations"]["destructiveHint"] == action.attributes.destructive
        assert tool["annotations"]["idempotentHint"] == action.attributes.idempotent


def test_an_assistant_gets_an_actions_output_as_structured_content(company: Company) -> None:
    answer = company.frontend.call("scenedock.export-catalog", {"withContent": False})

    assert not answer.get("isError")
    assert answer["structuredContent"]["byKind"] == company.exported()


def test_an_assistant_that_repeats_its_call_joins_the_first_one(company: Company) -> None:
    asked = {"requestId": "assistant-1", "skeleton": "library-chart", "answers": {"name": "shared"}}
    before = company.tasks()

    answers = [company.frontend.call("scenedock.bake-skeleton", asked) for _ in range(2)]

    assert "Chart.yaml" in answers[0]["structuredContent"]["files"]
    assert answers[1]["structuredContent"] == answers[0]["structuredContent"]
    assert company.tasks() == before + 1


def test_an_assistant_is_told_what_we_refuse(company: Company) -> None:
    answer = company.frontend.call("scenedock.export-catalog", {"repository": "payroll"})

    assert answer["isError"]
    assert NO_SUCH_REPOSITORY in answer["content"][0]["text"]


def test_an_assistant_is_told_all_that_is_wrong_with_its_input(company: Company) -> None:
    answer = company.frontend.call("scenedock.validate-entities", {"content": 1, "colour": "red"})

    assert answer["isError"]
    assert "`content`" in answer["content"][0]["text"]
    assert "`colour`" in answer["content"][0]["text"]


def test_a_template_calls_our_api_with_the_generic_action_as_its_user(company: Company) -> None:
    run = company.frontend.run("calls-our-api", {"content": "kind: Component\n"})

    assert run.status == "completed", run.text
    assert run.output["verdict"]["valid"] is False
    assert company.audited("scenedock:validate-entities")[-1]["user"] == USER


def test_a_page_of_the_portal_reads_our_findings_through_the_proxy(company: Company) -> None:
    report = company.frontend.ask("GET", "proxy/scenedock/findings")

    assert report["entities"]["byKind"] == company.exported() + Counter({"Resource": 1}), "the board is one, too"


@pytest.mark.parametrize("plugin", ["scaffolder", "mcp-actions"])
def test_we_know_the_user_on_whose_behalf_a_plugin_calls(company: Company, plugin: str) -> None:
    before = len(company.audited("scenedock:export-catalog"))

    if plugin == "scaffolder":
        company.frontend.run("refused", {"repository": "apps"})
    else:
        company.frontend.call("scenedock.export-catalog", {"repository": "apps"})

    (line,) = company.audited("scenedock:export-catalog")[before:]
    assert line["user"] == USER
    assert line["input"] == {"repository": "apps"}
    assert plugin in line["caller"]
