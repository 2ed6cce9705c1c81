"""The forms of our Templates ask what the skeletons ask, in the same words and with the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenedock.doors.wiring import open_skeletons
from scenedock.model.json import as_list
from scenedock.usecases.list_skeletons import show_skeleton

TEMPLATES = Path(__file__).parents[2] / "catalog-info" / "templates"
RULES = ("type", "pattern", "minLength", "maxLength")


def baking() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The Templates that bake a skeleton, each with the input of that step."""
    templates = {file.stem: yaml.safe_load(file.read_bytes()) for file in sorted(TEMPLATES.glob("*.yaml"))}
    return {
        name: (template, step["input"])
        for name, template in templates.items()
        for step in template["spec"]["steps"]
        if step["action"] == "scenedock:bake-skeleton"
    }


EACH = pytest.mark.parametrize(("template", "given"), list(baking().values()), ids=list(baking()))


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


@EACH
def test_a_form_asks_what_the_skeleton_asks(template: dict[str, Any], given: dict[str, Any]) -> None:
    questions: Any = show_skeleton(open_skeletons(None, None).open(given["skeleton"]), {})["properties"]
    form = pages(template)

    assert given["answers"].keys() == questions.keys()
    assert form.keys() - questions.keys() == {"repoUrl"}
    for name in form.keys() & questions.keys():
        asked, question = form[name], questions[name]
        full = question["title"]
        assert asked["description"] in (full, full.rpartition(" (")[0])  # one seen where it matters needn't say when
        assert choices(asked) == choices(question)
        assert {rule: asked.get(rule) for rule in RULES} == {rule: question.get(rule) for rule in RULES}, name
        assert asked.get("default", question.get("default")) == question.get("default")


@EACH
def test_a_form_says_its_rules_in_words(template: dict[str, Any], given: dict[str, Any]) -> None:
    ruled = {name: field for name, field in pages(template).items() if "pattern" in field}

    assert [name for name, field in ruled.items() if "pattern" not in field.get("errorMessage", {})] == []


@EACH
def test_a_form_insists_on_what_the_skeleton_insists_on(template: dict[str, Any], given: dict[str, Any]) -> None:
    required = show_skeleton(open_skeletons(None, None).open(given["skeleton"]), {}).get("required", ())

    assert {name for page in template["spec"]["parameters"] for name in page.get("required", ())} >= {
        *as_list(required)
    }


@EACH
def test_a_step_that_bakes_names_its_call(template: dict[str, Any], given: dict[str, Any]) -> None:
    assert given["requestId"].startswith("${{ context.task.id }}-")
