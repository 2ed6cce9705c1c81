"""Forms made from JSON Schemas: the fields that they show, and the values that somebody has sent with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from werkzeug.datastructures import MultiDict

from scenedock.documents.reading import BACKSTAGE, DocumentError, read_document
from scenedock.documents.writing import write_documents
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.model.schemas import title_of
from scenedock.structs import dataclass, replace

Kind: TypeAlias = Literal["text", "long", "number", "check", "choice", "lines", "yaml", "password"]
_LONG: Final = 2_000
"""A text that may be longer than this is typed into several lines."""
FORM_ID: Final = "_form"
"""The hidden field that identifies a form, so that it is run only once. Neither a question nor a field of an action
begins with `_`.
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: what it asks, what it shows, and what is wrong with what was sent."""

    name: str
    label: str
    hint: str
    kind: Kind
    value: str
    options: tuple[tuple[str, str], ...]
    required: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form has brought: the values by name, and what is wrong with fields that can't be read."""

    values: JsonObject
    problems: Mapping[str, str]


def fields_of(
    schema: JsonObject,
    sent: MultiDict[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    filled: Mapping[str, str] | None = None,
) -> list[Field]:
    """The fields of a schema's form, with the defaults, or with what was `sent` and the problems of it.

    What is typed into a field for a secret is never shown again. `filled` are values instead of defaults.
    """
    required = as_list(schema.get("required"))
    fields = [
        _field(name, rules, sent, (problems or {}).get(name, ""), is_required=name in required)
        for name, rules in _rules(schema)
    ]
    return [
        replace(each, value=filled[each.name]) if filled and each.name in filled and each.kind != "password" else each
        for each in fields
    ]


def read_form(schema: JsonObject, sent: MultiDict[str, str]) -> Sent:
    """The values of a form; a field that was left empty has none, where the schema allows that."""
    values: dict[str, Json] = {}
    problems: dict[str, str] = {}
    required = as_list(schema.get("required"))
    for name, rules in _rules(schema):
        kind, text = _kind(rules), sent.get(name, "").replace("\r\n", "\n")
        if kind == "check":
            values[name] = name in sent
            continue
        if not text.strip() and (kind not in {"text", "long", "password"} or not as_text(rules.get("default"))):
            if name in required:
                problems[name] = "is required"
            continue
        try:
            values[name] = _value(kind, rules, text)
        except ValueError as error:
            problems[name] = str(error)
    return Sent(values, problems)


def _rules(schema: JsonObject) -> list[tuple[str, JsonObject]]:
    properties = as_object(schema.get("properties"))
    return [(name, as_object(rules)) for name, rules in properties.items()]


def _field(name: str, rules: JsonObject, sent: MultiDict[str, str] | None, problem: str, *, is_required: bool) -> Field:
    kind = _kind(rules)
    value = _shown(kind, rules.get("default")) if sent is None else sent.get(name, "")
    return Field(
        name=name,
        label=as_text(rules.get("title")) or title_of(name),
        hint=as_text(rules.get("description")),
        kind=kind,
        value="" if kind == "password" or rules.get("writeOnly") else value,
        options=tuple((_text(choice), title) for choice, title in _choices(rules)),
        required=is_required,
        error=problem,
    )


def _kind(rules: JsonObject) -> Kind:
    types = [rules["type"]] if isinstance(rules.get("type"), str) else as_list(rules.get("type"))
    plain = [each for each in types if each != "null"]
    if rules.get("format") == "password" or (rules.get("writeOnly") and plain == ["string"]):
        return "password"
    if _choices(rules):
        return "choice"
    match plain:
        case ["boolean"] if len(types) == 1:
            return "check"
        case ["integer" | "number"]:
            return "number"
        case ["string"]:
            most = rules.get("maxLength")
            return "long" if isinstance(most, int) and most > _LONG else "text"
        case ["array"] if as_object(rules.get("items")).get("type") == "string":
            return "lines"
        case _:
            return "yaml"


def _choices(rules: JsonObject) -> Sequence[tuple[Json, str]]:
    listed = [(each, _text(each)) for each in as_list(rules.get("enum"))]
    named = [as_object(each) for each in as_list(rules.get("oneOf"))]
    return listed or [
        (each["const"], as_text(each.get("title")) or _text(each["const"])) for each in named if "const" in each
    ]


def _value(kind: Kind, rules: JsonObject, text: str) -> Json:
    """The value of what was typed.

    Raises
    ------
    ValueError   it isn't one; the message is for the person who typed it
    """
    match kind:
        case "number":
            return _number(text.strip(), is_whole="integer" in str(rules.get("type")))
        case "choice":
            for choice, _ in _choices(rules):
                if _text(choice) == text:
                    return choice
            raise ValueError("is not one of the choices")
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "yaml":
            try:
                return read_document(text.encode(), meaning=BACKSTAGE).value
            except (DocumentError, UnicodeEncodeError) as error:
                raise ValueError(f"is not valid YAML: {error}") from None
        case _:
            return text


def _number(text: str, *, is_whole: bool) -> Json:
    try:
        return int(text) if is_whole else float(text)
    except ValueError:
        raise ValueError("must be a whole number" if is_whole else "must be a number") from None


def _shown(kind: Kind, default: Json) -> str:
    if default is None or default in ([], {}):
        return ""
    if kind == "check":
        return "on" if default else ""
    if kind == "lines":
        return "\n".join(map(str, as_list(default)))
    if kind == "yaml":
        return write_documents([as_object(default)]) if isinstance(default, dict) else json.dumps(default)
    return _text(default)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
