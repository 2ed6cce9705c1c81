"""An action that changes something is called as a task: cut off, repeated or refused, it is one task."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.actions.effects import Effects
from scenedock.doors.http.app import make_app
from scenedock.effects.tasks.sealing import Seal, new_key
from scenedock.errors import NotAllowedError, TemporaryError
from scenedock.model.action import BASE_PATH, Action, Context
from scenedock.model.tasks.changes import TaskChange
from scenedock.model.tasks.task import TaskQuery, WaitingFor
from scenedock.runtime.service import Service
from scenedock.structs import replace
from scenedock.usecases.tasks.run_as_task import TaskCalls
from tests.tools.service import RUN, bearer, service_in

BAKE = f"{BASE_PATH}/actions/bake-skeleton/invoke"
BAKE_V2 = f"{BASE_PATH}/.backstage/actions/v2/actions/scenedock:bake-skeleton/invoke"
GIVEN: dict[str, Any] = {
    "skeleton": "microservice-python",
    "answers": {"name": "ledger", "owner": "group:default/payments"},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    opened = service_in(tmp_path_factory.mktemp("data"))
    opened.tasks.start()
    yield opened
    opened.stop()


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return make_app(service).test_client()


def tasks(service: Service) -> int:
    return service.tasks.effects.store.find(TaskQuery())[1]


def call(client: FlaskClient, given: Any) -> Any:
    return client.post(BAKE, json=given, headers=bearer(RUN))


@contextmanager
def performed_as(service: Service, found: Action[Effects]) -> Iterator[None]:
    """The worker runs an action like this for a while."""
    running = service.tasks._at_hand().worker._running  # type: ignore[union-attr]
    kept = running.actions[found.id]
    running.actions[found.id] = found
    try:
        yield
    finally:
        running.actions[found.id] = kept


def test_its_output_is_the_actions(client: FlaskClient, service: Service) -> None:
    before = tasks(service)

    answer = call(client, GIVEN)

    assert answer.status_code == 200
    assert answer.json["output"]["name"] == "ledger"
    assert "catalog-info.yaml" in answer.json["output"]["files"]
    assert tasks(service) == before + 1


def test_a_call_whose_workers_have_another_key_is_answered_at_once(
    client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = service.tasks._at_hand().worker._running  # type: ignore[union-attr]
    monkeypatch.setattr(running, "effects", replace(running.effects, seal=Seal(new_key().decode())))

    answer = call(client, {**GIVEN, "secretAnswers": {"token": "s3cret"}})

    assert answer.status_code == 503
    assert "have different keys; see `scenedock doctor`" in answer.json["error"]["message"]
    assert answer.headers["Retry-After"] == "60"


def test_a_call_with_a_request_id_is_one_task_however_often_it_is_made(client: FlaskClient, service: Service) -> None:
    before = tasks(service)
    given = GIVEN | {"requestId": "task-1-bake"}

    outputs = [call(client, given).json for _ in range(3)]

    assert outputs == [outputs[0]] * 3
    assert tasks(service) == before + 1


def test_a_request_id_that_named_another_input_is_a_conflict(client: FlaskClient) -> None:
    call(client, GIVEN | {"requestId": "task-2-bake"})

    other = {"skeleton": "microservice-python", "answers": {**GIVEN["answers"], "name": "other"}}
    answer = call(client, other | {"requestId": "task-2-bake"})

    assert (answer.status_code, answer.json["error"]["name"]) == (409, "ConflictError")


def test_after_a_failure_the_same_request_id_is_another_try(client: FlaskClient, service: Service) -> None:
    before = tasks(service)
    wrong = {"skeleton": "nope", "requestId": "task-3-bake"}

    answers = [call(client, wrong) for _ in range(3)]

    assert [(each.status_code, each.json["error"]["name"]) for each in answers] == [(404, "NotFoundError")] * 3
    assert tasks(service) == before + 1


def test_a_key_of_the_api_is_no_request_id_and_what_was_undone_is_another_task(
    client: FlaskClient, service: Service
) -> None:
    wrong = {"skeleton": "nope", "requestId": "task-5-bake"}
    step = {"action": "scenedock:bake-skeleton", "input": wrong}
    key = {"Idempotency-Key": "scenedock:bake-skeleton task-5-bake"}
    given = client.post(f"{BASE_PATH}/tasks", json={"spec": {"steps": [step]}}, headers=bearer(RUN) | key).json
    assert given
    store = service.tasks.effects.store

    assert call(client, wrong).status_code == 404
    called = store.find(TaskQuery())[0][0]
    assert called.id != given["id"]
    store.change(called.id, lambda task: TaskChange(replace(task, state={**task.state, "undone": True})))

    assert call(client, wrong).status_code == 404  # it can't be retried, so asking again must not wait for that
    assert store.find(TaskQuery())[0][0].id != called.id
    assert store.get(called.id).attempt == 1


@pytest.mark.parametrize("secret", [{}, {"secretAnswers": {"token": "hunter2-canary"}}], ids=["all kept", "a secret"])
def test_another_try_of_a_call_knows_what_the_first_made_unless_a_secret_was_not_kept(
    service: Service, secret: dict[str, Any]
) -> None:
    tries: list[tuple[str | None, bool]] = []

    def fail_at_first(context: Context[Effects], asked: Any) -> Any:
        if asked.request_id == given["requestId"]:  # the worker may be at another test's task yet
            tries.append((context.task_id, context.tried_before))
        raise NotAllowedError("not yet")

    found = replace(service.actions["bake-skeleton"], function=fail_at_first)
    caller = service.authenticator.caller(f"Bearer {RUN}", print)
    given: Any = GIVEN | secret | {"requestId": f"task-4-{len(secret)}"}
    with performed_as(service, found):
        for _ in range(2):
            with pytest.raises(NotAllowedError, match="not yet"):
                TaskCalls(lambda: service.tasks.effects, service.tasks.actions).run(
                    found, Context(caller, service.effects), given
                )

    (first, _), (second, tried_before) = tries
    assert tried_before == (first == second) == (not secret)


def test_all_that_is_wrong_with_the_answers_reaches_the_caller(client: FlaskClient) -> None:
    answer = call(client, {"skeleton": "microservice-python", "answers": {"nope": "x"}})

    assert (answer.status_code, answer.json["error"]["name"]) == (400, "InputError")
    assert "owner: this question requires an answer" in answer.json["error"]["message"]
    assert "owner: this question requires an answer" in answer.status


def test_equal_calls_at_once_are_one_task(service: Service) -> None:
    before = tasks(service)
    found: Action[Effects] = service.actions["bake-skeleton"]
    all_called = threading.Event()

    def bake(context: Context[Effects], given: Any) -> Any:
        all_called.wait(30)
        return found.function(context, given)

    caller = replace(service.authenticator.caller(f"Bearer {RUN}", print), user="user:default/jane")
    with performed_as(service, replace(found, function=bake)):
        calls = [service.calls.start(found, Context(caller, service.effects), GIVEN) for _ in range(4)]
        all_called.set()
        outputs = [each.result(30) for each in calls]

    assert outputs == [outputs[0]] * 4
    assert outputs[0]["name"] == "ledger"
    assert tasks(service) == before + 1


def test_a_refusal_keeps_its_class(service: Service) -> None:
    def refuse(_context: Context[Effects], _given: object) -> Any:
        raise NotAllowedError("not for you")

    found = replace(service.actions["bake-skeleton"], function=refuse)
    with performed_as(service, found):
        caller = service.authenticator.caller(f"Bearer {RUN}", print)
        with pytest.raises(NotAllowedError, match="not for you"):
            TaskCalls(lambda: service.tasks.effects, service.tasks.actions).run(
                found, Context(caller, service.effects), GIVEN
            )


def test_a_call_whose_task_rests_does_not_keep_a_service_from_stopping(service: Service) -> None:
    begun = threading.Event()

    def wait(_context: Context[Effects], _given: object) -> Any:
        begun.set()
        raise WaitingFor("pull-request:acme/apps#12")

    found = replace(service.actions["bake-skeleton"], function=wait)
    running = service.tasks._at_hand().worker._running  # type: ignore[union-attr]
    kept = running.actions[found.id]
    running.actions[found.id] = found
    caller = service.authenticator.caller(f"Bearer {RUN}", print)
    calls = TaskCalls(lambda: service.tasks.effects, service.tasks.actions)
    try:
        with ThreadPoolExecutor(1) as callers:
            called = callers.submit(calls.run, found, Context(caller, service.effects), GIVEN)
            assert begun.wait(30)
            assert not called.done()
            calls.hurry(600)
            with pytest.raises(TemporaryError, match=r"about to stop, but task \S+ continues"):
                called.result(30)
    finally:
        running.actions[found.id] = kept


def test_secret_answers_are_in_no_log_and_no_task(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    call(client, GIVEN | {"secretAnswers": {"token": "hunter2-canary"}})

    assert "hunter2-canary" not in caplog.text
    assert "hunter2-canary" not in client.get(f"{BASE_PATH}/tasks", headers=bearer(RUN)).text


EXPRESSIONS = ["${{ secrets.token }}", "${{ parameters.x }}", "on: ${{ github.ref }}", "${{ hunter2-canary"]


@pytest.mark.parametrize("said", EXPRESSIONS)
def test_what_looks_like_an_expression_in_a_call_is_an_answer_like_any_other(client: FlaskClient, said: str) -> None:
    """Backstage has rendered the input of a call already: what is left of `${{ … }}` is a person's text, never ours."""
    given = GIVEN | {"answers": GIVEN["answers"] | {"description": said}}
    body = {"input": given, "secrets": {"token": "hunter2-canary-of-a-team"}}

    answer = client.post(BAKE_V2, json=body, headers=bearer(RUN))

    assert answer.status_code == 200, answer.text
    folder = json.loads(answer.text)["output"]["folder"]
    packed = client.get(f"{BASE_PATH}/folders/{folder}", headers=bearer(RUN)).data
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        texts = [file.read().decode() for member in tar if member.isfile() and (file := tar.extractfile(member))]
    assert any(said in text for text in texts)
    assert not any("hunter2-canary-of-a-team" in text for text in texts)
