"""Backstage's own client lists, follows, cancels and retries our tasks, over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3
from werkzeug.serving import make_server

from scenedock.doors.http.app import make_app
from scenedock.errors import InputError
from scenedock.model.action import Action, Context, action
from scenedock.model.json import JsonObject
from scenedock.model.json_documents import Model
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.structs import replace
from scenedock.usecases.tasks.limits import TaskLimits
from tests.faults.process import Output, make_file, make_file_action
from tests.tools.scaffolder import ScaffolderClient, scaffolder_client
from tests.tools.service import READ, RUN, service_in

READERS = 25  # of one caller, who may have a quarter of all places
USER = "token:runner"


class Nothing(Model):
    """Nothing is asked."""


@action("fail-once")
def fail_once(context: Context[Path], _given: Nothing) -> Output:
    """Fail where nobody has opened the gate."""
    if not (context.effects / "gate").exists():
        raise InputError("the gate is closed")
    return Output(file="gate")


class Running:
    """A service that answers at `url`, on tasks of our own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=50, retries=False)

    def ask(self, method: str, path: str, body: object = None, token: str = RUN) -> Any:
        """The JSON at a path below `/api/scenedock`; with its status, if it is no success."""
        asked = self._pool.request(
            method, f"{self.url}/api/scenedock/{path}", headers={"Authorization": f"Bearer {token}"}, json=body
        )
        return asked.json() if asked.status < 300 else (asked.status, asked.json()["error"]["message"], asked.headers)

    def submit(self, *steps: JsonObject) -> str:
        """The id of a new task."""
        return str(self.ask("POST", "tasks", {"spec": {"steps": steps}})["id"])

    def close(self) -> None:
        self._pool.clear()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "world").mkdir()
    actions: list[Action[Any]] = [make_file_action(), fail_once]
    settings = TaskSettings(folder / "data", limits=TaskLimits(step_seconds=60), readers=4 * READERS)
    tasks = open_tasks(settings, actions, folder)
    original = service_in(folder / "data", requests_per_minute=100_000)
    original.stop()
    service = replace(original, tasks=tasks, actions={each.name: each for each in actions})
    tasks.start()
    server = make_server("127.0.0.1", 0, make_app(service), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    opened = Running(folder, f"http://127.0.0.1:{server.server_port}")
    yield opened
    opened.close()
    server.shutdown()
    thread.join()
    server.server_close()
    tasks.stop(5)


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[ScaffolderClient]:
    with scaffolder_client(running.url, RUN, USER) as opened:
        yield opened


def messages(events: list[dict[str, Any]]) -> list[str]:
    return [event["body"]["message"] for event in events]


# First, while no reader of another test holds a place that the service has yet to see free.
def test_one_reader_too_many_is_told_when_to_come_back_and_nobody_else_notices(running: Running) -> None:
    task_id = running.submit(make_file(seconds=5.0))
    pool = urllib3.PoolManager(maxsize=READERS, block=False, retries=False)
    address = f"{running.url}/api/scenedock/tasks/{task_id}/eventstream"
    headers = {"Authorization": f"Bearer {RUN}"}
    streams = [_answered(200, pool, address, headers) for _ in range(READERS)]
    refused = _answered(503, pool, address, headers)

    assert (refused.status, refused.headers.get("Retry-After")) == (503, "5")
    assert running.ask("GET", f"tasks/{task_id}")["status"] == "processing"
    for stream in streams:
        text = stream.read().decode()
        assert text.count("event: completion\n") == 1
        assert [line for line in text.splitlines() if line.startswith("id:")] == []
    pool.clear()


def _answered(
    status: int, pool: urllib3.PoolManager, address: str, headers: dict[str, str]
) -> urllib3.BaseHTTPResponse:
    """An answer with this status; it takes the service a moment to see who came and who left."""
    for _ in range(200):
        answer = pool.request("GET", address, headers=headers, preload_content=False)
        if answer.status == status:
            return answer
        answer.close()
        time.sleep(0.1)
    raise AssertionError(f"no answer had the status {status}")


def test_it_lists_actions_with_schemas_and_examples(client: ScaffolderClient) -> None:
    actions = {each["id"]: each for each in client.call("listActions")["answer"]}

    assert set(actions) == {"scenedock:make-file", "scenedock:fail-once"}
    assert actions["scenedock:make-file"]["schema"]["input"] == make_file_action().input_schema()


@pytest.mark.parametrize("polling", [False, True], ids=["event stream", "long poll"])
def test_it_follows_a_running_task_to_its_end(client: ScaffolderClient, running: Running, *, polling: bool) -> None:
    task_id = running.submit(make_file(seconds=1.0, lines=3))

    events = client.call("streamLogs", {"taskId": task_id}, polling=polling)["events"]

    assert messages(events)[1:4] == ["line 0 of make", "line 1 of make", "line 2 of make"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert [event["body"].get("status") for event in events if "status" in event["body"]] == ["processing", "completed"]
    assert events[-1]["type"] == "completion"
    assert client.call("getTask", task_id)["answer"]["status"] == "completed"
    again = client.call("streamLogs", {"taskId": task_id, "after": events[-1]["id"]}, polling=polling)["events"]
    assert again == events[-1:]


def test_it_lists_the_tasks_of_its_user_and_pages_them(client: ScaffolderClient, running: Running) -> None:
    newest = running.submit(make_file(seconds=0))

    listed = client.call("listTasks", {"filterByOwnership": "owned", "limit": 1})["answer"]

    assert [task["id"] for task in listed["tasks"]] == [newest]
    assert listed["totalTasks"] >= 1
    assert listed["tasks"][0]["createdBy"] == USER


def test_it_cancels_a_task_before_its_next_step(client: ScaffolderClient, running: Running) -> None:
    task_id = running.submit(make_file(seconds=1.0), {"id": "never", "action": "scenedock:make-file"})

    assert client.call("cancelTask", task_id)["answer"] == {"status": "cancelled"}
    events = client.call("streamLogs", {"taskId": task_id})["events"]

    assert [event["type"] for event in events if event["type"] != "log"] == ["cancelled", "completion"]
    assert events[-1]["body"]["error"]["name"] == "CancelledError"
    assert client.call("getTask", task_id)["answer"]["status"] == "cancelled"
    assert client.call("cancelTask", task_id)["answer"] == {"status": "cancelled"}
    assert not list((running.folder / "world").glob(f"{task_id}.never.*"))


def test_it_retries_a_failed_task_from_the_step_that_failed(client: ScaffolderClient, running: Running) -> None:
    task_id = running.submit(make_file(seconds=0), {"id": "gate", "action": "scenedock:fail-once"})
    failed = client.call("streamLogs", {"taskId": task_id})["events"]
    assert failed[-1]["body"]["error"] == {"name": "InputError", "message": "the gate is closed"}

    (running.folder / "gate").touch()
    client.call("retry", task_id)
    polled = running.ask("GET", f"tasks/{task_id}/log?after={failed[-1]['id']}&wait=1")

    assert polled
    while (task := client.call("getTask", task_id)["answer"])["status"] in {"open", "processing"}:
        continue
    assert task["status"] == "completed"
    later = [event for event in running.ask("GET", f"tasks/{task_id}/log") if event["id"] > failed[-1]["id"]]
    assert "Beginning step scenedock:fail-once" in messages(later)
    assert "Beginning step scenedock:make-file" not in messages(later)
    assert client.call("retry", task_id)["error"]["name"] == "ConflictError"


def test_a_task_of_another_is_not_there(client: ScaffolderClient, running: Running) -> None:
    task_id = running.submit(make_file(seconds=0))

    assert running.ask("GET", f"tasks/{task_id}", token=READ)[0] == 404
    assert running.ask("GET", "tasks", token=READ) == {"tasks": [], "totalTasks": 0}
    assert client.call("getTask", "no-such-task")["error"]["name"] == "NotFoundError"


@pytest.mark.parametrize("query", ["order=desc:spec", "order=createdAt", "status=done", "limit=2000", "offset=-1"])
def test_what_is_not_on_the_list_cannot_be_sorted_or_filtered_by(running: Running, query: str) -> None:
    assert running.ask("GET", f"tasks?{query}")[0] == 400


def test_the_same_idempotency_key_gives_the_same_task(running: Running) -> None:
    def submit() -> str:
        with urllib3.PoolManager() as pool:
            asked = pool.request(
                "POST",
                f"{running.url}/api/scenedock/tasks",
                headers={"Authorization": f"Bearer {RUN}", "Idempotency-Key": "one"},
                json={"spec": {"steps": [make_file(seconds=0)]}},
            )
            return str(asked.json()["id"])

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(lambda _: submit(), range(16)))

    assert len(ids) == 1
