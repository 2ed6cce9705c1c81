"""The questions of a skeleton, from its `cookiecutter.json`.

Public variables are questions. `_private` and `__dunder` variables belong to the author and can't be answered. Titles
and labels of choices come from cookiecutter's `__prompts__`; what cookiecutter doesn't support (help text, pattern,
length, bounds, secret, required) comes from `_scenedock.questions`, a private variable that plain cookiecutter ignores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from scenedock.model.json import Json, JsonObject, as_object, as_text
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.skeleton import QUESTIONS_FILE, Skeleton
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    import jsonschema_rs

Kind: TypeAlias = Literal["text", "integer", "boolean", "choice", "object"]

NESTED = ("templates", "template")
"""Variables that list nested skeletons; the first is the newer form."""

LONGEST_ANSWER = 10_000
"""The most characters of an answer to a question without `maxLength`."""

RULES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "purpose": {"type": "string", "pattern": "^[^\\n]{1,200}$"},
        "questions": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "title": {"type": "string"},
                    "description": {"type": "string"},
                    "pattern": {"type": "string"},
                    "minLength": {"type": "integer", "minimum": 0},
                    "maxLength": {"type": "integer", "minimum": 1},
                    "minimum": {"type": "integer"},
                    "maximum": {"type": "integer"},
                    "differsFrom": {"type": "string"},
                    "secret": {"type": "boolean"},
                    "required": {"type": "boolean"},
                },
            },
        },
    },
}
"""The JSON Schema of `_scenedock` in cookiecutter.json."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `raw` is its value in cookiecutter.json: the default, or the list of choices.

    `differs_from` is another question that must have another answer.
    """

    name: str
    kind: Kind
    raw: Json
    title: str
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    pattern: jsonschema_rs.Draft202012Validator | None = None
    pattern_text: str = ""
    min_length: int = 0
    max_length: int = LONGEST_ANSWER
    minimum: int | None = None
    maximum: int | None = None
    differs_from: str = ""
    secret: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Questions:
    """Everything in one cookiecutter.json. `source` is its text: each bake reads its own copy of the values from it."""

    source: str
    questions: Mapping[str, Question]
    private: JsonObject
    nested: Mapping[str, str] = field(default_factory=dict)
    """Nested skeletons: the answer that chooses one → its folder."""
    nested_question: str = ""


def read_questions(skeleton: Skeleton) -> Questions:
    """The questions of a skeleton.

    Raises
    ------
    SkeletonError   cookiecutter.json is missing, isn't JSON, or has invalid rules
    """
    source = skeleton.text(QUESTIONS_FILE)
    if source is None:
        raise SkeletonError(f"{skeleton.label}: there is no {QUESTIONS_FILE}, so this is not a skeleton")
    place = f"{skeleton.label}/{QUESTIONS_FILE}"
    try:
        values = json.loads(source)
    except (ValueError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SkeletonError(f"{place}{line}: this is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise SkeletonError(f"{place}:1: this must be a JSON object of variables and their defaults")

    prompts = as_object(values.get("__prompts__"))
    rules = _rules(values, source, place)
    private = {name: value for name, value in values.items() if name.startswith("_")}
    nested_question = next((name for name in NESTED if values.get(name)), "")
    if nested_question or set(NESTED) & set(values):
        nested, question = _nested(nested_question, values.get(nested_question), prompts, place)
        return Questions(source, {nested_question: question}, private, nested, nested_question)
    questions = {
        name: _question(name, raw, prompts.get(name), as_object(rules.get(name)), f"{place}:{line_of(source, name)}")
        for name, raw in values.items()
        if not name.startswith("_")
    }
    return Questions(source, questions, private)


def line_of(source: str, name: str) -> int:
    """The line of cookiecutter.json where a variable is set, as far as its text shows; else 1."""
    match = re.search(rf'^\s*[{{,]?\s*"{re.escape(name)}"\s*:', source, re.MULTILINE)
    return source.count("\n", 0, match.end()) + 1 if match else 1


def secret_variables(questions: Questions) -> frozenset[str]:
    """The secret questions, and all variables whose default refers to one, directly or indirectly."""
    hidden = {name for name, question in questions.questions.items() if question.secret}
    if not hidden:
        return frozenset()
    defaults = {name: json.dumps(raw, ensure_ascii=False) for name, raw in json.loads(questions.source).items()}
    while True:
        word = re.compile(rf"cookiecutter.*\b(?:{'|'.join(map(re.escape, hidden))})\b")
        further = {name for name, raw in defaults.items() if name not in hidden and word.search(raw)}
        if not further:
            return frozenset(hidden)
        hidden |= further


def _rules(values: Mapping[str, Any], source: str, place: str) -> JsonObject:
    import jsonschema_rs

    rules = values.get("_scenedock", {})
    line = line_of(source, "_scenedock")
    for error in jsonschema_rs.iter_errors(RULES_SCHEMA, rules):
        where = ".".join(["_scenedock", *map(str, error.instance_path)])
        raise SkeletonError(f"{place}:{line}: {where}: {error.message}")
    questions = as_object(as_object(rules).get("questions"))
    others = [other for each in questions.values() if (other := as_text(as_object(each).get("differsFrom")))]
    for name in [*questions, *others]:
        if name not in values or name.startswith("_"):
            raise SkeletonError(f"{place}:{line}: _scenedock.questions names {name!r}, which is not a question")
    return questions


def _question(name: str, raw: Json, prompt: Json, rules: Mapping[str, Any], place: str) -> Question:
    labels = {str(key): str(value) for key, value in as_object(prompt).items()}
    title = labels.pop("__prompt__", "") or (prompt if isinstance(prompt, str) and prompt else name)
    if raw == []:
        raise SkeletonError(f"{place}: {name!r} has no choices; list at least one")
    pattern = str(rules.get("pattern", ""))
    minimum, maximum = _bounds(name, raw, rules, place)
    return Question(
        name=name,
        kind=_kind(raw),
        raw=raw,
        title=str(rules.get("title", title)),
        description=str(rules.get("description", "")),
        labels=labels,
        pattern=_compiled(pattern, place) if pattern else None,
        pattern_text=pattern,
        min_length=int(rules.get("minLength", 0)),
        max_length=int(rules.get("maxLength", LONGEST_ANSWER)),
        minimum=minimum,
        maximum=maximum,
        differs_from=str(rules.get("differsFrom", "")),
        secret=bool(rules.get("secret", False)),
        required=bool(rules.get("required", False)),
    )


def _bounds(name: str, raw: Json, rules: Mapping[str, Any], place: str) -> tuple[int | None, int | None]:
    """The least and the greatest answer to a question for a whole number."""
    bounds = {word: int(rules[word]) for word in ("minimum", "maximum") if word in rules}
    if not bounds:
        return None, None
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise SkeletonError(f"{place}: {name!r} has a `{next(iter(bounds))}`, but its default is not a whole number")
    minimum, maximum = bounds.get("minimum"), bounds.get("maximum")
    if (minimum is not None and minimum > raw) or (maximum is not None and maximum < raw):
        raise SkeletonError(f"{place}: the default of {name!r}, {raw}, is less than `minimum` or more than `maximum`")
    return minimum, maximum


def _kind(raw: Json) -> Kind:
    if isinstance(raw, bool):
        return "boolean"
    if isinstance(raw, int):
        return "integer"
    if isinstance(raw, Mapping):
        return "object"
    return "choice" if isinstance(raw, list) else "text"


def _compiled(pattern: str, place: str) -> jsonschema_rs.Draft202012Validator:
    """The pattern, for an engine that takes time linear in the answer, because answers are not trusted."""
    import jsonschema_rs

    try:
        options = jsonschema_rs.RegexOptions()
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except ValueError as error:
        raise SkeletonError(f"{place}: the pattern {pattern!r} can't be used: {error}") from error


def _nested(name: str, offered: Any, prompts: JsonObject, place: str) -> tuple[dict[str, str], Question]:
    """The folders of the nested skeletons by name, and the question that chooses one."""
    labels: dict[str, str] = {}
    folders: dict[str, str] = {}
    if name == "templates" and isinstance(offered, dict):
        for key, about in offered.items():
            folders[key] = str(as_object(about).get("path") or "")
            title = str(as_object(about).get("title", key))
            description = str(as_object(about).get("description", key))
            labels[key] = title if title == description else f"{title} ({description})"
    elif name == "template" and isinstance(offered, list):
        for choice in offered:
            match = re.search(r"\((.+)\)", choice) if isinstance(choice, str) else None
            folders[str(choice)] = match.group(1) if match else ""
    wrong = [key for key, folder in folders.items() if not folder]
    if not folders or wrong:
        raise SkeletonError(
            f"{place}: `template` and `templates` must name folders of the skeleton; see cookiecutter's documentation"
        )
    asked = prompts.get(name)
    title = asked if isinstance(asked, str) else "Select a template"
    return folders, Question(name=name, kind="choice", raw=list(folders), title=title, labels=labels)
