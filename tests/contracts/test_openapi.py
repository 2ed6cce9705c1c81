"""The service keeps its OpenAPI document: schemathesis asks whatever that allows, and what it doesn't."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from scenedock.doors.http.app import make_app
from scenedock.model.action import BASE_PATH
from tests.tools.openapi import DOCUMENT
from tests.tools.service import ADMIN, bearer, service_in

# What a schema can't say: the input of a step depends on its action, and on what `${{ … }}` refers to; the names of
# repositories, branches and paths have git's grammar, and the changes of a commit must not contradict each other; one
# of several fields says what is registered, or which version; services and environments must exist; a body may have to
# be an archive.
MORE_THAN_A_SCHEMA = {
    f"{BASE_PATH}/folders",
    f"{BASE_PATH}/tasks",
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("publish-repository", "propose-change", "commit-change")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("await-pull-request", "register-in-catalog")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("promote-deployment", "roll-back-deployment", "set-version")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("lock-environment", "unlock-environment")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("seal-secret", "refer-to-secret")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("preview-retirement", "retire-environment")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("retire-deployment", "extend-environment")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("unregister-from-catalog", "assess-application")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("plan-environment", "create-environment")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("plan-deployment", "create-deployment")),
    *(f"{BASE_PATH}/actions/{name}/invoke" for name in ("preview-deployment", "show-delivery-metrics")),
}
QUERIES = [
    (path, parameter["name"], parameter["schema"])
    for path, item in DOCUMENT["paths"].items()
    for parameter in item.get("get", {}).get("parameters", ())
    if parameter["in"] == "query"
    and parameter["schema"].get("items", {}).get("type") != "string"
    and parameter["schema"] != {"type": "string"}
]
OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    # A call that takes longer is answered before it has ended, so its error is text (decision 20).
    service = service_in(tmp_path_factory.mktemp("data"), requests_per_minute=1_000_000, quiet_seconds=240)
    service.feed.refresh()
    service.tasks.start()
    yield make_app(service)
    service.stop()


@pytest.fixture(scope="module")
def served(app: Flask) -> BaseSchema:
    return schemathesis.openapi.from_wsgi(f"{BASE_PATH}/openapi.json", app, headers=bearer(ADMIN))


# The threads that tend tasks draw from `random`, too; no strategy does.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("headers", [bearer(ADMIN), {}], ids=["with a token", "without a token"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_documented(
    served: BaseSchema, path: str, method: str, headers: dict[str, str], mode: GenerationMode
) -> None:
    # What is right is done, mostly by a process of its own; and whoever isn't known is refused, whatever is asked.
    _ask(served, path, method, headers, mode, times=8 if headers and mode.is_negative else 3)


@pytest.mark.extended
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_to_many_wrong_questions_is_as_documented(served: BaseSchema, path: str, method: str) -> None:
    _ask(served, path, method, bearer(ADMIN), GenerationMode.NEGATIVE, times=20)


def _ask(
    served: BaseSchema, path: str, method: str, headers: dict[str, str], mode: GenerationMode, *, times: int
) -> None:
    operation = served[path][method]
    if mode.is_negative and not operation.body and not operation.query:
        return  # nothing can be wrong with what is only an address

    excluded: list[schemathesis.CheckFunction] = (
        [positive_data_acceptance] if path in MORE_THAN_A_SCHEMA and method == "post" else []
    )
    if operation.query:  # what isn't known there is let by, and any text is an array of one
        excluded.append(negative_data_rejection)

    @settings(max_examples=times, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        assume("\0" not in "".join(map(str, (case.query or {}).values())))  # which no address may have
        # What is forced waits for an approval, for days.
        assume(not (isinstance(case.body, dict) and case.body.get("force")))
        case.call_and_validate(headers=headers, excluded_checks=excluded)

    ask()


def test_no_address_is_that_of_two_operations() -> None:
    """A name in an address may be any text; none of them is the address of something else."""
    patterns = [
        (method, path, re.compile(re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(path)))) for path, method in OPERATIONS
    ]

    both = [
        (path, other)
        for method, path, pattern in patterns
        for other, others_method in OPERATIONS
        if other != path and others_method == method and pattern.fullmatch(other)
    ]

    assert both == []


@pytest.mark.parametrize(("path", "name", "schema"), QUERIES)
def test_a_wrong_value_in_a_query_is_refused(app: Flask, path: str, name: str, schema: dict[str, Any]) -> None:
    client = app.test_client()
    spec = {"steps": [{"id": "list", "action": "scenedock:list-skeletons", "input": {}}]}
    task: Any = client.post(f"{BASE_PATH}/tasks", json={"spec": spec}, headers=bearer(ADMIN)).json
    wrong = ["", "x", "-1", "1.5", "٣"] + ([str(schema["maximum"] + 1)] if "maximum" in schema else [])

    for value in wrong:
        answer: Any = client.get(
            path.format(task_id=task["id"], name="billing"), query_string={name: value}, headers=bearer(ADMIN)
        )
        assert (answer.status_code, f"`{name}`" in answer.json["error"]["message"]) == (400, True), value


def test_the_document_says_what_is_served(app: Flask) -> None:
    assert app.test_client().get(f"{BASE_PATH}/openapi.json", headers=bearer(ADMIN)).json == DOCUMENT
