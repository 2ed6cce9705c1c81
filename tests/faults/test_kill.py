"""Processes are killed at random points: nothing acknowledged is lost, nothing recorded is done again.

`make test-all` makes ten trials, `SCENEDOCK_SOAK=1` a hundred; `-o log_cli=true -o log_cli_level=INFO` shows what they
counted.
"""

from __future__ import annotations

import logging
import os
import random
import time
from pathlib import Path

import pytest

from tests.faults.process import open_service, submit
from tests.faults.processes import judge, lines, migrated, processes, wait_for_more
from tests.tools.postgres import Postgres

_log = logging.getLogger(__name__)

SOAK = bool(os.environ.get("SCENEDOCK_SOAK"))
TRIALS = pytest.mark.parametrize("trials", [5, pytest.param(100 if SOAK else 10, marks=pytest.mark.extended)])
TAKEOVER_MILLISECONDS = 10_000
"""Half of a lease: whoever takes over sooner has noticed the death, however busy the machine is."""


@TRIALS
def test_one_process_on_sqlite_killed_again_and_again_loses_and_repeats_nothing(tmp_path: Path, trials: int) -> None:
    chance = random.Random(7)  # noqa: S311 - a seed makes a failure repeatable
    with processes(tmp_path, "") as started:
        for _ in range(trials):
            acknowledged = len(lines(tmp_path / "acknowledged"))
            process = started.start("embedded", tasks=25)
            wait_for_more(tmp_path / "acknowledged", acknowledged)
            time.sleep(chance.uniform(0, 0.8))
            started.kill(process)
        last = started.start("embedded")
        service = open_service(tmp_path, "", "web")
        assert len(lines(tmp_path / "acknowledged")) >= trials
        judge(service, tmp_path)
        service.stop(0)
        started.stop(last)


@TRIALS
def test_of_two_workers_on_postgresql_one_takes_over_what_the_other_had(
    tmp_path: Path, postgres: Postgres, trials: int
) -> None:
    chance = random.Random(11)  # noqa: S311 - a seed makes a failure repeatable
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with processes(tmp_path, database) as started:
        service = open_service(tmp_path, database, "web")
        workers = [started.start("worker"), started.start("worker")]
        deaths: list[int] = []
        for _ in range(trials):
            ran = len(lines(tmp_path / "ran"))
            submit(service, tmp_path, 30)
            wait_for_more(tmp_path / "ran", ran)
            time.sleep(chance.uniform(0, 0.4))
            deaths.append(started.kill(workers.pop(0)))
            workers.append(started.start("worker"))
        judge(service, tmp_path)
        recovered = [
            event.created_at
            for task_id in lines(tmp_path / "acknowledged")
            for event in service.effects.store.events(task_id)
            if event.type == "recovered"
        ]
        service.stop(0)
    assert recovered, "no trial hit a running task"
    takeovers = [when - max(death for death in deaths if death <= when) for when in recovered]
    _log.info("%d tasks taken over, at most %d ms after their worker died", len(takeovers), max(takeovers))
    assert max(takeovers) <= TAKEOVER_MILLISECONDS


def test_a_restart_of_postgresql_in_mid_task_loses_and_repeats_nothing(tmp_path: Path, postgres: Postgres) -> None:
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with processes(tmp_path, database) as started:
        service = open_service(tmp_path, database, "web")
        for _ in range(2):
            started.start("worker")
        for _ in range(2):
            submit(service, tmp_path, 30)
            ran = len(lines(tmp_path / "ran"))
            wait_for_more(tmp_path / "ran", ran + 3)
            postgres.stop()
            time.sleep(1)
            postgres.start()
        judge(service, tmp_path)
        service.stop(0)
