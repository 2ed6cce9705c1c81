"""cookiecutter.json as questions, and those as the JSON Schema of a form."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.questions.schema import questions_schema
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from tests.skeletons.in_memory import skeleton_of


def schema_of(questions: dict[str, Any]) -> Any:
    compiled = CompiledSkeleton(skeleton_of(questions, {"a.txt": ""}))
    schema = questions_schema(compiled.questions, compiled.is_code)
    jsonschema_rs.meta.validate(dict(schema))
    return schema


def test_each_kind_of_question_has_its_property_in_the_order_of_the_skeleton() -> None:
    questions = {
        "name": "x",
        "module": "{{ cookiecutter.name|lower }}",
        "port": 8080,
        "docker": False,
        "ci": ["gh", "gl"],
        "license": ["MIT", "{{ cookiecutter.name }}"],
        "labels": {"a": "b"},
        "nothing": None,
        "_private": 1,
        "__dunder": "x",
    }

    assert schema_of(questions) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "slug": {"title": "slug", "type": "string", "default": "project"},
            "name": {"title": "name", "type": "string", "default": "x"},
            "module": {
                "title": "module",
                "type": "string",
                "description": "Default: {{ cookiecutter.name|lower }}",
            },
            "port": {"title": "port", "type": "integer", "default": 8080},
            "docker": {"title": "docker", "type": "boolean", "default": False},
            "ci": {"title": "ci", "default": "gh", "enum": ["gh", "gl"]},
            "license": {
                "title": "license",
                "description": "The choices depend on other answers: MIT, {{ cookiecutter.name }}",
            },
            "labels": {"title": "labels", "type": "object", "default": {"a": "b"}},
            "nothing": {"title": "nothing", "type": ["string", "null"], "default": None},
        },
        "additionalProperties": False,
    }


def test_titles_and_labels_come_from_the_prompts() -> None:
    prompts = {"slug": "What is it called?", "ci": {"__prompt__": "Which pipeline?", "gh": "GitHub Actions"}}
    properties = schema_of({"ci": ["gh", "gl"], "__prompts__": prompts})["properties"]

    assert properties["slug"]["title"] == "What is it called?"
    assert properties["ci"] == {
        "title": "Which pipeline?",
        "type": "string",
        "default": "gh",
        "oneOf": [{"const": "gh", "title": "GitHub Actions"}, {"const": "gl", "title": "gl"}],
    }


def test_what_cookiecutter_has_no_word_for_comes_from_a_private_variable() -> None:
    rules = {
        "slug": {"description": "Lower case", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 9, "required": True},
        "token": {"secret": True, "title": "Token"},
    }
    schema = schema_of({"token": "change me", "_scenedock": {"questions": rules}})

    assert schema["required"] == ["slug"]
    assert schema["properties"] == {
        "slug": {
            "title": "slug",
            "type": "string",
            "default": "project",
            "pattern": "^[a-z]+$",
            "minLength": 2,
            "maxLength": 9,
            "description": "Lower case",
        },
        "token": {"title": "Token", "type": "string", "writeOnly": True, "format": "password"},
    }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{\n  'a': 1}", r"demo/cookiecutter\.json:2: this is not JSON"),
        ("[]", r"cookiecutter\.json:1: this must be a JSON object"),
        ('{\n "slug": "s",\n "c": []\n}', r"cookiecutter\.json:3: 'c' has no choices"),
        ('{"slug": "s",\n "_extensions": "x"}', r":2: _extensions: must be a list"),
        ('{"slug": "s",\n "_copy_without_render": "*.html"}', r":2: _copy_without_render: must be a list"),
        ('{"slug": "s",\n "_copy_without_render": [1]}', r":2: _copy_without_render: must be a list"),
        ('{"slug": "s",\n "_new_lines": "x"}', r":2: _new_lines: must be"),
        ('{"slug": "s",\n "_jinja2_env_vars": {"loader": "x"}}', r":2: _jinja2_env_vars: 'loader' is not supported"),
        ('{"slug": "s",\n "_jinja2_env_vars": {"trim_blocks": "x"}}', r"trim_blocks must be true or false"),
        ('{"slug": "s",\n "_jinja2_env_vars": {"variable_start_string": 1}}', r"variable_start_string must be text"),
        ('{"slug": "s",\n "_scenedock": {"questions": {"x": {}}}}', r":2: _scenedock\.questions names 'x'"),
        ('{"slug": "s",\n "_scenedock": {"questions": {"slug": {"min": 1}}}}', r":2: _scenedock\.questions\.slug: "),
        ('{"slug": "s",\n "_scenedock": {"questions": {"slug": {"pattern": "("}}}}', r":1: the pattern '\(' can't be"),
        ('{"templates": {}}', "must name folders"),
        ('{"templates": {"a": {}}}', "must name folders"),
        ('{"template": ["no folder"]}', "must name folders"),
    ],
)
def test_what_an_author_got_wrong_is_said_with_its_line(source: str, message: str) -> None:
    with pytest.raises(SkeletonError, match=message):
        CompiledSkeleton(skeleton_of(source, {"a.txt": ""}))


def test_a_folder_without_questions_is_no_skeleton() -> None:
    skeleton = skeleton_of({}, {})
    files = {path: file for path, file in skeleton.files.items() if path != "cookiecutter.json"}

    with pytest.raises(SkeletonError, match=r"there is no cookiecutter\.json"):
        CompiledSkeleton(type(skeleton)("demo", "1", files))


def test_a_deeply_nested_file_is_refused_like_any_other_mistake() -> None:
    with pytest.raises(SkeletonError, match="not JSON"):
        CompiledSkeleton(skeleton_of('{"a":' + "[" * 100_000, {}))


def test_the_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(schema_of({"o": {"a": [1, None]}})))


def test_the_form_has_the_bounds_of_a_number() -> None:
    questions = {"replicas": 2, "_scenedock": {"questions": {"replicas": {"minimum": 0, "maximum": 10}}}}

    assert schema_of(questions)["properties"]["replicas"] == {
        "title": "replicas",
        "type": "integer",
        "default": 2,
        "minimum": 0,
        "maximum": 10,
    }


@pytest.mark.parametrize(
    ("default", "bounds", "words"),
    [
        ("2", {"minimum": 1}, "'replicas' has a `minimum`, but its default is not a whole number"),
        (True, {"maximum": 1}, "'replicas' has a `maximum`, but its default is not a whole number"),
        (0, {"minimum": 1}, "the default of 'replicas', 0, is less than `minimum`"),
        (3, {"minimum": 4, "maximum": 2}, "the default of 'replicas', 3, is less than"),
        (1, {"minimum": 0.5}, "_scenedock.questions.replicas.minimum"),
    ],
)
def test_bounds_that_cant_hold_are_the_authors_error(default: Any, bounds: dict[str, Any], words: str) -> None:
    with pytest.raises(SkeletonError) as caught:
        schema_of({"replicas": default, "_scenedock": {"questions": {"replicas": bounds}}})

    assert words in str(caught.value)
    assert "demo/cookiecutter.json:" in str(caught.value)
