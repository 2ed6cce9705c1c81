"""A full disk: what can't be stored is refused at once, with the reason, and all goes on when there is space again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from scenedock.doors.http.app import make_app
from scenedock.effects.tasks.storage.database import PATIENCE_SECONDS
from scenedock.model.action import BASE_PATH
from scenedock.model.tasks.task import Task
from scenedock.runtime.service import Service
from scenedock.structs import replace
from tests.tools.server import wait_until
from tests.tools.service import READ, RUN, bearer, service_in

TASKS = f"{BASE_PATH}/tasks"
INVOKE = f"{BASE_PATH}/.backstage/actions/v1/actions/scenedock:bake-skeleton/invoke"
BAKE: dict[str, Any] = {
    "skeleton": "library-chart",
    "answers": {"name": "shared", "owner": "group:default/platform", "description": "x" * 60_000},
}
SUBMISSION = {"spec": {"steps": [{"action": "scenedock:bake-skeleton", "input": BAKE}]}}
FULL = "the disk is full, so nothing can be stored; free some space, then try again"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    opened = service_in(tmp_path)
    opened.feed.refresh()
    opened.tasks.start()
    yield opened
    opened.stop()


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return make_app(service).test_client()


@contextmanager
def no_space(service: Service) -> Iterator[None]:
    """SQLite may not make its file larger."""
    database = service.tasks.effects.database
    all_that_write = (database._writing, database._lasting)

    def limit(connection: Any, _record: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")

    for connections in all_that_write:
        event.listen(connections, "connect", limit)
        connections.dispose()
    try:
        yield
    finally:
        for connections in all_that_write:
            event.remove(connections, "connect", limit)
            connections.dispose()


@pytest.mark.parametrize(("path", "body"), [(TASKS, SUBMISSION), (INVOKE, BAKE)], ids=["a task", "a call of Backstage"])
def test_what_cannot_be_stored_is_refused_at_once_with_the_reason(
    client: FlaskClient, service: Service, path: str, body: Any
) -> None:
    with no_space(service):
        began = time.monotonic()
        answer = client.post(path, json=body, headers=bearer(RUN))

        assert (answer.status_code, answer.json and answer.json["error"]["name"]) == (503, "ServiceUnavailableError")
        assert FULL in answer.status
        assert time.monotonic() - began < PATIENCE_SECONDS / 2  # that is for a database that comes back
        health = [client.get(each, headers=bearer(READ)).status_code for each in ("/healthz", "/readyz", "/metrics")]
        assert health == [200, 200, 200]

    later = client.post(path, json=body, headers=bearer(RUN))
    assert later.status_code == (201 if path == TASKS else 400)
    assert path == TASKS or "is longer than 200 characters" in later.status  # which only its task has found


@contextmanager
def on_a_full_disk(service: Service, name: str) -> Iterator[None]:
    """An action writes to a disk that has no space left."""

    def write(_context: object, _values: object) -> Any:
        Path("/dev/full").write_text("what it makes")

    running = service.tasks._at_hand().worker._running  # type: ignore[union-attr]
    kept = service.actions[name]
    full = replace(kept, function=write)
    running.actions[kept.id] = full
    service.actions._by_name[name] = full  # type: ignore[attr-defined]
    try:
        yield
    finally:
        running.actions[kept.id] = service.actions._by_name[name] = kept  # type: ignore[attr-defined]


def test_a_read_only_action_that_finds_no_space_says_so(client: FlaskClient, service: Service) -> None:
    with on_a_full_disk(service, "export-catalog"):
        answer = client.post(f"{BASE_PATH}/actions/export-catalog/invoke", json={}, headers=bearer(RUN))

    assert answer.status_code == 503
    assert "the disk is full" in answer.status


def test_a_step_that_finds_no_space_says_so_and_is_tried_again(client: FlaskClient, service: Service) -> None:
    small = BAKE | {"answers": BAKE["answers"] | {"description": "x"}}
    with on_a_full_disk(service, "bake-skeleton"):
        submitted = client.post(
            TASKS,
            json={"spec": {"steps": [{"action": "scenedock:bake-skeleton", "input": small}]}},
            headers=bearer(RUN),
        )
        assert submitted.json
        task_id = submitted.json["id"]
        wait_until(lambda: stored(service, task_id).reason == "until the next try", "the first try")

    assert "the disk is full" in client.get(f"{TASKS}/{task_id}/log", headers=bearer(RUN)).text
    assert stored(service, task_id).status == "processing"


def stored(service: Service, task_id: str) -> Task:
    return service.tasks.effects.store.get(task_id)
