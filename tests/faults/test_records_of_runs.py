"""dbos takes no run for running whose task has ended, however it ended; old records are deleted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.effects.tasks.engine import Engine
from scenedock.model.json import JsonObject
from scenedock.model.tasks.changes import handed_out
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.usecases.tasks.limits import TaskLimits
from scenedock.usecases.tasks.manage_tasks import cancel_task
from scenedock.usecases.tasks.retention import forget_old_tasks_action, retention_schedule
from scenedock.usecases.tasks.submit_task import submit_task
from tests.faults.process import CALLER, make_file, make_file_action
from tests.faults.processes import lines, migrated, records_of_runs, wait_until


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TaskService]:
    """Tasks that run here, of which a step may take a second."""
    url = request.getfixturevalue("postgres").make_database(tmp_path.name) if request.param == "postgresql" else ""
    (tmp_path / "world").mkdir()
    settings = TaskSettings(tmp_path / "data", migrated(tmp_path, url), threads=4, limits=TaskLimits(step_seconds=1))
    opened = open_tasks(settings, [make_file_action()], tmp_path)
    opened.start()
    yield opened
    opened.stop(1)


def submit(service: TaskService, step: JsonObject) -> Task:
    return submit_task(service.effects, service.actions, CALLER, {"steps": [step]})


def wait_for_end(service: TaskService, task: Task, status: str) -> None:
    wait_until(lambda: service.effects.store.get(task.id).finished)
    assert service.effects.store.get(task.id).status == status


@pytest.mark.parametrize("way", ["completed", "late", "cancelled", "overtaken"])
def test_no_run_of_a_task_that_has_ended_is_taken_for_running(
    service: TaskService, tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    seconds = {"completed": 0.0, "late": 12.0, "cancelled": 0.5, "overtaken": 0.8}[way]
    task = submit(service, make_file(seconds=seconds))
    wait_until(lambda: lines(tmp_path / "ran") != [])
    engine = service.effects.engine
    assert isinstance(engine, Engine)
    assert {run.goes_on for run in engine.unended_runs()} <= {True}
    if way == "cancelled":
        cancel_task(service.effects, CALLER, task.id)
    if way == "overtaken":
        service.effects.store.change(task.id, lambda seen: handed_out(seen, service.effects.clock(), 0))

    wait_for_end(service, task, "failed" if way == "late" else "completed")
    wait_until(lambda: records_of_runs(service, "PENDING") == [])
    wait_until(lambda: list((tmp_path / "world").iterdir()) != [])  # until a late step has ended, too
    service.stop(30)
    assert [line.getMessage() for line in caplog.records if line.name == "dbos"] == []


def test_old_records_are_deleted_by_the_task_that_deletes_old_tasks(service: TaskService) -> None:
    wait_for_end(service, submit(service, make_file(seconds=0.0)), "completed")
    forget = forget_old_tasks_action(service.effects)

    task = submit_task(service.effects, [forget], CALLER, retention_schedule(-1).spec)

    wait_for_end(service, task, "completed")
    wait_until(lambda: records_of_runs(service) == [])
