"""Tasks over HTTP: whose they are, and what may be submitted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.model.action import BASE_PATH
from scenedock.model.redaction import MOST_CHARACTERS
from scenedock.runtime.service import Service
from tests.tools.service import ADMIN, READ, RUN, bearer
from tests.tools.tokens import Backstage

TASKS = f"{BASE_PATH}/tasks"
LIST = {"action": "scenedock:list-skeletons"}
BAKE_V2 = f"{BASE_PATH}/.backstage/actions/v2/actions/scenedock:bake-skeleton/invoke"


def submit(client: FlaskClient, body: Any, token: str = RUN, **headers: str) -> Any:
    return client.post(TASKS, json=body, headers=bearer(token) | headers)


def test_keys_that_differ_are_tasks_that_differ_however_long_they_are(client: FlaskClient) -> None:
    spec = {"spec": {"steps": [LIST]}}
    ids = [submit(client, spec, **{"Idempotency-Key": "k" * 300 + end}).json["id"] for end in ("a", "b", "a")]

    assert ids[0] == ids[2] != ids[1]


def test_a_key_means_one_spec_in_whatever_order_its_keys_are(client: FlaskClient) -> None:
    step, key = {**LIST, "input": {"name": "deployment"}}, {"Idempotency-Key": "nightly"}
    first = submit(client, {"spec": {"steps": [step], "parameters": {"a": 1, "b": 2}}}, **key)
    same = {"spec": {"parameters": {"b": 2, "a": 1}, "steps": [dict(reversed(step.items()))]}, "secrets": {"t": "new"}}

    assert submit(client, same, **key).json == first.json
    for other in ({"a": 1}, {"a": 1, "b": 2.0}, {"a": True, "b": 2}):
        refused = submit(client, {"spec": {"steps": [step], "parameters": other}}, **key)
        assert (refused.status_code, refused.json["error"]["name"]) == (409, "ConflictError")
        assert first.json["id"] in refused.json["error"]["message"]
    assert submit(client, {"spec": {"steps": [LIST]}}, ADMIN, **key).status_code == 201  # the key of another caller


def test_the_key_is_a_parameter_of_the_described_route(client: FlaskClient) -> None:
    document = client.get(f"{BASE_PATH}/openapi.json", headers=bearer(READ)).json
    assert document
    described = document["paths"][TASKS]["post"]
    (key,) = (each for each in described["parameters"] if each["name"] == "Idempotency-Key")

    assert (key["in"], key["schema"]) == ("header", {"type": "string"})
    assert "409" in described["responses"]


@pytest.mark.parametrize("way", ["", "/log", "/log?wait=1", "/eventstream", "/cancel", "/retry"])
@pytest.mark.parametrize("of", [TASKS, "/api/scaffolder/v2/tasks"])
def test_a_task_of_another_is_not_there(client: FlaskClient, backstage: Backstage, way: str, of: str) -> None:
    task_id = submit(client, {"spec": {"steps": [LIST]}}).json["id"]
    if of != TASKS:
        way = way.replace("/log", "/events")
    ask = client.post if way in {"/cancel", "/retry"} else client.get
    user = backstage.plugin_token(obo=backstage.user_token())

    answer = ask(f"{of}/{task_id}{way}", headers=bearer(user))

    assert (answer.status_code, answer.json and answer.json["error"]["name"]) == (404, "NotFoundError")
    listed = client.get(f"{of}?createdBy=token:runner", headers=bearer(user))
    assert listed.json == {"tasks": [], "totalTasks": 0}
    assert client.get(f"{of}/{task_id}", headers=bearer(ADMIN)).status_code == 200


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"steps": [LIST], "output": "x"}, "`output` must be an object"),
        ({"steps": [LIST], "parameters": [1]}, "`parameters` must be an object"),
        ({"steps": [LIST], "paramters": {}}, "`paramters` is not a key of a task"),
    ],
)
def test_what_a_spec_says_wrongly_is_refused_and_not_dropped(client: FlaskClient, spec: Any, said: str) -> None:
    answer = submit(client, {"spec": spec})

    assert answer.status_code == 400
    assert said in answer.json["error"]["message"]


@pytest.mark.parametrize("depth", [150, 400, 900])
def test_a_body_that_is_nested_too_deeply_is_refused(client: FlaskClient, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    for field in ("input", "parameters", "templateInfo"):
        step = {"action": LIST["action"], "input": {}}
        spec = json.dumps({"spec": {"steps": [step], field: "DEEP"}}).replace('"DEEP"', f'{{"a": {deep}}}')
        spec = spec if field != "input" else spec.replace('"input": {}', f'"input": {{"a": {deep}}}')

        answer = client.post(TASKS, data=spec, content_type="application/json", headers=bearer(RUN))

        assert answer.status_code == 400, answer.json


@pytest.mark.parametrize("half", [rb'"\ud800"', rb'{"\udc00": 1}', b'"\xed\xa0\x80"'])
def test_half_of_a_surrogate_pair_is_refused_because_no_list_of_tasks_could_be_answered(
    client: FlaskClient, half: bytes
) -> None:
    spec = b'{"spec": {"steps": [{"action": "scenedock:list-skeletons"}], "parameters": {"a": %s}}}' % half

    answer = client.post(TASKS, data=spec, content_type="application/json", headers=bearer(RUN))

    assert (answer.status_code, answer.json and answer.json["error"]["name"]) == (400, "InputError")
    assert "surrogate" in answer.text
    assert client.get(TASKS, headers=bearer(RUN)).status_code == 200


@pytest.mark.parametrize("where", ["submit", "invoke", "answers"])
def test_more_secrets_than_can_be_kept_out_of_a_log_are_refused(client: FlaskClient, where: str) -> None:
    secret = "s3" * MOST_CHARACTERS
    given = {"skeleton": "microservice-python", "answers": {}}
    bodies = {
        "submit": (TASKS, {"spec": {"steps": [LIST]}, "secrets": {"token": secret}}),
        "invoke": (BAKE_V2, {"input": given, "secrets": {"token": secret}}),
        "answers": (BAKE_V2, {"input": given | {"secretAnswers": {"token": secret}}}),
    }

    path, body = bodies[where]
    answer = client.post(path, json=body, headers=bearer(RUN))

    assert answer.status_code == 400
    assert "secrets of more than" in answer.text


def test_who_may_only_read_submits_only_what_reads(client: FlaskClient, service: Service) -> None:
    bake = {"action": "scenedock:bake-skeleton", "input": {"skeleton": "microservice-python", "answers": {}}}

    assert submit(client, {"spec": {"steps": [LIST]}}, READ).status_code == 201
    refused = submit(client, {"spec": {"steps": [LIST, bake]}}, READ)
    hidden = submit(client, {"spec": {"steps": [{"action": "scenedock:forget-old-tasks"}]}}, ADMIN)

    assert (refused.status_code, hidden.status_code) == (403, 400)
    assert service.tasks._at_hand().worker is not None
