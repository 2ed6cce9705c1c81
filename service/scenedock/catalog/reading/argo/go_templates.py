"""The small part of Go's template language that ApplicationSets name their applications with.

Supported: fields (`.path.basename`), `index`, pipelines, parentheses, the string functions that people use there, and
`toJson`.
Anything else can't be evaluated without a cluster and gives None: missing evidence is better than wrong evidence.
Source: Argo CD, "ApplicationSet: Go Template" and "Generators: Git".
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from scenedock.model.json import Json, JsonObject

# Templates come from repositories: these limits bound the time and memory that each can cost.
_LONGEST_ACTION = 1000
_MOST_TOKENS = 100
_LONGEST_VALUE = 10_000
_ACTION = re.compile(r"\{\{([^{}]*)\}\}")
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<number>\d{1,9})|(?P<field>\.[\w.]*)|(?P<name>\w+)|(?P<sign>[|()]))'
)


class _UnknownError(Exception):
    """The expression needs something that is not known here."""


def render_go(template: str, parameters: JsonObject, *, leave_unknown: bool = False) -> str | None:
    """A Go template with its actions filled in, or None where one can't be evaluated; or such an action stays.

    >>> render_go(
    ...     '{{ index .path.segments 0 }}-{{ .env | trimPrefix "x" }}', {"path": {"segments": ["a"]}, "env": "xqa"}
    ... )
    'a-qa'
    """
    return _rendered(template, lambda expression: _evaluate(expression, parameters), leave_unknown=leave_unknown)


def render_fasttemplate(template: str, parameters: JsonObject, *, leave_unknown: bool = False) -> str | None:
    """An ApplicationSet template without `goTemplate: true`: `{{name}}` is looked up, nothing more.

    `parameters` are nested as in the Go form; `path` alone means `path.path`, and `path[0]` its first segment (with a
    prefix of the generator, `prefix.path` and `prefix.path[0]`).

    >>> render_fasttemplate("{{path[1]}}-{{env}}", {"path": {"segments": ["apps", "billing"]}, "env": "qa"})
    'billing-qa'
    """

    def look_up(key: str) -> Json:
        if segment := re.fullmatch(r"((?:\w+\.)?path)\[(\d+)\]", key):
            return _index(_field(parameters, f"{segment[1]}.segments"), segment[2])
        value = _field(parameters, key)
        return value.get("path") if isinstance(value, Mapping) else value

    return _rendered(template, look_up, leave_unknown=leave_unknown)


def _rendered(template: str, evaluate: Callable[[str], Json], *, leave_unknown: bool) -> str | None:
    """The template with every `{{ … }}` evaluated; None where that isn't possible, unless what is unknown stays."""
    actions = _ACTION.findall(template)
    if len(actions) != template.count("{{") or any(len(action) > _LONGEST_ACTION for action in actions):
        return template if leave_unknown else None

    def filled(action: re.Match[str]) -> str:
        try:
            return _text(evaluate(action[1].removeprefix("-").removesuffix("-").strip()))
        except _UnknownError:
            if leave_unknown:
                return action[0]
            raise

    try:
        return _ACTION.sub(filled, template)
    except _UnknownError:
        return None


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)) and len(text := str(value)) <= _LONGEST_VALUE:
        return text
    raise _UnknownError


def _field(parameters: Json, path: str) -> Json:
    value = parameters
    for part in filter(None, path.split(".")):
        if not isinstance(value, Mapping) or part not in value:
            raise _UnknownError
        value = value[part]
    return value


def _index(value: Json, *keys: Json) -> Json:
    for key in keys:
        try:
            if isinstance(value, Mapping):
                value = value[_text(key)]
            elif isinstance(value, Sequence) and not isinstance(value, str):
                value = value[int(_text(key))]
            else:
                raise _UnknownError
        except (LookupError, ValueError) as error:
            raise _UnknownError from error
    return value


def _normalize(text: str) -> str:
    """Argo CD's `normalize`: a valid DNS name, at most 253 characters."""
    return re.sub(r"[^a-z0-9.-]", "-", text.lower())[:253].strip("-.")


_STRING_FUNCTIONS: Mapping[str, Callable[..., str]] = {
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "normalize": _normalize,
    "base": posixpath.basename,
    "dir": lambda text: posixpath.dirname(text) or ".",
    "trimPrefix": lambda prefix, text: text.removeprefix(prefix),
    "trimSuffix": lambda suffix, text: text.removesuffix(suffix),
    "replace": lambda old, new, text: text.replace(old, new),
}


def _evaluate(expression: str, parameters: JsonObject) -> Json:
    tokens = list(islice(_tokens(expression), _MOST_TOKENS + 1))
    if len(tokens) > _MOST_TOKENS:
        raise _UnknownError
    value = _pipeline(tokens, parameters)
    if tokens:
        raise _UnknownError
    return value


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup is None:
            raise _UnknownError
        yield match.lastgroup, match[match.lastgroup]
        at = match.end()


def _pipeline(tokens: list[tuple[str, str]], parameters: JsonObject) -> Json:
    value = _command(tokens, parameters, ())
    while tokens and tokens[0] == ("sign", "|"):
        tokens.pop(0)
        value = _command(tokens, parameters, (value,))
    return value


def _command(tokens: list[tuple[str, str]], parameters: JsonObject, piped: tuple[Json, ...]) -> Json:
    function = tokens.pop(0)[1] if tokens and tokens[0][0] == "name" else ""
    arguments: list[Json] = []
    while tokens and tokens[0] not in {("sign", "|"), ("sign", ")")}:
        arguments.append(_operand(tokens, parameters))
    arguments.extend(piped)
    if function == "index" and arguments:
        return _index(*arguments)
    if function in {"toJson", "toYaml"} and len(arguments) == 1:
        return _text(json.dumps(arguments[0]))  # which is YAML, too
    if function in _STRING_FUNCTIONS:
        try:
            return _text(_STRING_FUNCTIONS[function](*map(_text, arguments)))
        except TypeError as error:
            raise _UnknownError from error
    if function or len(arguments) != 1:
        raise _UnknownError
    return arguments[0]


def _operand(tokens: list[tuple[str, str]], parameters: JsonObject) -> Json:
    kind, text = tokens.pop(0)
    if kind == "text":
        return text[1:-1] if text[0] == "`" else re.sub(r"\\(.)", r"\1", text[1:-1])
    if kind == "number":
        return int(text)
    if kind == "field":
        return _field(parameters, text)
    if text == "(":
        value = _pipeline(tokens, parameters)
        if tokens and tokens.pop(0) == ("sign", ")"):
            return value
    raise _UnknownError
