"""The store on both databases: many at once, and a database of an older release."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, inspect, text

from scenedock.effects.tasks.deliveries import forget_deliveries, receive
from scenedock.effects.tasks.executors import LocalExecutors, SharedExecutors
from scenedock.effects.tasks.lookout import TaskLookout
from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.migrations import MIGRATIONS
from scenedock.effects.tasks.storage.tables import METADATA, migrate
from scenedock.effects.tasks.store import TaskStore
from scenedock.errors import ConflictError, InputError, TemporaryError
from scenedock.model.tasks.changes import (
    LeaseLostError,
    NewEvent,
    TaskChange,
    cancel_asked,
    ended,
    handed_out,
    logged,
    rested,
    retried,
    started,
)
from scenedock.model.tasks.task import Task, fingerprint
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.structs import replace
from scenedock.usecases.tasks.migrate_database import migrate_database
from tests.faults.processes import migrated
from tests.tools.postgres import Postgres

WRITERS = 20
LINES = 25


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").make_database(tmp_path.name)
    opened = open_database(TaskSettings(tmp_path, url))
    yield opened
    opened.close()


def new_task(task_id: str) -> Task:
    return Task(id=task_id, spec={"steps": []}, status="open", created_at=1)


def test_parallel_writers_and_readers_lose_and_repeat_no_event(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    store.add(new_task("busy"), None)
    store.change("busy", lambda task: started(task, 1, "me", 1))

    def write(writer: int) -> None:
        for number in range(LINES):
            store.change("busy", lambda task, said=f"{writer}.{number}": TaskChange(task, (logged(said, 1),)))  # type: ignore[misc] # bound now

    def read(_reader: int) -> list[tuple[int, str]]:
        seen: list[tuple[int, str]] = []
        until = time.monotonic() + 60
        while len(seen) < WRITERS * LINES and time.monotonic() < until:
            after = seen[-1][0] if seen else 0
            time.sleep(0.02)
            seen += [(event.id, str(event.body["message"])) for event in store.events("busy", after)]
        return seen

    with ThreadPoolExecutor(2 * WRITERS) as threads:
        readers = [threads.submit(read, reader) for reader in range(WRITERS)]
        list(threads.map(write, range(WRITERS)))
        seen = [reader.result() for reader in readers]

    assert all(each == seen[0] for each in seen)
    assert [number for number, _ in seen[0]] == list(range(1, WRITERS * LINES + 1))
    assert {said for _, said in seen[0]} == {
        f"{writer}.{number}" for writer in range(WRITERS) for number in range(LINES)
    }


def test_a_change_whose_answer_was_lost_is_not_written_twice(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    store.add(new_task("once"), None)

    for _ in range(2):
        store.change("once", lambda task: TaskChange(task, (logged("line", 1),)), "mark")

    assert len(store.events("once")) == 1


def claimed(store: TaskStore, task_id: str) -> Task:
    """A new task that a worker runs, and which has a seat."""
    store.add(new_task(task_id), None)
    task = store.change(task_id, lambda task: started(task, 1, "me", 1))
    assert store.take_seats(task, {task_id: 1}) is None
    return task


TOLD = "a line with a NUL \0, a quote ', a sign % and \u00fc\ud83c"


def test_a_change_of_a_task_that_is_as_expected_is_written_as_one_of_a_task_that_was_read(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    changes = [
        lambda task: TaskChange(replace(task, state={"it": TOLD}), (logged(TOLD, 2, "s", "processing"), logged("", 3))),
        lambda task: TaskChange(replace(task, deadline_at=4)),
        lambda task: ended(task, "complete", {"message": "done"}, 5),
    ]
    for task_id in ("read", "expected"):
        task = claimed(store, task_id)
        for change in changes:
            task = store.change(task_id, change, expected=task if task_id == "expected" else None)
        assert task == store.get(task_id)

    first, second = ({**row._mapping, "id": ""} for row in database.read(text("SELECT * FROM task")))
    assert first == second
    assert [replace(event, task_id="") for event in store.events("read")] == [
        replace(event, task_id="") for event in store.events("expected")
    ]
    assert store.events("expected")[0].body["message"] == TOLD
    assert database.read(text("SELECT * FROM task_seat")) == []


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda task: cancel_asked(task, 2),
        lambda task: handed_out(task, 2),
        lambda task: ended(task, "fail", {"message": "late"}, 2),
        lambda task: TaskChange(replace(task, wait_for=None)),
        lambda task: TaskChange(task, (logged("line", 2),)),
    ],
    ids=["cancelled", "handed out", "ended", "told", "logged"],
)
def test_a_task_that_is_not_as_expected_is_read_before_it_is_changed(
    database: Database, meanwhile: Callable[[Task], TaskChange]
) -> None:
    database.write(migrate)
    store = TaskStore(database)
    claimed(store, "it")
    expected = store.change("it", lambda task: TaskChange(replace(task, wait_for="this")))
    present = store.change("it", meanwhile)
    seen = []

    def decide(task: Task) -> TaskChange:
        seen.append(task)
        return TaskChange(replace(task, reason="changed"), (logged("changed", 3),))

    changed = store.change("it", decide, expected=expected)

    assert seen == [expected, present]
    assert changed == store.get("it")
    assert changed == replace(present, reason="changed", last_event=present.last_event + 1)
    assert [event.id for event in store.events("it")] == list(range(1, changed.last_event + 1))


def lose_sessions(database: Database) -> None:
    """End all sessions of a database in PostgreSQL, as its server may."""
    with psycopg.connect(database.address.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_what_is_asked_after_all_connections_were_lost_is_asked_again(tmp_path: Path, postgres: Postgres) -> None:
    with closing(open_database(TaskSettings(tmp_path, postgres.make_database(tmp_path.name)))) as database:
        database.write(migrate)
        store = TaskStore(database)
        task = claimed(store, "it")

        lose_sessions(database)
        assert store.get("it") == task
        lose_sessions(database)
        task = store.change("it", lambda task: TaskChange(task, (logged("line", 2),)), "mark", expected=task)
        lose_sessions(database)
        assert store.add(new_task("another"), "key") == store.add(new_task("the same"), "key")
        assert store.get("it") == task


def use(store: TaskStore, name: str) -> None:
    """Add a task, get it, and change it as who runs it does."""
    assert store.add(new_task(name), None).id == name
    task = store.get(name)
    changed = store.change(name, lambda task: TaskChange(task, (logged("line", 2),)), "mark", expected=task)
    assert (store.get(name), changed.last_event, len(store.events(name))) == (changed, 1, 1)


def test_a_server_that_is_away_for_a_while_is_waited_for(tmp_path: Path, postgres: Postgres) -> None:
    with closing(open_database(TaskSettings(tmp_path, postgres.make_database(tmp_path.name)))) as database:
        database.write(migrate)
        store = TaskStore(database)
        it = claimed(store, "it")
        postgres.stop()
        with ThreadPoolExecutor(4) as threads:
            try:
                gets = [threads.submit(store.get, "it") for _ in range(2)]
                adds = threads.submit(store.add, new_task("added"), "key")
                changes = threads.submit(
                    store.change, "it", lambda task: TaskChange(task, (logged("line", 2),)), "mark", expected=it
                )
                time.sleep(1.5)
            finally:
                postgres.start()

            assert adds.result().id == "added"
            assert changes.result() == store.get("it")
            assert {get.result().id for get in gets} == {"it"}
        assert len(store.events("it")) == 1


@pytest.mark.filterwarnings("ignore:<psycopg:ResourceWarning")  # of a pool that others had given up
def test_sessions_that_a_server_ends_again_and_again_lose_and_repeat_nothing(
    tmp_path: Path, postgres: Postgres
) -> None:
    def work(worker: int) -> int:
        done = 0
        while not stopped.is_set():
            use(store, f"{worker}.{done}")
            done += 1
        return done

    stopped = threading.Event()
    with closing(open_database(TaskSettings(tmp_path, postgres.make_database(tmp_path.name)))) as database:
        database.write(migrate)
        store = TaskStore(database)
        with ThreadPoolExecutor(4) as threads:
            workers = [threads.submit(work, worker) for worker in range(4)]
            try:
                until = time.monotonic() + 2
                while time.monotonic() < until:
                    lose_sessions(database)
                    time.sleep(0.03)
            finally:
                stopped.set()
            assert min(worker.result() for worker in workers) > 0
    gc.collect()  # so that these warnings are not a later test's


def test_a_file_that_cannot_be_opened_is_waited_for_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    with closing(open_database(TaskSettings(folder))) as database:
        database.write(migrate)
        store = TaskStore(database)
        database.close()
        folder.rename(elsewhere)
        back = threading.Timer(0.5, elsewhere.rename, [folder])
        back.start()
        use(store, "it")
        back.join()

        database.close()
        folder.rename(elsewhere)
        monkeypatch.setattr("scenedock.effects.tasks.storage.database.PATIENCE_SECONDS", 0.2)
        with pytest.raises(TemporaryError, match="the database of tasks can't be reached"):
            store.get("it")
        with pytest.raises(TemporaryError, match="the database of tasks can't be reached"):
            store.add(new_task("another"), None)


def test_who_is_told_of_changes_is_told_of_one_whose_answer_was_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write(migrate)
    told: list[NewEvent] = []
    store = TaskStore(database, lambda _task, events: told.extend(events))
    task = claimed(store, "it")
    line = logged("line", 2)
    way = "write_plain" if database.is_sqlite else "plain"
    real = getattr(database, way)

    def twice(*arguments: object, **named: object) -> object:
        """As after a connection that broke when the transaction had ended."""
        real(*arguments, **named)
        return real(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(database, way, twice)
        changed = store.change("it", lambda task: TaskChange(task, (line,)), "mark", expected=task)

    assert told == [line]
    assert (changed, len(store.events("it"))) == (store.get("it"), 1)


def test_a_task_whose_storing_was_not_answered_is_found_again_and_no_other(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    store.add(new_task("another's"), None)

    for _ in range(2):  # as after a connection that broke when the transaction had ended
        assert store.add(new_task("mine"), None).id == "mine"


def test_the_migrations_make_the_tables_that_the_code_uses_from_nothing_and_from_any_version(
    database: Database,
) -> None:
    for version in range(len(MIGRATIONS)):
        database.write(
            lambda connection: [connection.execute(text(f"DROP TABLE IF EXISTS {name}")) for name in METADATA.tables]
        )
        database.write(lambda connection: migrate(connection, version))  # noqa: B023 - called at once

        assert database.write(migrate) == len(MIGRATIONS) - version
        assert database.write(migrate) == 0
        for table in METADATA.sorted_tables:
            known = database.write(lambda connection: inspect(connection).get_columns(table.name))  # noqa: B023
            assert {column["name"]: column["nullable"] for column in known if not column.get("primary_key")} | {
                column.name: False for column in table.primary_key
            } == {column.name: bool(column.nullable) for column in table.columns}
            indexes = database.write(lambda connection: inspect(connection).get_indexes(table.name))  # noqa: B023
            assert {index["name"] for index in indexes} == {index.name for index in table.indexes}


def test_a_database_that_is_behind_or_ahead_is_refused_with_what_to_do(tmp_path: Path, postgres: Postgres) -> None:
    settings = TaskSettings(tmp_path, postgres.make_database(tmp_path.name))
    with pytest.raises(ConflictError, match="run `scenedock migrate`"):
        open_tasks(settings, [], None)
    opened = open_database(settings)
    assert migrate_database(opened) == len(MIGRATIONS)
    assert migrate_database(opened) == 0
    opened.write(lambda connection: connection.execute(text("INSERT INTO task_schema VALUES (99)")))

    with pytest.raises(ConflictError, match="use the newer release"):
        migrate_database(opened)
    with pytest.raises(ConflictError, match="use the newer release"):
        open_tasks(settings, [], None)
    with (
        closing(TaskLookout(settings.database, tmp_path, keep_days=30)) as lookout,
        pytest.raises(ConflictError, match="use the newer release"),
    ):
        lookout.require_usable()
    opened.close()


def test_without_a_word_of_its_password_an_address_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    settings = TaskSettings(tmp_path, "postgresql://tasks:hunter%2-canary@127.0.0.1/tasks")

    with pytest.raises(InputError, match="can't be used") as refused:
        open_tasks(settings, [], None)
    assert "canary" not in str(refused.value)


def test_a_lookout_on_postgresql_sees_what_has_not_ended(tmp_path: Path, postgres: Postgres) -> None:
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    database = open_database(TaskSettings(tmp_path, url))
    with closing(TaskLookout(url, tmp_path, keep_days=30)) as lookout:
        lookout.require_usable()
        before = lookout.sees_work()
        TaskStore(database).add(new_task("new"), None)
        after = lookout.sees_work()
    database.close()

    assert (before, after) == (False, True)


def test_an_old_database_keeps_its_tasks(database: Database) -> None:
    database.write(lambda connection: migrate(connection, 1))
    store = TaskStore(database)
    store.add(new_task("old"), "key")

    database.write(migrate)

    assert store.get("old") == new_task("old")
    assert store.add(new_task("new"), "key").id == "old"


def test_what_ended_long_ago_is_forgotten_and_nothing_else(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    for name, when in (("old", 10), ("young", 1_000), ("running", None)):
        store.add(new_task(name), None)
        store.change(name, lambda task: started(task, 1, "me", 1))
        if when:
            store.change(name, lambda task, when=when: ended(task, "complete", {"message": "done"}, when))  # type: ignore[misc] # bound now

    assert store.forget(100) == ["old"]
    assert store.forget(100) == []
    assert [task.id for task in store.to_tend(2_000)] == ["running"]
    assert store.get("young").finished
    assert store.events("old") == []


def test_a_delivery_is_handled_once_however_many_replicas_get_it_and_however_often(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    store.add(new_task("waits"), None)
    store.change("waits", lambda task: started(task, 1, "me", 1))
    store.change("waits", lambda task: rested(task, 2, wake_at=900, wait_for=fingerprint("pull-request:1"), reason=""))

    with ThreadPoolExecutor(8) as threads:
        handled = list(threads.map(lambda _: receive(database, ["a", "b"], ["pull-request:1"], 5), range(8)))

    assert sorted(handled, key=str) == [1, *[None] * 7]
    assert store.get("waits").wake_at == 5
    assert receive(database, ["c", "d"], [], 50) == 0
    assert receive(database, ["e", "d"], [], 50) is None
    assert (forget_deliveries(database, 50), forget_deliveries(database, 50)) == (2, 0)
    assert receive(database, ["c", "e"], [], 60) is None
    assert receive(database, ["a", "e"], [], 60) == 0


def test_who_is_woken_while_it_looks_is_asked_to_look_again_and_not_handed_to_another(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    store.add(new_task("looks"), None)
    store.change("looks", lambda task: started(task, 1, "me", 1))
    store.change("looks", lambda task: rested(task, 2, wake_at=900, wait_for=fingerprint("it"), reason=""))
    store.change("looks", lambda task: started(task, 1, "me", 3))

    assert (receive(database, ["first"], ["it"], 4), receive(database, ["second"], ["it"], 5)) == (1, 0)

    assert (store.get("looks").wait_for, store.get("looks").wake_at) == (None, None)


def test_a_task_that_is_retried_while_old_ones_are_forgotten_stays(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    store.add(new_task("old"), None)
    store.change("old", lambda task: started(task, 1, "me", 1))
    store.change("old", lambda task: ended(task, "fail", {"message": "failed"}, 10))
    forgotten: list[Future[list[str]]] = []

    def retry(_connection: Connection, _task_id: str, _run: int) -> None:
        forgotten.append(threads.submit(store.forget, 100))
        time.sleep(0.5)  # it has looked by now, where nothing keeps it from looking

    with ThreadPoolExecutor(1) as threads:
        store.change("old", lambda task: retried(task, None, 20), "", retry)

    assert forgotten[0].result() == []
    assert store.get("old").status == "open"


def test_an_executor_is_dead_when_it_has_left_and_not_before(database: Database, tmp_path: Path) -> None:
    def executors() -> LocalExecutors | SharedExecutors:
        if database.is_sqlite:
            return LocalExecutors(tmp_path / "executors")
        return SharedExecutors(database, threading.Event())

    database.write(migrate)
    one, two = executors(), executors()
    one.hold()
    two.hold()

    assert not two.is_dead(one.own)
    one.leave()
    until = time.monotonic() + 30
    while not two.is_dead(one.own):  # PostgreSQL ends a session a moment after who had it has left
        assert time.monotonic() < until
        time.sleep(0.01)
    two.leave()


def test_seats_are_given_once_and_back_when_the_task_ends(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    tasks = []
    for name in ("first", "second"):
        store.add(new_task(name), None)
        tasks.append(store.change(name, lambda task: started(task, 1, "me", 1)))
    first, second = tasks

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: store.take_seats(first, {"a": 1, "b": 2}), range(8))) == {None}
    assert store.take_seats(second, {"b": 2, "a": 1}) == "a"
    assert store.take_seats(second, {"b": 2}) is None
    store.change("first", lambda task: ended(replace(task), "complete", {"message": "done"}, 5))
    assert store.take_seats(second, {"a": 1, "b": 2}) is None


def test_a_run_that_was_overtaken_takes_no_seat_that_nobody_would_give_back(database: Database) -> None:
    database.write(migrate)
    store = TaskStore(database)
    for name in ("cancelled", "handed-out", "next"):
        store.add(new_task(name), None)
    begun = {name: started(store.get(name), 1, "me", 1).task for name in ("cancelled", "handed-out", "next")}
    store.change("cancelled", lambda task: cancel_asked(task, 2))
    store.change("handed-out", lambda task: handed_out(task, 2))

    for name in ("cancelled", "handed-out"):
        with pytest.raises(LeaseLostError):
            store.take_seats(begun[name], {"branch acme/apps#main": 1})
    assert store.take_seats(begun["next"], {"branch acme/apps#main": 1}) is None
