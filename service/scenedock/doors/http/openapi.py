"""The OpenAPI document, generated from the table of routes and the table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import Response, current_app

from scenedock.actions.effects import Effects
from scenedock.doors.http.requests.answers import JSON, json_answer
from scenedock.doors.http.routes import OF_PAGES, Answer, Route
from scenedock.errors import ERRORS
from scenedock.model.action import BASE_PATH, Action
from scenedock.model.json import JsonObject
from scenedock.model.schemas import TEXT, plain
from scenedock.runtime.service import Service

if TYPE_CHECKING:
    from scenedock.model.json_documents import JsonDocument


_ERRORS = {
    **{each.status: (each.__doc__ or "").partition("\n")[0].rstrip(".") for each in ERRORS},
    413: "The body is too large",
}
_HEADERS: dict[str, JsonObject] = {
    "X-Request-Id": {
        "type": "string",
        "description": "Id of the request in the log: at most 64 characters of A-Z, a-z, 0-9, `.`, `_` and `-`; an "
        "invalid id is replaced. The response has the same header",
    }
}
"""The header that is read from every request."""
_RETRY: JsonObject = {
    "Retry-After": {"description": "Seconds after which to try again", "schema": {"type": "integer", "minimum": 1}}
}
_INVOKE = f"{BASE_PATH}/actions/{{name}}/invoke"


def read_openapi(_service: Service) -> Response:
    """Read this document."""
    from scenedock.doors.http.documents import OpenApiDocument

    return json_answer(OpenApiDocument.model_validate(current_app.config["OPENAPI"]()))


def openapi_document(routes: Sequence[Route], actions: Sequence[Action[Effects]]) -> JsonObject:
    """The document (OpenAPI 3.1), without pages for people.

    The route that invokes an action is listed once for each action, with its schemas.
    """
    routes = [route for route in routes if route.access not in OF_PAGES]
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.path == _INVOKE:
            paths |= {_INVOKE.format(name=each.name): {"post": _invocation(route, each)} for each in actions}
        else:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Scenedock",
            "version": version("scenedock"),
            "description": "The Backstage companion for Helm GitOps repositories.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}],
        "tags": [{"name": name} for name in sorted({each.tag for each in routes})],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A plugin token of Backstage, or a static token of the service",
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Hub-Signature-256",
                    "description": "`sha256=` and the HMAC-SHA256 of the body with the webhook secret of a code host",
                },
            },
            "schemas": {"Error": _schema("ErrorBody")},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "responses": {str(int(status)): _answer(answer) for status, answer in route.answers.items()} | _errors(route),
    }
    if route.access == "public":
        operation["security"] = []
    elif route.access == "feed":
        operation["security"] = [{"bearer": []}, {}]
    elif route.access == "signed":
        operation["security"] = [{"signature": []}]
    operation["parameters"] = _parameters(route)
    if route.body is not None:
        content = {route.body_type: {"schema": route.body}}
        required = "required" in route.body or route.body_type != JSON
        operation["requestBody"] = {"required": required, "content": content}
    return operation


def _parameters(route: Route) -> list[JsonObject]:
    in_path: list[JsonObject] = [
        {"name": name, "in": "path", "required": True, "description": about, "schema": TEXT}
        for name, about in route.parameters.items()
    ]
    in_query = [_described(name, "query", about) for name, about in route.query.items()]
    in_header = [_described(name, "header", about) for name, about in {**route.headers, **_HEADERS}.items()]
    return in_path + in_query + in_header


def _described(name: str, place: str, about: JsonObject) -> JsonObject:
    schema = {key: value for key, value in about.items() if key not in {"description", "required"}}
    required: JsonObject = {"required": True} if about.get("required") is True else {}
    return {"name": name, "in": place, **required, "description": about["description"], "schema": schema}


def _invocation(route: Route, action: Action[Effects]) -> dict[str, Any]:
    operation = _operation(route)
    asked = [each for each in operation["parameters"] if each["in"] != "path"]
    examples = {f"example-{number}": _example(action, number) for number in range(len(action.examples))}
    content = {"schema": action.input_schema(), **({"examples": examples} if examples else {})}
    output = {**_schema("ActionOutput"), "properties": {"output": action.output_schema()}}
    return operation | {
        "parameters": asked,
        "operationId": f"invoke-{action.name}",
        "summary": action.summary,
        "description": action.description,
        "requestBody": {"required": "required" in action.input_schema(), "content": {"application/json": content}},
        "responses": operation["responses"] | {"200": _answer(route.answers[200], output)},
    }


def _example(action: Action[Effects], number: int) -> JsonObject:
    return {"summary": action.examples[number].description, "value": action.examples[number].input}


def _answer(answer: Answer, schema: JsonObject | None = None) -> JsonObject:
    """One response; `schema`, if given, describes its body more precisely than its model does."""
    if answer.body is not None:
        schema = schema or _schema(answer.body)
    elif answer.media_type != JSON:
        schema = {"type": "string"}
    content: JsonObject = {"content": {answer.media_type: {"schema": schema}}} if schema else {}
    return {"description": answer.description, **content}


def _schema(name: str) -> JsonObject:
    """The schema of a document."""
    from scenedock.doors.http import documents

    model: type[JsonDocument] = getattr(documents, name)
    return plain(model.model_json_schema(mode="serialization"))


def _errors(route: Route) -> dict[str, JsonObject]:
    """The errors that a route may answer with, which depend on its input."""
    statuses = set[int]()
    if route.access != "public":
        statuses |= {401, 403, 429, 503}
    if route.parameters:
        statuses |= {404}
    if route.parameters or route.query or route.headers:
        statuses |= {400}
    if route.body is not None:
        statuses |= {400, 409, 413}
    schema: JsonObject = {"$ref": "#/components/schemas/Error"}
    return {
        str(status): {
            "description": _ERRORS[status],
            "content": {"application/json": {"schema": schema}},
            **({"headers": _RETRY} if status in {429, 503} else {}),
        }
        for status in sorted(statuses - {int(status) for status in route.answers})
    }


ROUTES = (
    Route(
        "GET",
        f"{BASE_PATH}/openapi.json",
        "feed",
        read_openapi,
        {200: Answer("The document", "OpenApiDocument")},
        browser=True,
    ),
)
