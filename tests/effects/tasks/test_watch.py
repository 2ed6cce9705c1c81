"""Callers wait together for their tasks: told at once of what runs here, else by one query for all of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from scenedock.effects.tasks.storage.tables import migrate
from scenedock.effects.tasks.store import TaskStore
from scenedock.effects.tasks.watch import SECONDS_BETWEEN_LOOKS, AwaitedTask, TaskWatch
from scenedock.errors import TemporaryError
from scenedock.model.tasks.changes import OTHER_KEY, TaskChange
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.structs import replace
from tests.tools.server import wait_until

PATIENCE = 60


class CountingStore(TaskStore):
    """Counts how often it is asked, and can be out of reach."""

    looks = 0
    is_away = False

    def stopped(self, awaited: Collection[str], running: Collection[str]) -> list[Task]:
        self.looks += 1
        if self.is_away:
            raise TemporaryError("the database is away", retry_after=1)
        return super().stopped(awaited, running)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CountingStore]:
    database = open_database(TaskSettings(tmp_path))
    database.write(migrate)
    yield CountingStore(database)
    database.close()


def put(store: TaskStore, name: str) -> Task:
    return store.add(Task(name, {"steps": []}, "processing", 1, "user:default/jane", lease_owner="another"), None)


def became(store: TaskStore, task: Task, **fields: object) -> None:
    """Another process changes it."""
    store.change(task.id, lambda stored: TaskChange(replace(stored, **fields)))  # type: ignore[arg-type]


def until_ended(awaited: AwaitedTask) -> Task:
    until = time.monotonic() + PATIENCE
    while not (task := awaited.ended):
        assert time.monotonic() < until
        awaited.wait(1)
    return task


def test_all_callers_are_woken_by_four_queries_a_second(store: CountingStore) -> None:
    tasks = [put(store, f"task-{number}") for number in range(60)]
    watch = TaskWatch(store)
    began = time.monotonic()
    with ExitStack() as stack, ThreadPoolExecutor(len(tasks)) as callers:
        awaited = [stack.enter_context(watch.awaiting(task)) for task in tasks]
        ends = [callers.submit(until_ended, each) for each in awaited]
        wait_until(lambda: store.looks > 4, "some looks")
        for task in tasks:
            became(store, task, status="completed", lease_owner=None)

        assert [end.result(PATIENCE).id for end in ends] == [task.id for task in tasks]
        assert store.looks <= (time.monotonic() - began) / SECONDS_BETWEEN_LOOKS + 1


def test_a_task_that_rests_elsewhere_is_reported_and_then_its_end(store: CountingStore) -> None:
    task, other = put(store, "task"), put(store, "other")
    watch = TaskWatch(store)
    with watch.awaiting(task) as awaited, watch.awaiting(other) as works:
        became(store, task, lease_owner=None)
        wait_until(lambda: awaited.rests, "the news that it rests")
        assert not works.rests
        assert awaited.ended is None

        became(store, task, status="failed")
        assert until_ended(awaited).status == "failed"


def test_a_run_in_this_process_tells_it_at_once(store: CountingStore) -> None:
    task = put(store, "task")
    watch = TaskWatch(store)
    with watch.awaiting(task) as awaited, watch.awaiting(task) as joined:
        watch.tell(replace(task, status="completed"))

        assert [each.ended and each.ended.status for each in (awaited, joined)] == ["completed"] * 2


def test_nobody_asks_for_nobody(store: CountingStore) -> None:
    watch = TaskWatch(store)
    with watch.awaiting(put(store, "task")):
        wait_until(lambda: store.looks > 0, "a look")
    wait_until(lambda: not watch._looks, "an end of the looks")
    looks = store.looks

    with watch.awaiting(put(store, "other")):
        wait_until(lambda: store.looks > looks, "the next look")


def test_callers_are_told_that_the_database_is_out_of_reach(store: CountingStore) -> None:
    watch = TaskWatch(store)
    store.is_away = True
    with watch.awaiting(put(store, "task")) as awaited, pytest.raises(TemporaryError, match="is away"):
        until_ended(awaited)


def test_who_knows_that_a_task_rests_is_told_when_it_misses_its_key(store: CountingStore) -> None:
    watch = TaskWatch(store)
    with watch.awaiting(task := put(store, "task")) as awaited:
        became(store, task, lease_owner=None, reason="another task has its seat")
        wait_until(lambda: awaited.rests, "the task to rest")
        became(store, task, reason=OTHER_KEY)
        wait_until(lambda: awaited.reason == OTHER_KEY, "the news")
