"""Requests and answers, judged by GitHub's own description of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from urllib.parse import unquote

from jsonschema_rs import Draft4Validator

from tests.fakes.github.description import description

METHODS = ("get", "post", "put", "patch", "delete")
ERROR = {"$ref": "#/components/schemas/basic-error"}
UNDOCUMENTED = {301, 307, 401, 403, 404, 409, 422, 429, 500, 502, 503}
"""Statuses that GitHub may give to anything, with the body of an error, and doesn't list everywhere."""


@dataclass(frozen=True)
class Operation:
    """One method of one path, by its template: `GET /repos/{owner}/{repo}`."""

    name: str
    node: Mapping[str, Any]

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Each parameter by where it stands (`path`, `query`) and its name."""
        resolved = [_resolved(node) for node in self.node.get("parameters", [])]
        return {(node["in"], node["name"]): node for node in resolved}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What matches a request of it, `GET /repos/acme/apps`, with a group for each value of the path."""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            # Branches and refs with a slash in them work without quoting, too, though only some parameters say so.
            several = self.parameters.get(("path", name), {}).get("x-multi-segment") or name in {"ref", "branch"}
            return f"(?P<{name}>{'.+?' if several else '[^/]+'})"

        return re.compile(re.sub(r"\\\{(\w+)\\\}", value, re.escape(self.name)))

    @cached_property
    def ends(self) -> tuple[str, str]:
        """What stands before the first value of the path, and after the last one."""
        return self.name.partition("{")[0], self.name.rpartition("}")[2]

    def request_problems(self, path: Mapping[str, str], query: Mapping[str, str], body: Any) -> list[str]:
        """What is wrong with a request; `body` is None where there was none."""
        problems = [f"query {name}: not in the description" for name in query if ("query", name) not in self.parameters]
        for place, values in (("path", path), ("query", query)):
            for name, text in values.items():
                if schema := self.parameters.get((place, name), {}).get("schema"):
                    problems += [f"{place} {name}: {each}" for each in _problems(schema, _typed(schema, text))]
        content = _resolved(self.node.get("requestBody", {})).get("content")
        if content is None:
            return problems + (["body: none is described"] if body is not None else [])
        if body is None:
            return problems + (["body: missing"] if self.node["requestBody"].get("required") else [])
        schema = content["application/json"]["schema"]
        known = _properties(schema)
        names = body if isinstance(body, dict) and known else ()
        unknown = [f"body {name}: not in the description" for name in names if name not in known]
        return problems + unknown + [f"body {each}" for each in _problems(schema, body)]

    def answer_problems(self, status: int, body: Any) -> list[str]:
        """What is wrong with an answer; `body` is None where there is none."""
        described = self.node["responses"].get(str(status))
        if described is None:
            if status not in UNDOCUMENTED:
                return [f"status {status}: not in the description"]
            schema: Any = ERROR
        else:
            content = _resolved(described).get("content", {})
            # An error says what it is about even where no body is described.
            if "application/json" not in content and status < 400:
                return [f"body: none is described for {status}"] if body is not None else []
            schema = content.get("application/json", {}).get("schema", ERROR)
        return [f"answer {each}" for each in _problems(schema, body)]


@dataclass
class Description:
    """All operations, found by method and path."""

    operations: dict[str, Operation] = field(init=False)

    def __post_init__(self) -> None:
        self.operations = {
            f"{method.upper()} {template}": Operation(f"{method.upper()} {template}", node[method])
            for template, node in description()["paths"].items()
            for method in METHODS
            # An older name of `compare/{basehead}`.
            if method in node and not template.endswith("/compare/{base}...{head}")
        }
        self._in_order = sorted(
            self.operations.values(),
            key=lambda each: [("{" not in part, part) for part in each.name.split("/")],
            reverse=True,  # what is written out comes before a value, and the longer path before the shorter one
        )

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a request and the values in its path, which is as the client sent it, still quoted."""
        asked = f"{method} {path}"
        for operation in self._in_order:
            before, after = operation.ends  # a look at them saves compiling 1,200 patterns
            if not (asked.startswith(before) and asked.endswith(after)):
                continue
            if found := operation.pattern.fullmatch(asked):
                return operation, {name: unquote(value) for name, value in found.groupdict().items()}
        return None


@cache
def operations() -> Description:
    """All operations, read once."""
    return Description()


def webhook_problems(event: str, body: Any) -> list[str]:
    """What is wrong with a webhook's payload; the event is named with its action: `pull-request-closed`."""
    post = description()["x-webhooks"][event]["post"]
    return _problems(post["requestBody"]["content"]["application/json"]["schema"], body)


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = _component(node["$ref"])
    return node


def _component(reference: str) -> Mapping[str, Any]:
    _, _, kind, name = reference.split("/")
    found: Mapping[str, Any] = description()["components"][kind][name]
    return found


def _properties(schema: Mapping[str, Any]) -> set[str]:
    """The names that a body may have; empty where it may have any."""
    schema = _resolved(schema)
    if schema.get("additionalProperties"):
        return set()
    names = set(schema.get("properties", {}))
    for several in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(several, []):
            names |= _properties(each)
    return names


def _typed(schema: Mapping[str, Any], text: str) -> Any:
    kind = _resolved(schema).get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def _problems(schema: Mapping[str, Any], value: Any) -> list[str]:
    errors = _validator(json.dumps(schema)).iter_errors(value)
    return [f"{'/'.join(map(str, each.instance_path))}: {_short(each.message)}" for each in errors]


def _short(message: str) -> str:
    """A message begins with the value, however large, and ends with what is wrong with it."""
    return message if len(message) < 300 else f"{message[:100]} … {message[-200:]}"


@cache
def _validator(schema_text: str) -> Draft4Validator:
    """A validator of a schema, with the components that it refers to."""
    schema = json.loads(schema_text)
    components: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        for reference in _references(waiting.pop()):
            name = reference.rsplit("/", 1)[1]
            if name not in components:
                components[name] = _component(reference)
                waiting.append(components[name])
    whole = {"allOf": [schema], "components": {"schemas": components}}
    # The addresses of GitHub's own bots (1+name[bot]@…) are none as RFC 5321 has them.
    return Draft4Validator(whole, validate_formats=True, formats={"email": lambda text: "@" in text})


def _references(node: Any) -> Iterable[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        for each in node.values():
            yield from _references(each)
