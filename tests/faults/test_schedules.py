"""Schedules: each tick once, whoever dies."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from scenedock.model.json import as_object
from scenedock.model.tasks.task import TaskQuery
from tests.faults.process import open_service
from tests.faults.processes import migrated, processes, wait_until
from tests.tools.postgres import Postgres

TICKS = 8


def test_of_two_replicas_with_a_schedule_each_second_one_dies_and_each_tick_comes_once(
    tmp_path: Path, postgres: Postgres
) -> None:
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with processes(tmp_path, database) as started:
        first, _second = (started.start("worker", cron="* * * * * *") for _ in range(2))
        service = open_service(tmp_path, database, "web")
        store = service.effects.store
        wait_until(lambda: store.find(TaskQuery())[1] >= TICKS // 2)
        started.kill(first)
        wait_until(lambda: store.find(TaskQuery())[1] >= TICKS)
        found, _ = store.find(TaskQuery(limit=1_000))
        service.stop(0)
    ticks = sorted(datetime.fromisoformat(str(as_object(task.spec["parameters"])["scheduledAt"])) for task in found)
    assert ticks == [ticks[0] + timedelta(seconds=number) for number in range(len(ticks))]


def test_ticks_that_nobody_was_there_for_are_made_up_for(tmp_path: Path) -> None:
    with processes(tmp_path, "") as started:
        started.kill(started.start("embedded", cron="* * * * * *"))
        service = open_service(tmp_path, "", "web")
        store = service.effects.store
        before = store.last_tick("often", 0)
        wait_until(lambda: service.effects.clock() - before > 3_000)
        started.start("embedded", cron="* * * * * *")
        wait_until(lambda: store.find(TaskQuery())[1] >= 4)
        found, _ = store.find(TaskQuery(limit=1_000))
        service.stop(0)
    ticks = sorted(datetime.fromisoformat(str(as_object(task.spec["parameters"])["scheduledAt"])) for task in found)
    assert ticks == [ticks[0] + timedelta(seconds=number) for number in range(len(ticks))]
