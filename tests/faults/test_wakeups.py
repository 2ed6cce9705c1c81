"""A worker begins a queued task when it hears of it, once, whoever dies and whatever isn't heard; idle, it rests."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from scenedock.effects.tasks import engine
from scenedock.effects.tasks.executors import SharedExecutors
from scenedock.effects.tasks.wakeups import notify_workers
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import Role, TaskSettings
from scenedock.structs import replace
from scenedock.usecases.tasks.submit_task import submit_task
from scenedock.usecases.tasks.tend_tasks import Tending
from tests.faults.process import CALLER, DIES, SPEC, STEPS, open_service, submit
from tests.faults.processes import judge, lines, migrated, processes, wait_until
from tests.tools.postgres import Postgres

PATIENCE = 30
MOST_ROUNDS = 20
SETTLING_SECONDS = 20
"""Until what was begun has ended and was counted, and dbos no longer looks as often as at its start."""
IDLE_SECONDS = 10
MOST_TRANSACTIONS_A_SECOND = 10
"""A little more than what is promised: in its first minute dbos looks more often for schedules of its own."""


def steps_run(folder: Path) -> list[list[str]]:
    """Of each step that ran: the task, the step, when, and which release's worker."""
    return [line.split() for line in lines(folder / "ran")]


def test_a_worker_hears_what_was_told_when_the_transaction_has_ended_and_hears_again_after_its_session_broke(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    database, others = (open_database(TaskSettings(tmp_path, url)) for _ in range(2))
    woken = threading.Event()
    worker, other = SharedExecutors(database, woken), SharedExecutors(others, threading.Event())
    worker.hold()
    other.hold()

    def heard() -> bool:
        before = woken.is_set()
        others.write(notify_workers)
        return not before and woken.wait(PATIENCE)

    assert woken.wait(PATIENCE)  # at first, for what was told before
    woken.clear()
    assert heard()
    woken.clear()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    assert woken.wait(PATIENCE)  # for what was told meanwhile
    woken.clear()
    assert heard()
    assert not other.is_dead(worker.own)
    for each in (worker, other):
        each.leave()
    for opened in (database, others):
        opened.close()


def test_a_worker_whose_clock_is_behind_begins_what_it_hears_of(tmp_path: Path, postgres: Postgres) -> None:
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with processes(tmp_path, database) as started:
        service = open_service(tmp_path, database, "web")
        started.start("worker")
        ahead = replace(service.effects, clock=lambda: service.effects.clock() + 8_000)
        task = submit_task(ahead, service.actions, CALLER, SPEC)
        wait_until(lambda: service.effects.store.get(task.id).finished)
        assert service.effects.store.events(task.id)[0].created_at < task.created_at
        service.stop(0)


def test_of_two_workers_that_hear_of_the_same_tasks_one_runs_each(tmp_path: Path, postgres: Postgres) -> None:
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with processes(tmp_path, database) as started:
        service = open_service(tmp_path, database, "web")
        for release in ("1", "2"):
            started.start("worker", release=release)
        while len({release for *_, release in steps_run(tmp_path)}) < 2:  # a quick worker alone can do the first sixty
            assert len(lines(tmp_path / "acknowledged")) < 60 * MOST_ROUNDS, "one worker runs everything"
            submit(service, tmp_path, 60)
        judge(service, tmp_path)
        service.stop(0)
    ran = steps_run(tmp_path)
    assert set(Counter((task_id, step) for task_id, step, _, _ in ran).values()) == {1}
    assert len(ran) == len(lines(tmp_path / "acknowledged")) * STEPS


def test_what_a_worker_had_taken_when_it_was_killed_another_begins(tmp_path: Path, postgres: Postgres) -> None:
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with processes(tmp_path, database) as started:
        service = open_service(tmp_path, database, "web")
        dies = started.start("worker", release=DIES)
        submit(service, tmp_path, 1)
        wait_until(lambda: dies.poll() is not None)
        (task_id,) = lines(tmp_path / "acknowledged")
        assert (service.effects.store.get(task_id).status, lines(tmp_path / "ran")) == ("open", [])
        started.start("worker")
        judge(service, tmp_path)
        service.stop(0)


@pytest.mark.parametrize("deaf", ["nobody is told", "no worker looks for itself"])
def test_a_task_of_which_no_worker_hears_is_begun_all_the_same(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, deaf: str
) -> None:
    if deaf == "nobody is told":
        monkeypatch.setattr(engine, "notify_workers", lambda _connection: None)
    else:
        monkeypatch.setattr(Tending, "take", lambda _tending, _now: None)
        monkeypatch.setattr(engine, "_QUEUED_AFTER_SECONDS", 0.1)
        monkeypatch.setattr(engine, "_POLLING_SECONDS", 0.2)
    (tmp_path / "world").mkdir()
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    web, worker = (open_service(tmp_path, database, role) for role in ("web", "worker"))
    worker.start()
    try:
        submit(web, tmp_path, 3)
        judge(web, tmp_path)
    finally:
        worker.stop(1)
        web.stop(0)


def test_who_has_nothing_to_do_hardly_asks_the_database(tmp_path: Path, postgres: Postgres) -> None:
    roles: tuple[Role, ...] = ("web", "worker", "embedded")
    names = {role: f"{tmp_path.name}-{role}" for role in roles}
    with ExitStack() as stack:
        for role, name in names.items():
            (tmp_path / role).mkdir()
            database = migrated(tmp_path / role, postgres.make_database(name))
            started = stack.enter_context(processes(tmp_path / role, database))
            started.start(role, tasks=0 if role == "worker" else 1)
        time.sleep(SETTLING_SECONDS)
        before = postgres.transactions()
        time.sleep(IDLE_SECONDS)
        after = postgres.transactions()
    most = IDLE_SECONDS * MOST_TRANSACTIONS_A_SECOND
    assert {role: after[name] - before[name] for role, name in names.items() if after[name] - before[name] > most} == {}
    assert after[names["worker"]] > before[names["worker"]]
