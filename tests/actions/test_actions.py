"""Actions do what they document: every example runs, every schema is one, every attribute is true."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest

from scenedock.actions import ACTIONS
from scenedock.actions.effects import Effects
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import Action, Caller, Context, Example
from scenedock.model.json import JsonObject
from scenedock.runtime.settings import Settings
from scenedock.runtime.wiring import open_skeletons
from scenedock.structs import replace
from tests.publishing.acme import acme_with
from tests.tools.effects import effects_with
from tests.tools.service import EXAMPLE

CHANGES = {"promote-deployment", "roll-back-deployment", "set-version", "lock-environment", "unlock-environment"}
ENVIRONMENTS = {
    "plan-environment",
    "create-environment",
    "plan-deployment",
    "create-deployment",
    "preview-retirement",
    "retire-environment",
    "retire-deployment",
    "extend-environment",
}
ELSEWHERE = {
    "assess-application",
    "await-pull-request",
    "register-in-catalog",
    "decide-approval",
    "unregister-from-catalog",
    "seal-secret",
    "refer-to-secret",
    *CHANGES,
    *ENVIRONMENTS,
}
"""Actions that wait for somebody, or need a Backstage or deployments; tests of their own run them."""
VERSION = "workload:\n  image:\n    tag: 1.3.0\n"
DEPLOYMENTS = {
    "billing/values-dev.yaml": VERSION,
    "billing/values-qa.yaml": VERSION,
    "applications.yaml": "---\nkind: AppProject\n---\nkind: Application\nmetadata: {name: billing}\n"
    "spec: {source: {targetRevision: 1.3.0}}\n",
}
"""What the examples change: values files as our skeleton writes them, and Applications."""
EXAMPLES = [(action, example) for action in ACTIONS for example in action.examples]
RUN_HERE = [(action, example) for action, example in EXAMPLES if action.name not in ELSEWHERE]


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context[Effects]]:
    with acme_with(tmp_path / "acme") as acme:
        acme.github.world.commit("acme/apps", "main", dict(DEPLOYMENTS))
        settings = Settings(data=tmp_path / "data", repositories=(str(EXAMPLE),), code_hosts=acme.hosts)
        yield Context(Caller("test", "local", scope="run"), effects_with(settings))


def run(name: str, context: Context[Effects], given: JsonObject) -> JsonObject:
    return {action.name: action for action in ACTIONS}[name].run(context, given)


def valid(schema: JsonObject, value: JsonObject) -> bool:
    verdict = jsonschema_rs.Draft202012Validator(dict(schema)).is_valid(value)
    assert jsonschema.Draft202012Validator(schema).is_valid(value) == verdict
    return verdict


@pytest.mark.parametrize(("action", "example"), EXAMPLES, ids=[f"{a.name}: {e.description}" for a, e in EXAMPLES])
def test_a_documented_example_is_what_the_action_takes(action: Action[Effects], example: Example) -> None:
    action.check(example.input)

    assert valid(action.input_schema(), example.input)


@pytest.mark.parametrize(("action", "example"), RUN_HERE, ids=[f"{a.name}: {e.description}" for a, e in RUN_HERE])
def test_a_documented_example_runs(context: Context[Effects], action: Action[Effects], example: Example) -> None:
    output = action.run(context, example.input)

    assert valid(action.output_schema(), output)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_is_documented_as_a_person_would_want_it(action: Action[Effects]) -> None:
    assert action.examples
    assert action.summary.endswith(".")
    for schema in (action.input_schema(), action.output_schema()):
        properties = schema["properties"]
        assert isinstance(properties, dict)
        assert [name for name, about in properties.items() if not about.get("description")] == []


def test_names_are_given_once() -> None:
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


def test_what_reads_only_writes_nothing(context: Context[Effects], tmp_path: Path) -> None:
    for action, example in RUN_HERE:
        if action.attributes.read_only:
            action.run(context, example.input)

    assert not (tmp_path / "data").exists()


def test_an_idempotent_action_that_is_repeated_leaves_nothing_more(context: Context[Effects], tmp_path: Path) -> None:
    for tried_before in (False, True):
        for number, (action, example) in enumerate(RUN_HERE):
            if action.attributes.idempotent:
                action.run(replace(context, task_id=f"task-{number}", tried_before=tried_before), example.input)

    with closing(sqlite3.connect(tmp_path / "data" / "tasks.db")) as database:
        assert database.execute("SELECT count(*) FROM result_folder").fetchone() == (1,)


def test_an_entity_without_an_owner_is_a_finding_with_its_line(context: Context[Effects]) -> None:
    entity = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec: {type: b, lifecycle: c}"

    output = run("validate-entities", context, {"content": entity, "name": "service.yaml"})

    assert (output["valid"], output["entities"]) == (False, 1)
    assert isinstance(output["findings"], list)
    assert [(each["path"], each["line"]) for each in output["findings"]] == [("service.yaml", 4)]


def test_one_repository_of_several_is_exported_by_its_name(context: Context[Effects]) -> None:
    everything = run("export-catalog", context, {})

    assert run("export-catalog", context, {"repository": "acme-apps"}) == everything
    assert str(everything["content"]).startswith("apiVersion: ")
    with pytest.raises(NotFoundError, match="there is no repository 'other'; the repositories are: acme-apps"):
        run("export-catalog", context, {"repository": "other"})


def test_a_skeletons_questions_are_the_schema_of_a_form(context: Context[Effects]) -> None:
    output = run("list-skeletons", context, {"name": "microservice-python"})

    assert isinstance(output["questions"], dict)
    assert output["questions"]["type"] == "object"
    assert "name" in output["questions"]["properties"]
    assert isinstance(output["skeletons"], list)
    assert [each["name"] for each in output["skeletons"]] == ["microservice-python"]


def test_a_bake_names_its_files_and_keeps_them(context: Context[Effects]) -> None:
    answers = {"name": "ledger", "owner": "group:default/payments"}

    output = run("bake-skeleton", context, {"skeleton": "microservice-python", "answers": answers})

    kept = [file.path for file in context.effects.results.files(str(output["folder"]))]
    assert output["name"] == "ledger"
    assert output["files"] == kept
    assert "catalog-info.yaml" in kept
    assert output["url"] is None


def test_wrong_answers_are_all_named(context: Context[Effects]) -> None:
    with pytest.raises(InputError) as refused:
        run("bake-skeleton", context, {"skeleton": "microservice-python", "answers": {"name": "A B", "nope": "x"}})

    assert {"nope", "name", "owner"} <= {line.strip().split(":")[0] for line in str(refused.value).splitlines()[1:]}


def test_a_secret_is_refused_among_answers_that_are_logged(context: Context[Effects], tmp_path: Path) -> None:
    rules = {"questions": {"token": {"secret": True}}}
    (tmp_path / "demo" / "{{cookiecutter.name}}").mkdir(parents=True)
    (tmp_path / "demo" / "cookiecutter.json").write_text(json.dumps({"name": "x", "token": "", "_scenedock": rules}))
    (tmp_path / "demo" / "{{cookiecutter.name}}" / "a.txt").write_text("{{ cookiecutter.token }}")
    (tmp_path / "skeletons.yaml").write_text("skeletons: [{name: demo, path: demo}]\n")
    effects = replace(context.effects, skeletons=open_skeletons(tmp_path / "skeletons.yaml", None))
    context = replace(context, effects=effects)

    with pytest.raises(InputError, match="token: a secret; move it to `secretAnswers`"):
        run("bake-skeleton", context, {"skeleton": "demo", "answers": {"token": "hunter2"}})
    output = run("bake-skeleton", context, {"skeleton": "demo", "secretAnswers": {"token": "hunter2"}})

    assert effects.results.read_below(str(output["folder"]), "a.txt") == b"hunter2"
