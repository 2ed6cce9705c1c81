"""Of several replicas that are given a key at once, one makes the task; with another spec, the key is refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from scenedock.errors import ConflictError
from scenedock.model.json import JsonObject
from scenedock.runtime.tasks.service import TaskService
from scenedock.usecases.tasks.submit_task import submit_once
from tests.faults.process import CALLER, make_file, open_service
from tests.faults.processes import migrated
from tests.tools.postgres import Postgres

SUBMISSIONS = 16


@pytest.fixture(params=["sqlite", "postgresql"])
def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[TaskService]]:
    url = ""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.make_database(tmp_path.name)
    with ExitStack() as stack:
        opened = [open_service(tmp_path, migrated(tmp_path, url), "web") for _ in range(2)]
        for each in opened:
            stack.callback(each.stop, 0)
        yield opened


def test_one_key_is_one_task_and_one_spec(replicas: list[TaskService]) -> None:
    def submit(number: int) -> str | None:
        service, lines = replicas[number % 2], number // 2 % 2 + 1
        spec: JsonObject = {"steps": [make_file(lines=lines)], "parameters": {}}
        spec = spec if number % 3 else dict(reversed(list(spec.items())))
        try:
            return submit_once(service.effects, service.actions, CALLER, spec, key="one").id
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(submit, range(SUBMISSIONS)))

    assert (len({each for each in told if each}), told.count(None)) == (1, SUBMISSIONS // 2)
