"""How fast tasks start, how many are done in a second, and what those cost who wait: `python -m bench.tasks`.

Each task has three trivial steps and five log lines. All numbers of one run come from one machine in one state, so
their ratios hold elsewhere; the numbers themselves don't, but for transactions. Backstage is asked over HTTP, which
costs a little; its database is in memory, which saves more.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

from bench.backstage_tasks import backstage_tasks_a_second
from scenedock.model.action import Caller, Context, action
from scenedock.model.json import JsonObject, as_object
from scenedock.model.json_documents import Model
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import Role, TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.usecases.tasks.migrate_database import migrate_database
from scenedock.usecases.tasks.submit_task import submit_task
from tests.tools.postgres import Postgres, running_postgres

STARTS = 100
TASKS = 400
FIRST_SECONDS, IDLE_SECONDS = 65, 30
IDLE: tuple[Role, ...] = ("web", "worker", "embedded")
CALLER = Caller("bench", "local", scope="admin")


class Given(Model):
    """What a step is given."""

    lines: Annotated[int, "How many lines are logged"]


class Made(Model):
    """What a step gives."""

    began: Annotated[int, "When it ran, in nanoseconds since 1970"]


@action("note")
def note(context: Context[None], given: Given) -> Made:
    """Log lines, and say when."""
    began = time.time_ns()
    for number in range(given.lines):
        context.log(f"line {number}")
    return Made(began=began)


SPEC: JsonObject = {
    "steps": [{"id": f"s{lines}", "action": "scenedock:note", "input": {"lines": lines}} for lines in (2, 3, 0)]
}


def main() -> None:
    """Measure all ways of running tasks, and print a table."""
    sys.stdout.write(f"{'':<24}{'start p50':>12}{'start p95':>12}{'tasks/s':>10}\n")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running_postgres())
        for name, url, split in (
            ("SQLite, embedded", "", False),
            ("PostgreSQL, embedded", server.make_database("embedded"), False),
            ("PostgreSQL, one worker", server.make_database("split"), True),
        ):
            with serving(TaskSettings(folder / name, url), split=split) as service:
                starts = sorted(start_milliseconds(service) for _ in range(STARTS))
                rate = tasks_a_second(service)
            p50, p95 = statistics.median(starts), starts[int(STARTS * 0.95)]
            sys.stdout.write(f"{name:<24}{p50:>9.1f} ms{p95:>9.1f} ms{rate:>10.0f}\n")
        rate = backstage_tasks_a_second(folder / "backstage")
        sys.stdout.write(f"{'Backstage, debug:log':<24}{'':>24}{rate:>10.0f}\n\n")
        for role, transactions in idle_transactions_a_second(server, folder).items():
            sys.stdout.write(f"{f'idle {role}, PostgreSQL':<24}{transactions:>9.1f} transactions/s\n")


@contextmanager
def serving(settings: TaskSettings, *, split: bool) -> Iterator[TaskService]:
    """Tasks that are run here, or by a worker of their own."""
    database = open_database(settings)
    migrate_database(database)
    database.close()
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(settings, "worker"), daemon=True)
    if split:
        worker.start()
    service = open_tasks(settings, [note], None, "web" if split else "embedded")
    service.start()
    run(service, 5)  # whoever comes first pays for imports and connections
    try:
        yield service
    finally:
        service.stop(5)
        if split:
            worker.kill()
            worker.join()


def work(settings: TaskSettings, role: Role) -> None:
    """Run tasks until killed."""
    service = open_tasks(settings, [note], None, role)
    service.start()
    _ = service.effects
    time.sleep(3_600)


def idle_transactions_a_second(server: Postgres, folder: Path) -> dict[str, float]:
    """How many transactions a process of each role makes in a second, after its first minute without a task."""
    processes = []
    for role in IDLE:
        settings = TaskSettings(folder / f"idle-{role}", server.make_database(f"idle-{role}"))
        database = open_database(settings)
        migrate_database(database)
        database.close()
        processes.append(multiprocessing.get_context("spawn").Process(target=work, args=(settings, role), daemon=True))
        processes[-1].start()
    time.sleep(FIRST_SECONDS)
    before = server.transactions()
    time.sleep(IDLE_SECONDS)
    after = server.transactions()
    for process in processes:
        process.kill()
        process.join()
    return {role: (after[f"idle-{role}"] - before[f"idle-{role}"]) / IDLE_SECONDS for role in IDLE}


def start_milliseconds(service: TaskService) -> float:
    """The time from before a task is submitted until its first step runs."""
    before = time.time_ns()
    done = run(service, 1)[0]
    return (int(str(as_object(done.step_state("s2")["output"])["began"])) - before) / 1_000_000


def tasks_a_second(service: TaskService) -> float:
    """How many tasks end in a second, from the first submission to the last end."""
    before = time.monotonic()
    run(service, TASKS)
    return TASKS / (time.monotonic() - before)


def run(service: TaskService, count: int) -> list[Task]:
    """Submit tasks, and wait until all have ended."""
    submitted = [submit_task(service.effects, service.actions, CALLER, SPEC).id for _ in range(count)]
    return [ended(service, task_id) for task_id in submitted]


def ended(service: TaskService, task_id: str) -> Task:
    """A task once it has ended."""
    while not (task := service.effects.store.get(task_id)).finished:
        time.sleep(0.01)
    return task


if __name__ == "__main__":
    main()
