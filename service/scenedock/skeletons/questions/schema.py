"""A skeleton's questions as the JSON Schema of a form (draft 2020-12, as Backstage's scaffolder forms read it)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scenedock.model.json import Json, JsonObject
from scenedock.skeletons.questions.questions import LONGEST_ANSWER, Question, Questions


def questions_schema(questions: Questions, is_code: Callable[[str], bool]) -> JsonObject:
    """One property for each question, in the skeleton's order.

    A default or a choice that depends on other answers isn't known in advance: then `default` or `enum` is left out,
    and the description shows the expression. `is_code` tells whether a text contains Jinja.
    """
    asked = questions.questions.values()
    required = [question.name for question in asked if question.required]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {question.name: _property(question, is_code) for question in asked},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _property(question: Question, is_code: Callable[[str], bool]) -> JsonObject:
    computed = _has_code(question.raw, is_code)
    about: dict[str, Any] = {"title": question.title}
    description = [question.description] if question.description else []
    if question.kind == "choice" and isinstance(question.raw, list):
        about |= {} if computed else _choices(question, question.raw)
        if computed:
            description.append("The choices depend on other answers: " + ", ".join(map(str, question.raw)))
    else:
        about["type"] = _type(question)
        if computed:
            description.append(f"Default: {question.raw}")
        else:
            about["default"] = question.raw
    if question.kind == "text":
        about |= _text_rules(question)
    about |= {word: bound for word in ("minimum", "maximum") if (bound := getattr(question, word)) is not None}
    if question.secret:
        about |= {"writeOnly": True, "format": "password"}
        about.pop("default", None)
    if description:
        about["description"] = "\n".join(description)
    return about


def _type(question: Question) -> Json:
    if question.kind == "text":
        return ["string", "null"] if question.raw is None else "string"
    return question.kind


def _choices(question: Question, choices: list[Json]) -> dict[str, Json]:
    default: dict[str, Json] = {"default": choices[0]}
    if question.labels:
        if all(isinstance(choice, str) for choice in choices):
            default["type"] = "string"  # Backstage's forms show no field for a `oneOf` without a type
        return default | {"oneOf": [{"const": c, "title": question.labels.get(str(c), str(c))} for c in choices]}
    return default | {"enum": choices}


def _text_rules(question: Question) -> dict[str, Json]:
    rules: dict[str, Json] = {}
    if question.pattern_text:
        rules["pattern"] = question.pattern_text
    if question.min_length or question.required:
        rules["minLength"] = max(question.min_length, 1 if question.required else 0)
    if question.max_length != LONGEST_ANSWER:
        rules["maxLength"] = question.max_length
    return rules


def _has_code(raw: Json, is_code: Callable[[str], bool]) -> bool:
    if isinstance(raw, str):
        return is_code(raw)
    if isinstance(raw, dict):
        return any(_has_code(part, is_code) for pair in raw.items() for part in pair)
    return isinstance(raw, list) and any(_has_code(part, is_code) for part in raw)
