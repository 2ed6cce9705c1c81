"""A call that takes long keeps its connection alive, and still can't end as a success that it isn't."""

from __future__ import annotations

import json
from concurrent.futures import Future
from itertools import islice

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http import invoking
from scenedock.doors.http.invoking import kept_alive
from scenedock.doors.http.routes import BASE
from scenedock.doors.service import Service
from scenedock.errors import InputError
from scenedock.model.json import JsonObject
from tests.tools.service import RUN, bearer


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


def test_a_long_call_is_answered_in_parts(
    client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoking, "SECONDS_WITHOUT_HEADERS", 0.0)

    answer = client.post(f"{BASE}/actions/export-catalog/invoke", json={"withContent": False}, headers=bearer(RUN))

    assert answer.status_code == 200
    assert answer.json
    assert answer.json["output"]["entities"] == 10
