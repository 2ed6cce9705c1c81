"""Tending: who is dead, what is late, and what is nobody's fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from scenedock.effects.tasks.engine import Engine, UnendedRun
from scenedock.effects.tasks.executors import LocalExecutors
from scenedock.effects.tasks.store import TaskStore
from scenedock.effects.tasks.tables import migrate
from scenedock.model.json import JsonObject
from scenedock.model.tasks.changes import MOST_RECOVERIES, started, step_began
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.usecases.tasks.tend_tasks import Tending

SPEC: JsonObject = {"steps": [{"id": "one", "name": "one", "action": "scenedock:look", "input": {}}]}


class EngineStub(Engine):
    """Starts nothing, and notes what it was to start."""

    room = 100
    is_busy = True

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []
        self.running: set[tuple[str, int]] = set()
        self.withdrawn: list[str] = []
        self.records: list[UnendedRun] = []

    def start(self, task_id: str, number: int) -> None:
        self.started.append((task_id, number))

    def has(self, task_id: str, number: int) -> bool:
        return (task_id, number) in self.running

    def withdraw(self, tasks: Sequence[Task], _now: int) -> None:
        self.withdrawn += [task.id for task in tasks]

    def unended_runs(self) -> list[UnendedRun]:
        return self.records

    def give_up(self, records: Sequence[str]) -> None:
        self.records = [run for run in self.records if run.record not in records]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TaskStore]:
    database = open_database(TaskSettings(tmp_path))
    database.write(migrate)
    yield TaskStore(database)
    database.close()


@pytest.fixture
def engine() -> EngineStub:
    return EngineStub()


@pytest.fixture
def tending(store: TaskStore, engine: EngineStub, tmp_path: Path) -> Iterator[Tending]:
    executors = LocalExecutors(tmp_path / "executors")
    yield Tending(store, engine, executors)
    executors.leave()


def held_by(store: TaskStore, owner: str, deadline_at: int) -> None:
    store.add(Task(id="t", spec=SPEC, status="open", created_at=0), None)
    store.change("t", lambda task: started(task, 1, owner, 0))
    store.change("t", lambda task: step_began(task, task.steps[0], 0, deadline_at))


def test_a_step_is_not_late_because_nobody_was_there_to_run_it(store: TaskStore, tending: Tending) -> None:
    held_by(store, "dead", deadline_at=10)

    tending.look(1_000_000)

    task = store.get("t")
    assert (task.status, task.reason, task.run, task.deadline_at) == ("processing", "worker lost", 2, None)


def test_a_step_of_a_living_executor_that_is_late_ends_its_task(
    store: TaskStore, tending: Tending, tmp_path: Path
) -> None:
    other = LocalExecutors(tmp_path / "executors")
    other.hold()
    held_by(store, other.own, deadline_at=10)

    tending.look(1_000_000)

    assert store.get("t").status == "failed"
    other.leave()


def test_a_task_that_kills_its_workers_fails_in_the_end(store: TaskStore, tending: Tending) -> None:
    held_by(store, "dead-0", deadline_at=10**9)
    for number in range(1, MOST_RECOVERIES + 2):
        tending.look(number)
        task = store.get("t")
        if not task.finished:
            store.change("t", lambda task, name=f"dead-{number}": started(task, task.run, name, 0))  # type: ignore[misc] # bound now

    assert store.get("t").status == "failed"
    assert store.get("t").run == MOST_RECOVERIES + 1


def waits(store: TaskStore, *names: str) -> None:
    for number, name in enumerate(names):
        store.add(Task(id=name, spec=SPEC, status="open", created_at=0, wake_at=5 + number), None)


def test_a_task_that_nobody_has_begun_is_handed_out_again_but_not_one_that_is_next_up(
    store: TaskStore, engine: EngineStub, tending: Tending
) -> None:
    waits(store, "forgotten", "next")
    engine.running.add(("next", 1))

    tending.look(10)

    assert engine.started == [("forgotten", 2)]
    assert engine.withdrawn == ["forgotten"]
    assert store.get("next").run == 1
    assert store.hand_out(10, 9, engine.has) == []


def test_no_more_is_taken_than_there_is_room_for_and_the_rest_when_a_run_has_ended(
    store: TaskStore, engine: EngineStub, tending: Tending
) -> None:
    waits(store, "first", "second", "third")
    started = []
    for room in (0, 2, 2):
        engine.room = room
        tending.take(10)
        started.append((len(engine.started), tending.has_more))

    assert started == [(0, True), (2, True), (3, False)]


def test_a_record_of_a_run_that_nobody_will_end_is_given_up_and_no_other(
    store: TaskStore, engine: EngineStub, tending: Tending, tmp_path: Path
) -> None:
    other = LocalExecutors(tmp_path / "executors")
    other.hold()
    held_by(store, other.own, deadline_at=10**9)
    engine.records = [
        UnendedRun("killed", "t", "dead"),
        UnendedRun("runs", "t", other.own),
        UnendedRun("hangs", "gone", other.own),
        UnendedRun("ends", "gone too", other.own),
    ]

    tending.look(10_000)
    assert len(engine.records) == 4
    engine.records.pop()
    tending.look(20_000)

    assert [run.record for run in engine.records] == ["runs"]
    other.leave()
