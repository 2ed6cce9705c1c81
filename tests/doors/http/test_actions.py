"""Actions over HTTP, as Backstage lists and invokes them, and as others do."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.actions import ACTIONS
from scenedock.model.action import BASE_PATH, Caller
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service
from scenedock.usecases.tasks.submit_task import identity
from tests.tools.service import PIPELINE, READ, RUN, bearer
from tests.tools.tokens import Backstage

LIST = f"{BASE_PATH}/.backstage/actions/v1/actions"
V1 = LIST + "/{}/invoke"
V2 = f"{BASE_PATH}/.backstage/actions/v2/actions/" + "{}/invoke"
PLAIN = f"{BASE_PATH}/actions/" + "{}/invoke"
EXPORT = "scenedock:export-catalog"


def call(client: FlaskClient, path: str, body: Any, token: str = RUN) -> Any:
    return client.post(path, json=body, headers=bearer(token))


def test_backstage_lists_every_action_whole(client: FlaskClient, backstage: Backstage) -> None:
    answer = client.get(LIST, headers=bearer(backstage.plugin_token()))

    assert answer.status_code == 200
    assert answer.json
    listed = answer.json["actions"]
    assert [each["id"] for each in listed] == sorted(each.id for each in ACTIONS)
    for each in listed:
        assert each["id"] == f"{each['pluginId']}:{each['name']}"
        assert set(each["attributes"]) == {"readOnly", "destructive", "idempotent"}
        assert {each["schema"]["input"]["type"], each["schema"]["output"]["type"]} == {"object"}
        assert each["title"]
        assert each["description"]
        fields = [field for part in each["schema"].values() for field in part["properties"].values()]
        assert all(field["title"][0].isupper() and field["title"].isascii() for field in fields)
    (promote,) = [each for each in listed if each["name"] == "promote-deployment"]
    inputs, outputs = promote["schema"]["input"]["properties"], promote["schema"]["output"]["properties"]
    assert (inputs["fromEnvironment"]["title"], inputs["requestId"]["title"]) == ("From environment", "Request ID")
    assert outputs["pullRequestUrl"]["title"] == "Pull request URL"


def test_backstage_is_told_that_there_are_actions(client: FlaskClient, backstage: Backstage) -> None:
    answer = client.get(LIST.replace("/v1/actions", "/v1/status"), headers=bearer(backstage.plugin_token()))

    assert (answer.status_code, answer.json) == (200, {"hasActions": True})


def test_who_may_only_read_sees_only_what_reads(client: FlaskClient) -> None:
    answer = client.get(LIST, headers=bearer(READ))

    assert answer.json
    assert all(each["attributes"]["readOnly"] for each in answer.json["actions"])


@pytest.mark.parametrize("action", ["publish-repository", "export-catalog"])
def test_a_token_for_some_actions_runs_no_others_in_whatever_way(client: FlaskClient, action: str) -> None:
    ident = f"scenedock:{action}"
    ways: list[tuple[str, JsonObject]] = [
        (V1.format(ident), {}),
        (V2.format(ident), {"input": {}}),
        (PLAIN.format(action), {}),
        (f"{BASE_PATH}/tasks", {"spec": {"steps": [{"action": ident, "input": {}}]}}),
    ]

    for path, body in ways:
        answer = client.post(path, json=body, headers=bearer(PIPELINE))
        assert (answer.status_code, f"{ident} is not one of the actions that" in answer.text) == (403, True), path
    assert client.post(PLAIN.format("propose-change"), json={}, headers=bearer(PIPELINE)).status_code == 400


def test_every_protocol_gives_the_same_output(client: FlaskClient) -> None:
    given = {"withContent": False}

    outputs = [
        call(client, V1.format(EXPORT), given).json,
        call(client, V1.format(EXPORT.replace(":", "%3A")), given).json,
        call(client, V2.format(EXPORT), {"input": given}).json,
        call(client, V2.format(EXPORT), {"input": given, "secrets": {"token": "x"}}).json,
        call(client, PLAIN.format("export-catalog"), given).json,
    ]

    assert outputs[0]["output"]["byKind"] == {"API": 1, "Component": 6, "Resource": 3}
    assert outputs == [outputs[0]] * len(outputs)


def test_a_call_without_a_body_has_no_input(client: FlaskClient) -> None:
    assert client.post(V1.format(EXPORT), headers=bearer(RUN)).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "name", "said"),
    [
        (V1.format(EXPORT), {"repository": 5}, 400, "InputError", "`repository` input should be a valid string"),
        (V1.format(EXPORT), {"repo": "x"}, 400, "InputError", "`repo` there is no such field"),
        (V1.format(EXPORT), {"repository": "x"}, 404, "NotFoundError", "there is no repository 'x'"),
        (V1.format("scenedock:nope"), {}, 404, "NotFoundError", "there is no action 'nope'"),
        (V1.format("catalog:export-catalog"), {}, 404, "NotFoundError", "there is no action"),
        (V1.format("export-catalog"), {}, 404, "NotFoundError", "there is no action"),
        (V2.format(EXPORT), {"given": {}}, 400, "InputError", "not `given`"),
        (V2.format(EXPORT), {"input": []}, 400, "InputError", "`input` must be a JSON object"),
        (V2.format(EXPORT), {"secrets": {"a": 1}}, 400, "InputError", "`secrets` must be an object of strings"),
        (PLAIN.format("nope"), {}, 404, "NotFoundError", "there is no action"),
    ],
)
def test_a_refusal_has_backstages_shape_and_its_message_is_in_the_status_line(
    client: FlaskClient, path: str, body: Any, status: int, name: str, said: str
) -> None:
    answer = call(client, path, body)

    assert answer.status_code == status
    error = answer.json
    assert error["error"]["name"] == name
    assert said in error["error"]["message"]
    assert error["request"] == {"method": "POST", "url": path}
    assert error["response"] == {"statusCode": status}
    assert answer.status.startswith(f"{status} {name}: ")
    assert said in answer.status


@pytest.mark.parametrize("body", ["{", "[]", "5", '"x"', '{"a": NaN}', "[" * 100_000, '{"a": "\\ud800"}'])
def test_a_body_that_is_no_json_object_is_refused(client: FlaskClient, body: str) -> None:
    answer = client.post(V1.format(EXPORT), data=body, content_type="application/json", headers=bearer(RUN))

    assert (answer.status_code, answer.json and answer.json["error"]["name"]) == (400, "InputError")


def test_a_form_of_another_site_is_refused(client: FlaskClient) -> None:
    answer = client.post(V1.format(EXPORT), data="{}", content_type="text/plain", headers=bearer(RUN))

    assert answer.status_code == 400


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    answer = call(client, PLAIN.format("validate-entities"), {"content": "x" * 4_200_000})

    assert (answer.status_code, answer.json["error"]["name"]) == (413, "PayloadTooLargeError")


def test_a_status_line_is_one_line_of_ascii_whatever_was_given(client: FlaskClient) -> None:
    answer = call(client, V1.format(EXPORT), {"repository": "é\r\nSet-Cookie: a=b\n" + "x" * 5000})

    assert answer.status_code == 404
    assert answer.status.isascii()
    assert answer.status.isprintable()
    assert len(answer.status) < 1100
    assert "Set-Cookie" not in answer.headers


def test_a_bug_is_told_by_its_request_id_only(
    client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the innermost secret")

    monkeypatch.setattr(service.calls, "_run", broken)

    answer = client.post(V1.format(EXPORT), json={}, headers={**bearer(RUN), "X-Request-Id": "abc-1"})

    assert answer.status_code == 500
    assert answer.json
    assert "abc-1" in answer.json["error"]["message"]
    assert "innermost" not in answer.text + answer.status
    assert "the innermost secret" in caplog.text


def test_the_audit_says_who_did_what_on_whose_behalf(
    client: FlaskClient, backstage: Backstage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    token = backstage.plugin_token(obo=backstage.user_token())

    call(client, V1.format(EXPORT), {"repository": "nope"}, token)

    facts = [record.facts for record in caplog.records if record.name == "scenedock.audit"]  # type: ignore[attr-defined]
    assert [{key: each[key] for key in ("caller", "user", "action", "input", "outcome")} for each in facts] == [
        {
            "caller": "plugin:scaffolder",
            "user": "user:default/jane",
            "action": EXPORT,
            "input": {"repository": "nope"},
            "outcome": "refused",
        }
    ]
    assert facts[0]["request_id"]
    assert token not in json.dumps(facts)


def test_no_more_calls_wait_than_may(client: FlaskClient, service: Service) -> None:
    runner = Caller("token:runner", "token")
    for _ in range((service.calls._room.all + 1) // 2):
        service.calls._admit(identity(runner))

    answer = call(client, V1.format(EXPORT), {})

    assert (answer.status_code, answer.json["error"]["name"]) == (503, "ServiceUnavailableError")
    assert answer.headers["Retry-After"] == "5"
    assert client.get(LIST, headers=bearer(RUN)).status_code == 200


def test_what_is_called_is_counted(client: FlaskClient) -> None:
    call(client, V1.format(EXPORT), {})
    call(client, V1.format(EXPORT), {"repository": "nope"})

    told = client.get("/metrics", headers=bearer(READ)).text

    assert 'scenedock_invocations_total{action="export-catalog",outcome="completed"} 1.0' in told
    assert 'scenedock_invocations_total{action="export-catalog",outcome="refused"} 1.0' in told
    assert 'scenedock_entities{kind="Component"} 6.0' in told
