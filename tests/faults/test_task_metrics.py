"""What Prometheus is told of tasks: those of the whole database, and what this process has done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.effects.tasks.lookout import TaskCounts
from scenedock.errors import TemporaryError
from scenedock.model.tasks.changes import started
from scenedock.runtime.metrics import TaskMetrics
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.usecases.tasks.manage_tasks import cancel_task
from scenedock.usecases.tasks.submit_task import submit_task
from tests.faults.process import CALLER, make_file, make_file_action, open_service
from tests.faults.processes import migrated, wait_until


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url = request.getfixturevalue("postgres").make_database(tmp_path.name) if request.param == "postgresql" else ""
    (tmp_path / "world").mkdir()
    return migrated(tmp_path, url)


@pytest.fixture
def web(database: str, tmp_path: Path) -> Iterator[TaskService]:
    """What only submits tasks."""
    service = open_service(tmp_path, database, "web")
    yield service
    service.stop(0)


def told(metrics: TaskMetrics) -> dict[str, float]:
    lines = re.findall(r"^(scenedock_task\S*) (\S+)$", metrics.text().decode(), re.MULTILINE)
    return {name: float(value) for name, value in lines if not name.endswith("_created")}


def tasks_that(state: str) -> str:
    return f'scenedock_tasks{{state="{state}"}}'


def test_what_waits_runs_and_has_ended_is_counted(database: str, web: TaskService, tmp_path: Path) -> None:
    def tell() -> dict[str, float]:
        return told(metrics)

    metrics = TaskMetrics(lambda: service.count())  # noqa: PLW0108 - it isn't there yet
    settings = TaskSettings(tmp_path / "data", database, threads=4)
    service = open_tasks(settings, [make_file_action()], tmp_path, "worker", metrics.note)
    assert tell()[tasks_that("waiting")] == 0
    submit = [make_file(seconds=0), make_file(gate="gate"), make_file(seconds=0), make_file(seconds=0)]
    done, _, lost, cancelled = (submit_task(web.effects, web.actions, CALLER, {"steps": [each]}) for each in submit)
    cancel_task(web.effects, CALLER, cancelled.id)
    web.effects.store.change(lost.id, lambda task: started(task, 1, "host-1-0123", web.effects.clock()))

    waiting = tell()
    assert [waiting[tasks_that(state)] for state in ("waiting", "running", "resting")] == [2, 1, 0]
    assert 0 < waiting["scenedock_tasks_oldest_seconds"] < 600
    service.start()
    try:
        store = web.effects.store
        wait_until(lambda: all(store.get(task.id).finished for task in (done, lost)))
        wait_until(lambda: tell().get("scenedock_task_takeovers_total") == 1)
        wait_until(lambda: tell()[tasks_that("resting")] == 1)
        ended = {name: value for name, value in tell().items() if name.startswith("scenedock_tasks_ended_total")}
        assert ended == {'scenedock_tasks_ended_total{action="scenedock:make-file",status="completed"}': 2.0}
        assert service.seconds_idle is not None
    finally:
        service.stop(5)


def test_while_the_database_is_away_there_is_what_this_process_knows() -> None:
    def count() -> TaskCounts:
        raise TemporaryError("the database of tasks can't be reached", retry_after=10)

    away = told(TaskMetrics(count))

    assert tasks_that("waiting") not in away
    assert away["scenedock_tasks_oldest_seconds"] != away["scenedock_tasks_oldest_seconds"]  # not a number
    assert away["scenedock_task_takeovers_total"] == 0
