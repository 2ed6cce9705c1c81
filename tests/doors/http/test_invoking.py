"""A call that takes long keeps its connection alive, and still can't end as a success that it isn't."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import Future
from itertools import islice

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import make_app
from scenedock.doors.http.requests.invoking import kept_alive
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import BASE_PATH
from scenedock.model.json import JsonObject
from scenedock.runtime.calls import Calls, Room
from scenedock.runtime.service import Service
from scenedock.structs import replace
from tests.tools.service import RUN, bearer
from tests.tools.tokens import Backstage

EXPORT = f"{BASE_PATH}/actions/export-catalog/invoke"


def test_white_space_comes_until_there_is_an_output() -> None:
    call: Future[JsonObject] = Future()
    parts = kept_alive(call, seconds=0.001)

    assert list(islice(parts, 3)) == [" ", " ", " "]
    call.set_result({"a": 1})
    assert json.loads("".join(parts)) == {"output": {"a": 1}}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("replicas must be > 0"), "InputError: replicas must be > 0"),
        (RuntimeError("secret"), "Error: the call ended with an unexpected error"),
        (TimeoutError("secret"), "Error: the call ended with an unexpected error"),
    ],
)
def test_a_late_refusal_is_no_json(error: Exception, said: str) -> None:
    call: Future[JsonObject] = Future()
    call.set_exception(error)

    text = "".join(kept_alive(call))

    assert text == said
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


@pytest.fixture
def impatient(service: Service) -> FlaskClient:
    """A client of a service for which every call takes too long, and which knows one repository."""

    def slowly(_found: object, _context: object, given: JsonObject, _leave: object) -> JsonObject:
        time.sleep(0.2)
        if given.get("repository") != "acme-apps":
            raise NotFoundError("there is no such repository")
        return {"entities": 10}

    settings = replace(service.settings, quiet_seconds=0)
    return make_app(
        replace(service, settings=settings, calls=Calls(Room(2, 2, 4, 60), service.metrics, slowly))
    ).test_client()


def test_a_long_call_is_answered_in_parts(impatient: FlaskClient) -> None:
    answer = impatient.post(EXPORT, json={"repository": "acme-apps"}, headers=bearer(RUN))

    assert answer.status_code == 200
    assert answer.text.lstrip() == '{"output":{"entities":10}}'
    assert "Content-Length" not in answer.headers


def refused_late(
    impatient: FlaskClient, headers: Mapping[str, str], *, hangs_up: bool = False
) -> tuple[int, list[object]]:
    """The status of a call that is refused after a while, and what the client was told meanwhile."""
    told: list[object] = []

    def say(hints: object) -> None:
        told.append(hints)
        time.sleep(0.05)
        if hangs_up:
            raise BrokenPipeError

    environ = {"wsgi.early_hints": say}
    answer = impatient.post(EXPORT, json={"repository": "payroll"}, headers=headers, environ_overrides=environ)
    return answer.status_code, told


def test_backstage_is_asked_to_wait_and_gets_the_status_that_is_right(
    impatient: FlaskClient, backstage: Backstage
) -> None:
    headers = {**bearer(backstage.plugin_token()), "Connection": "keep-alive", "X-Request-Id": "of-a-long-call"}

    status, told = refused_late(impatient, headers)

    assert status == 404
    assert told
    assert all(hints == [("X-Request-Id", "of-a-long-call")] for hints in told)


@pytest.mark.parametrize(
    "passed_on", [{"Connection": ""}, {"Connection": "close"}, {"X-Forwarded-For": "10.0.0.1"}, {"Via": "1.1 proxy"}]
)
def test_no_proxy_is_asked_to_wait(impatient: FlaskClient, backstage: Backstage, passed_on: dict[str, str]) -> None:
    headers = {**bearer(backstage.plugin_token()), "Connection": "keep-alive", **passed_on}

    assert refused_late(impatient, headers) == (200, [])


def test_nobody_but_backstage_is_asked_to_wait(impatient: FlaskClient) -> None:
    assert refused_late(impatient, {**bearer(RUN), "Connection": "keep-alive"}) == (200, [])


def test_a_client_that_has_hung_up_is_asked_once(impatient: FlaskClient, backstage: Backstage) -> None:
    headers = {**bearer(backstage.plugin_token()), "Connection": "keep-alive"}

    status, told = refused_late(impatient, headers, hangs_up=True)

    assert (status, len(told)) == (200, 1)
