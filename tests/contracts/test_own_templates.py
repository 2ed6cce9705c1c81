"""The forms of our Templates ask what the skeletons ask, in the same words and with the same rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenedock.model.json import as_list
from scenedock.runtime.wiring import open_skeletons
from scenedock.usecases.skeletons.list_skeletons import show_skeleton

TEMPLATES = Path(__file__).parents[2] / "catalog-info" / "templates"
RULES = ("type", "pattern", "minLength", "maxLength", "minimum", "maximum")


FOR_REPOSITORIES = {"repoUrl", "gitopsRepoUrl", "team", "registry"}


def baking() -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The Templates that bake skeletons, each with the inputs of those steps."""
    templates = {file.stem: yaml.load(file.read_bytes(), yaml.CSafeLoader) for file in sorted(TEMPLATES.glob("*.yaml"))}
    steps = {
        name: [step["input"] for step in template["spec"]["steps"] if step["action"] == "scenedock:bake-skeleton"]
        for name, template in templates.items()
    }
    return {name: (templates[name], given) for name, given in steps.items() if given}


BAKING = baking()
EACH = pytest.mark.parametrize(("template", "baked"), list(BAKING.values()), ids=list(BAKING))


def questions(given: dict[str, Any]) -> Any:
    """The schema of the questions that a step answers."""
    return show_skeleton(open_skeletons(None, None), given["skeleton"], {})


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The fields of a page with those that are only seen after some answers."""
    yield from ((name, field) for name, field in schema.get("properties", {}).items() if "const" not in field)
    for rule in schema.get("dependencies", {}).values():
        for case in rule["oneOf"]:
            yield from fields(case)


def pages(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All fields of a Template's form by name."""
    return dict(field for page in template["spec"]["parameters"] for field in fields(page))


def choices(field: dict[str, Any]) -> list[tuple[object, object]]:
    """The choices of a field with what people read; Backstage's review page has labels of `enumNames` only."""
    if "oneOf" in field:
        return [(choice["const"], choice["title"]) for choice in field["oneOf"]]
    offered = field.get("enum", [])
    return list(zip(offered, field.get("enumNames", offered), strict=True))


def asks_as(asked: dict[str, Any], question: dict[str, Any]) -> bool:
    """Whether a field has the rules and, if it has one, the default of a question, and its words, or their beginning.

    A field that is seen only where it matters needn't say when that is.
    """
    return (
        question["title"].startswith(asked["description"])
        and choices(asked) == choices(question)
        and all(asked.get(rule) == question.get(rule) for rule in RULES)
        and asked.get("default", question.get("default")) == question.get("default")
    )


@EACH
def test_a_form_asks_what_its_skeletons_ask(template: dict[str, Any], baked: list[dict[str, Any]]) -> None:
    known = [questions(given)["properties"] for given in baked]
    form = pages(template)

    assert baked[0]["answers"].keys() == known[0].keys()
    assert form.keys() - {name for each in known for name in each} <= FOR_REPOSITORIES
    for name in form.keys() - FOR_REPOSITORIES:
        assert any(asks_as(form[name], each[name]) for each in known if name in each), name


@EACH
def test_a_form_says_its_rules_in_words(template: dict[str, Any], baked: list[dict[str, Any]]) -> None:
    ruled = {name: field for name, field in pages(template).items() if "pattern" in field}

    assert [name for name, field in ruled.items() if "pattern" not in field.get("errorMessage", {})] == []


@EACH
def test_a_step_answers_what_its_skeleton_insists_on(template: dict[str, Any], baked: list[dict[str, Any]]) -> None:
    insisted = {name for page in template["spec"]["parameters"] for name in page.get("required", ())}
    for given in baked:
        schema = questions(given)
        assert given["answers"].keys() <= schema["properties"].keys()
        for name in as_list(schema.get("required", ())):
            (asked,) = re.findall(r"^\$\{\{ parameters\.(\w+) \}\}$", given["answers"][str(name)])
            assert asked in insisted


@EACH
def test_each_step_that_makes_something_names_its_call(template: dict[str, Any], baked: list[dict[str, Any]]) -> None:
    steps = template["spec"]["steps"]

    assert len(steps) > len(baked)
    for step in steps:
        assert step["action"].startswith("scenedock:")
        assert step["input"]["requestId"] == f"${{{{ context.task.id }}}}-{step['id']}"


@pytest.mark.parametrize("template", [template for template, _ in BAKING.values()], ids=list(BAKING))
def test_the_page_of_a_task_that_failed_has_a_retry_button(template: dict[str, Any]) -> None:
    """Without this Backstage has none, though its API retries any task."""
    assert template["spec"]["EXPERIMENTAL_recovery"] == {"EXPERIMENTAL_strategy": "startOver"}


def test_only_an_explicit_no_makes_more_than_a_plan() -> None:
    asking = {file.name: file.read_text("utf-8") for file in TEMPLATES.glob("*.yaml")}
    uses = {name: re.findall(r"parameters\.plan_only( [!=]= false)?", text) for name, text in asking.items()}

    assert sum(map(bool, uses.values())) >= 4
    assert [name for name, found in uses.items() if not all(found)] == []  # an answer that is missing is no `false`
