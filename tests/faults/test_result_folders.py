"""What a step has baked is there for as long as a task refers to it, wherever the next step runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, update

from scenedock.actions import ACTIONS
from scenedock.doors.http.app import make_app
from scenedock.doors.http.handlers.folders import make_folders_app
from scenedock.effects.backstage.signing_keys import shared_signing_key
from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.folder_table import FolderTable, forget_folders
from scenedock.effects.tasks.storage.tables import RESULT_FOLDER, TASK, TASK_EVENT
from scenedock.effects.tasks.store import TaskStore
from scenedock.model.action import BASE_PATH
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.model.tasks.changes import ended, started
from scenedock.model.tasks.task import Task
from scenedock.runtime.service import Service
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import TaskSettings, task_settings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.runtime.wiring import open_effects
from scenedock.usecases.tasks.manage_tasks import retry_task
from scenedock.usecases.tasks.retention import forget_old_tasks_action
from scenedock.usecases.tasks.submit_task import submit_task
from tests.faults.process import CALLER
from tests.faults.processes import migrated, wait_until
from tests.publishing.acme import Acme, acme_with
from tests.tools.deliveries import deliver
from tests.tools.postgres import Postgres
from tests.tools.service import RUN, bearer, service_in

A, B, C = ("a" * 32, "b" * 32, "c" * 32)
DAY = 86_400_000
BAKES = 40
SEAL_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    made = request.getfixturevalue("postgres").make_database(tmp_path.name) if request.param == "postgresql" else ""
    return migrated(tmp_path, made)


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(TaskSettings(tmp_path / "data", database_url))) as opened:
        yield opened


def folders_at(database: Database, milliseconds: int) -> FolderTable:
    return FolderTable(database, lambda: milliseconds)


def add(store: TaskStore, name: str, given: Json, when: int) -> None:
    """A task that ends at the time at which it was made."""
    store.add(Task(id=name, spec={"steps": [], "parameters": {"given": given}}, status="open", created_at=when), None)
    store.change(name, lambda task: started(task, 1, "me", when))
    store.change(name, lambda task: ended(task, "complete", {"message": "done"}, when))


def test_a_folder_is_kept_by_the_task_that_made_it_and_by_each_that_names_it(database: Database) -> None:
    store = TaskStore(database)
    for name in (A, B, C):
        folders_at(database, 10).keep(name, name.encode(), "made" if name == B else "")
    add(store, "made", None, 10)
    add(store, "names", f"https://folders/scenedock/{C}/src and nothing else, as {'d' * 32} isn't there", 20)
    add(store, "repeats", [C, {"deep": B}], 30)

    def kept_after(before: int) -> list[str]:
        while store.forget(before):
            pass
        forget_folders(database, before)
        return [name for name in (A, B, C) if folders_at(database, 0).has(name)]

    assert kept_after(15) == [B, C]  # the task that made B is forgotten, another names it
    assert kept_after(25) == [B, C]
    assert kept_after(35) == []


def test_the_same_content_is_stored_once_and_kept_for_longer(database: Database) -> None:
    folders_at(database, 10).keep(A, b"first")
    folders_at(database, 40).keep(A, b"the same")

    assert forget_folders(database, 30) == 0
    assert folders_at(database, 0).load(A) == b"first"
    assert forget_folders(database, 50) == 1
    assert folders_at(database, 0).load(A) is None


def test_a_task_that_is_submitted_while_folders_are_forgotten_has_its_folder_or_finds_none(database: Database) -> None:
    folders_at(database, 10).keep(A, b"bytes")
    store = TaskStore(database)
    forgotten: list[Future[int]] = []

    def submit(_connection: Connection, _task_id: str, _run: int) -> None:
        forgotten.append(threads.submit(forget_folders, database, 50))
        time.sleep(0.5)  # it has begun by now, and waits for this transaction

    with ThreadPoolExecutor(1) as threads:
        store.add(Task(id="new", spec={"steps": [], "folder": A}, status="open", created_at=60), None, submit)

    assert forgotten[0].result() == 0
    assert folders_at(database, 0).has(A)


@contextmanager
def running(acme: Acme, data: Path, url: str) -> Iterator[TaskService]:
    """All actions as tasks in this process."""
    settings = Settings(data=data, database_url=url, seal_key=SEAL_KEY, code_hosts=acme.hosts)
    effects = open_effects(settings, lambda: tasks.effects)
    tasks = open_tasks(task_settings(settings), ACTIONS, effects)
    tasks.start()
    try:
        yield tasks
    finally:
        tasks.stop(5)


def step(name: str, action: str, **given: Json) -> JsonObject:
    return {"id": name, "action": f"scenedock:{action}", "input": given}


def bake(service: str) -> JsonObject:
    answers: JsonObject = {"service": service, "owner": "group:default/payments", "image": f"ghcr.io/acme/{service}"}
    return step("bake", "bake-skeleton", skeleton="deployment", answers=answers)


def propose(service: str) -> JsonObject:
    folder, title = "${{ steps.bake.output.folder }}", f"Deploy {service}"
    return step(
        "propose",
        "propose-change",
        repoUrl="https://github.com/acme/apps",
        folder=folder,
        targetPath=service,
        branch=f"deploy-{service}",
        title=title,
    )


def let_days_pass(database: Database, days: int) -> None:
    """Everything in the database is that much older."""
    times = {TASK: ("created_at", "ended_at", "heartbeat_at"), TASK_EVENT: ("created_at",), RESULT_FOLDER: ("kept_at",)}
    for table, columns in times.items():
        older = update(table).values({name: table.c[name] - days * DAY for name in columns})
        database.write(lambda connection, older=older: connection.execute(older))  # type: ignore[misc] # bound now


def seen(tasks: TaskService, task: Task) -> Task:
    return tasks.effects.store.get(task.id)


def told(tasks: TaskService, task: Task) -> list[str]:
    return [str(event.body["message"]) for event in tasks.effects.store.events(task.id)]


def ended_as(tasks: TaskService, task: Task, status: str) -> None:
    wait_until(lambda: seen(tasks, task).finished)
    assert seen(tasks, task).status == status, told(tasks, task)


def change(branch: str, path: str) -> dict[str, Any]:
    files = [{"path": path, "content": "?"}]
    return {"repoUrl": "https://github.com/acme/apps", "title": branch, "branch": branch, "files": files}


def forget_old_tasks(tasks: TaskService) -> JsonObject:
    """What the nightly task does, if tasks are kept for a day."""
    action = forget_old_tasks_action(tasks.effects)
    task = submit_task(tasks.effects, [action], CALLER, {"steps": [step("forget", "forget-old-tasks", days=1)]})
    ended_as(tasks, task, "completed")
    return as_object(seen(tasks, task).step_state("forget").get("output"))


def test_a_task_that_has_waited_for_days_goes_on_with_what_it_baked_on_another_disk(
    tmp_path: Path, database_url: str
) -> None:
    with acme_with(tmp_path / "acme") as acme:
        number = int(acme.run("propose-change", change("approval", "approval"))["number"])
        waits = step("wait", "await-pull-request", pullRequestUrl=f"https://github.com/acme/apps/pull/{number}")
        with running(acme, tmp_path / "data", database_url) as tasks:
            task = submit_task(
                tasks.effects, tasks.actions, CALLER, {"steps": [bake("ledger"), waits, propose("ledger")]}
            )
            wait_until(lambda: seen(tasks, task).finished or "pull-request" in seen(tasks, task).reason)
            assert not seen(tasks, task).finished, told(tasks, task)
            let_days_pass(tasks.effects.database, 29)
            forgotten = forget_old_tasks(tasks)
            url = database_url or f"sqlite:///{tmp_path / 'data' / 'tasks.db'}"
        acme.merge(number)
        with running(acme, tmp_path / "another disk", url) as tasks:
            deliver(tasks.effects, f"pull-request:github.com/acme/apps#{number}")
            ended_as(tasks, task, "completed")
        assert forgotten["folders"] == 0
        assert "ledger/values.yaml" in acme.repository("apps").files("deploy-ledger")


def test_a_task_that_failed_days_ago_is_retried_with_what_it_baked(tmp_path: Path, database_url: str) -> None:
    with acme_with(tmp_path / "acme") as acme, running(acme, tmp_path / "data", database_url) as tasks:
        acme.repository("apps").git.run("update-ref", "refs/heads/deploy-ledger", "refs/heads/main")
        acme.commit("deploy-ledger", {"in-the-way": "A person's.\n"})
        task = submit_task(tasks.effects, tasks.actions, CALLER, {"steps": [bake("ledger"), propose("ledger")]})
        ended_as(tasks, task, "failed")
        let_days_pass(tasks.effects.database, 20)
        forget_folders(tasks.effects.database, tasks.effects.clock() - DAY)
        acme.repository("apps").git.run("update-ref", "-d", "refs/heads/deploy-ledger")

        retry_task(tasks.effects, CALLER, task.id, {})

        ended_as(tasks, task, "completed")
        assert "ledger/values.yaml" in acme.repository("apps").files("deploy-ledger")


@contextmanager
def workers(folder: Path, settings: dict[str, str], count: int) -> Iterator[None]:
    """Some workers, each with a disk of its own, as of the installed program."""
    command = [str(Path(sys.executable).with_name("scenedock")), "worker"]
    with ExitStack() as stack:
        for number in range(count):
            log = stack.enter_context((folder / f"worker-{number}.log").open("wb"))
            data = str(folder / f"data-of-worker-{number}")
            process = subprocess.Popen(command, env={**os.environ, **settings, "SCENEDOCK_DATA": data}, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
            file = folder / f"worker-{number}.log"
            wait_until(lambda: "Running tasks" in file.read_text() or process.poll() is not None)  # noqa: B023
            assert process.poll() is None, file.read_text()
        yield


def post(client: FlaskClient, action: str, given: JsonObject) -> dict[str, Any]:
    answer = client.post(f"{BASE_PATH}/actions/{action}/invoke", json=given, headers=bearer(RUN))
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json(force=True)["output"])


def deploy(clients: list[FlaskClient], number: int) -> dict[str, Any]:
    """What a Template does: bake, then propose what was baked, each time at another replica; answers the bake."""
    name = f"service-{number}"
    one, other = clients[number % 2], clients[(number + 1) % 2]
    baked = post(one, "bake-skeleton", as_object(bake(name)["input"]))
    change = {**as_object(propose(name)["input"]), "folder": baked["folder"]}
    assert post(other, "propose-change", change)["number"]
    return baked


def test_two_workers_and_two_replicas_without_a_shared_disk_complete_all_that_is_baked_and_proposed(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    pem = tmp_path / "signing-key.pem"
    _ = shared_signing_key(pem).private
    with acme_with(tmp_path / "acme") as acme, ExitStack() as stack:
        shared: dict[str, Any] = {"database_url": url, "seal_key": SEAL_KEY, "folders_url": "http://folders:8001"}
        environment = {f"SCENEDOCK_{name.upper()}": value for name, value in shared.items()}
        environment |= {"SCENEDOCK_SIGNING_KEY_FILE": str(pem), "SCENEDOCK_CODE_HOSTS": str(acme.hosts)}
        stack.enter_context(workers(tmp_path, environment, 2))
        replicas: list[Service] = []
        for number in range(2):
            replica = service_in(
                tmp_path / f"data-of-replica-{number}", role="web", signing_key=pem.read_text(), **shared
            )
            replicas.append(replica)
            stack.callback(replica.stop)
        clients = [make_app(replica).test_client() for replica in replicas]
        with ThreadPoolExecutor(8) as threads:
            baked = list(threads.map(lambda number: deploy(clients, number), range(BAKES), timeout=300))

        opened = {pull.head for pull in acme.repository("apps").pulls.values()}
        assert opened == {f"deploy-service-{number}" for number in range(BAKES)}
        for client, replica in zip(clients, replicas, strict=True):
            gitea = make_folders_app(replica).test_client()
            for each in baked:
                path = each["url"].removeprefix("http://folders:8001/").replace("/src/branch/", "/archive/").rstrip("/")
                archive = gitea.get(f"/api/v1/repos/{path}.tar.gz").data
                assert archive[:2] == b"\x1f\x8b"
                named = client.get(f"{BASE_PATH}/folders/{each['folder']}", headers=bearer(RUN)).data
                assert named == archive
        assert not list(tmp_path.glob("data-of-*/folders"))
