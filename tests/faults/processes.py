"""Starting, killing and judging processes that run tasks."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dbos import DBOSClient

from scenedock.effects.tasks.engine import dbos_engine
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import Role, TaskSettings
from scenedock.usecases.tasks.migrate_database import migrate_database
from tests.faults.process import STEPS

_log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
SECONDS_TO_WAIT = 60
"""A hang fails."""


@contextmanager
def processes(folder: Path, database: str) -> Iterator[Processes]:
    """Some processes, all gone afterwards."""
    started = Processes(folder, database)
    try:
        yield started
    finally:
        for process in started.running:
            started.kill(process)


class Processes:
    """Processes on one folder and database."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.database = database
        self.running: list[subprocess.Popen[bytes]] = []

    def start(
        self, role: Role, tasks: int = 0, release: str = "1", cron: str = "", grace: int = 1
    ) -> subprocess.Popen[bytes]:
        """Start one, and wait until it runs tasks; told to stop, it gives them so many seconds."""
        what = [str(self.folder), self.database, role, str(tasks), release, cron, str(grace)]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'service'}"}
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.process", *what], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self.running.append(process)
        wait_until(lambda: (self.folder / f"ready.{process.pid}").exists() or process.poll() is not None)
        assert process.poll() is None, (self.folder / "log").read_text()
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> int:
        """Kill one at once; answers when, in milliseconds since 1970."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.running = [each for each in self.running if each is not process]
        return time.time_ns() // 1_000_000

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Let one end as a new release wants it to."""
        process.terminate()
        process.wait(SECONDS_TO_WAIT)
        self.running = [each for each in self.running if each is not process]


def wait_until(done: Callable[[], bool], seconds: float = SECONDS_TO_WAIT) -> None:
    """Wait for a function to say yes."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def wait_for_more(path: Path, count: int) -> None:
    """Wait until a file has more lines than that: on a slow machine a pause alone would kill before anything runs."""
    wait_until(lambda: len(lines(path)) > count)


def migrated(folder: Path, database: str) -> str:
    """The database's URL, when its tables are there."""
    opened = open_database(TaskSettings(folder / "data", database))
    migrate_database(opened)
    opened.close()
    return database


def lines(path: Path) -> list[str]:
    """The lines of a file that may not be there yet."""
    return path.read_text().splitlines() if path.exists() else []


def records_of_runs(service: TaskService, status: str | None = None) -> list[str]:
    """The records that dbos has of runs, or those of a status."""
    connections = dbos_engine(service.effects.database)
    client = DBOSClient(system_database_engine=connections)
    try:
        return [record.workflow_id for record in client.list_workflows(status=status, load_input=False)]
    finally:
        client.destroy()
        connections.dispose()


def judge(service: TaskService, folder: Path) -> None:
    """Nothing is lost, nothing is done twice: judged on everything that was acknowledged; the log has the counts.

    In the end dbos takes no run for running.
    """
    acknowledged = lines(folder / "acknowledged")
    store = service.effects.store
    wait_until(lambda: all(store.get(task_id).finished for task_id in acknowledged))
    made = Counter(name.name.rpartition(".")[0] for name in (folder / "world").iterdir())
    begun = [line.split() for line in lines(folder / "ran")]
    for task_id in acknowledged:
        assert store.get(task_id).status == "completed", store.events(task_id)
        events = store.events(task_id)
        assert [event.id for event in events] == list(range(1, len(events) + 1))
        ended = {event.step_id: event.created_at for event in events if event.step_status == "completed"}
        assert len(ended) == STEPS
        for step_id, when in ended.items():
            assert made[f"{task_id}.{step_id}"] == 1
            repeated = [ran for ran in begun if ran[:2] == [task_id, step_id] and int(ran[2]) > when]
            assert not repeated, "a step was run again after it had been recorded as completed"
    wait_until(lambda: records_of_runs(service, "PENDING") == [])
    again = sum(count - 1 for count in Counter(tuple(ran[:2]) for ran in begun).values())
    _log.info("%d tasks acknowledged, all completed; %d steps in flight begun again", len(acknowledged), again)
