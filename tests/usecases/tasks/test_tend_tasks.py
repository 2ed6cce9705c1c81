"""Tending: who is dead, what is late, and what is nobody's fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from scenedock.effects.tasks.engine import Engine, UnendedRun
from scenedock.effects.tasks.executors import LocalExecutors
from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.effects.tasks.store import TaskStore
from scenedock.errors import TemporaryError
from scenedock.model.json import JsonObject
from scenedock.model.tasks.changes import (
    HANDOVER_MILLISECONDS,
    MOST_RECOVERIES,
    handed_out,
    rested,
    started,
    step_began,
    step_ended,
)
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.usecases.tasks.tend_tasks import Tending, tend

SPEC: JsonObject = {
    "steps": [{"id": name, "name": name, "action": "scenedock:look", "input": {}} for name in ("one", "two")]
}


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


class Watch(LocalExecutors):
    """Sees as dead whom a test names, and waits for them as PostgreSQL's executors do."""

    doubt_milliseconds = 1_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.dead: set[str] = set()

    def is_dead(self, name: str) -> bool:
        return name in self.dead


class Overtaken(TaskStore):
    """Lets something happen once between the moment when tasks are looked at and the one when they are changed."""

    meanwhile: Callable[[TaskStore], object] | None = None
    left: Task | None = None

    def to_tend(self, now: int) -> list[Task]:
        return self._overtaken(super().to_tend(now))

    def _overtaken(self, seen: list[Task]) -> list[Task]:
        if seen and self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile(self)
            self.left = self.get("t")
        return seen


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(TaskSettings(tmp_path))
    database.write(migrate)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> TaskStore:
    return TaskStore(database)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    watch = Watch(tmp_path / "executors")
    yield watch
    watch.leave()


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
        UnendedRun("goes on", "gone", other.own, goes_on=True),
        UnendedRun("went on", "t", "dead", goes_on=True),
        UnendedRun("hangs", "gone", other.own),
        UnendedRun("ends", "gone too", other.own),
    ]

    tending.look(10_000)
    assert len(engine.records) == 6
    engine.records.pop()
    tending.look(20_000)

    assert [run.record for run in engine.records] == ["runs", "goes on"]
    other.leave()


def test_an_executor_that_looks_dead_is_waited_for_before_its_tasks_are_taken_over(
    store: TaskStore, engine: EngineStub, watch: Watch
) -> None:
    tending = Tending(store, engine, watch)
    held_by(store, "away", deadline_at=10**9)
    watch.dead = {"away"}

    for now in (5_000, 5_999):
        tending.look(now)
        assert (store.get("t").lease_owner, engine.started) == ("away", [])

    tending.look(6_000)
    assert (store.get("t").lease_owner, engine.started) == (None, [("t", 2)])


def test_an_executor_that_was_there_again_is_waited_for_anew(
    store: TaskStore, engine: EngineStub, watch: Watch
) -> None:
    tending = Tending(store, engine, watch)
    held_by(store, "away", deadline_at=10**9)

    for now, dead in ((0, {"away"}), (900, set[str]()), (1_000, {"away"}), (1_999, {"away"})):
        watch.dead = dead
        tending.look(now)
        assert store.get("t").lease_owner == "away"

    tending.look(2_000)
    assert store.get("t").run == 2


def test_a_step_is_not_late_while_it_is_in_doubt_whether_anybody_runs_it(
    store: TaskStore, engine: EngineStub, watch: Watch
) -> None:
    tending = Tending(store, engine, watch)
    held_by(store, "away", deadline_at=10)
    watch.dead = {"away"}

    tending.look(100)
    assert (store.get("t").status, store.get("t").lease_owner) == ("processing", "away")

    watch.dead = set()
    tending.look(200)
    assert store.get("t").status == "failed"


def test_nobody_takes_itself_for_dead(store: TaskStore, engine: EngineStub, watch: Watch) -> None:
    tending = Tending(store, engine, watch)
    held_by(store, watch.own, deadline_at=10**9)
    engine.running.add(("t", 1))
    watch.dead = {watch.own}

    for now in (0, 10_000):
        tending.look(now)

    assert store.get("t").lease_owner == watch.own


def starts(store: TaskStore) -> None:
    """Another worker has begun with the task after it was handed out again."""
    store.change("t", lambda task: handed_out(task, 100))
    store.change("t", lambda task: started(task, task.run, "another", 100))


def comes_back(store: TaskStore) -> None:
    """Its own worker was not dead, and has begun with it anew."""
    owner = store.get("t").lease_owner or ""
    store.change("t", lambda task: handed_out(task, 100))
    store.change("t", lambda task: started(task, task.run, owner, 100))


def rests(store: TaskStore) -> None:
    """Its worker has let go of it, until a later time."""
    store.change("t", lambda task: rested(task, 100, wake_at=10**9, wait_for=None, reason="for a while"))


def goes_on(store: TaskStore) -> None:
    """Its worker has ended the step, and begun another one."""
    store.change("t", lambda task: step_ended(task, task.steps[0], "completed", 100))
    store.change("t", lambda task: step_began(task, task.steps[1], 100, 10**9))


@pytest.mark.parametrize("meanwhile", [starts, comes_back, rests])
def test_a_task_that_changed_before_it_could_be_taken_over_is_left_alone(
    database: Database, engine: EngineStub, watch: Watch, meanwhile: Callable[[TaskStore], object]
) -> None:
    store = Overtaken(database)
    held_by(store, "dead", deadline_at=10**9)
    watch.dead = {"dead"}
    tending = Tending(store, engine, watch)
    tending.look(0)
    store.meanwhile = meanwhile

    tending.look(1_000)

    assert (store.get("t"), engine.started) == (store.left, [])


@pytest.mark.parametrize("meanwhile", [starts, rests, goes_on])
def test_a_step_that_was_late_until_something_else_happened_to_its_task_is_not_ended(
    database: Database, engine: EngineStub, watch: Watch, meanwhile: Callable[[TaskStore], object]
) -> None:
    store = Overtaken(database)
    held_by(store, "alive", deadline_at=10)
    store.meanwhile = meanwhile

    Tending(store, engine, watch).look(100)

    assert (store.get("t"), engine.started) == (store.left, [])


def test_a_task_that_stands_under_our_name_and_is_run_by_nobody_is_handed_out_again_after_a_while(
    store: TaskStore, engine: EngineStub, watch: Watch
) -> None:
    tending = Tending(store, engine, watch)
    held_by(store, watch.own, deadline_at=10**9)
    engine.running.add(("t", 1))
    tending.look(0)
    engine.running.clear()

    for now in (10_000, 10_000 + HANDOVER_MILLISECONDS - 1):
        tending.look(now)
        assert engine.started == []

    tending.look(10_000 + HANDOVER_MILLISECONDS)
    assert engine.started == [("t", 2)]


def test_who_runs_tasks_is_known_as_alive_and_says_so_every_five_seconds(
    store: TaskStore, engine: EngineStub, watch: Watch
) -> None:
    tending = Tending(store, engine, watch)
    held_by(store, watch.own, deadline_at=10**9)

    heard = []
    for now in (5_000, 9_999, 10_000):
        tending.stay(now)
        heard.append(store.get("t").heartbeat_at)

    assert heard == [5_000, 5_000, 10_000]
    assert not LocalExecutors(watch.folder).is_dead(watch.own)


def test_a_look_that_fails_is_told_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_now: int) -> None:
        raise TemporaryError("the database is away", retry_after=1)

    def break_down(_now: int) -> None:
        raise ZeroDivisionError

    tend(refuse, 1)
    tend(break_down, 1)

    assert [(record.levelname, record.getMessage(), bool(record.exc_info)) for record in caplog.records] == [
        ("WARNING", "tasks can't be tended: the database is away", False),
        ("ERROR", "tasks can't be tended; trying again", True),
    ]
