"""The journal of a run writes all or nothing, and nothing once another has the task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.tasks.journal import Journal
from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.effects.tasks.store import TaskStore
from scenedock.model.tasks.changes import (
    LeaseLostError,
    TaskChange,
    cancel_asked,
    ended,
    handed_out,
    rested,
    started,
)
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.structs import replace

LATER: dict[str, Any] = {"wake_at": 900, "wait_for": None, "reason": "for a while"}


class LostAnswers(TaskStore):
    """Writes, and breaks the connection before the answer comes, once for each time that a test says so."""

    to_lose = 0

    def change(
        self, task_id: str, decide: Callable[[Task], TaskChange], mark: str = "", *also: Any, **how: Any
    ) -> Task:
        task = super().change(task_id, decide, mark, *also, **how)
        if mark and self.to_lose:
            self.to_lose -= 1
            raise ConnectionError
        return task


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(TaskSettings(tmp_path))
    database.write(migrate)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> LostAnswers:
    store = LostAnswers(database)
    store.add(Task(id="t", spec={"steps": []}, status="open", created_at=0), None)
    return store


def journal_of(store: TaskStore, owner: str = "me") -> Journal:
    stored = store.get("t")
    return Journal(store, stored, started(stored, 1, owner, 10).task, lambda: 20)


def lines(store: TaskStore) -> list[object]:
    return [event.body["message"] for event in store.events("t")]


def test_the_first_write_claims_the_task_and_every_write_shows_that_its_worker_is_alive(store: TaskStore) -> None:
    journal = journal_of(store)
    journal.log("one")
    journal.log("two")
    assert (store.get("t").lease_owner, lines(store)) == (None, [])

    journal.write()

    task = store.get("t")
    assert (task.status, task.lease_owner, task.heartbeat_at, lines(store)) == ("processing", "me", 20, ["one", "two"])
    assert journal.task == task


def test_of_two_workers_that_begin_one_run_the_second_writes_nothing(store: TaskStore) -> None:
    first, second = journal_of(store, "first"), journal_of(store, "second")
    first.write()
    second.log("line of the second")

    with pytest.raises(LeaseLostError):
        second.write()

    assert (store.get("t").lease_owner, lines(store)) == ("first", [])


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda task: handed_out(task, 30),
        lambda task: started(handed_out(task, 30).task, 2, "another", 31),
        lambda task: ended(task, "fail", {"message": "too late"}, 30),
    ],
    ids=["handed out", "held by another", "ended"],
)
def test_a_run_that_was_overtaken_writes_nothing_more(
    store: TaskStore, meanwhile: Callable[[Task], TaskChange]
) -> None:
    journal = journal_of(store)
    journal.write()
    left = store.change("t", meanwhile)
    events = store.events("t")
    journal.log("line of an old run")
    journal.add(ended(journal.task, "complete", {"message": "done"}, 40))

    with pytest.raises(LeaseLostError):
        journal.write()

    assert (store.get("t"), store.events("t")) == (left, events)


def test_what_was_written_without_an_answer_is_written_once(store: LostAnswers) -> None:
    journal = journal_of(store)
    journal.log("line")
    store.to_lose = 1

    with pytest.raises(ConnectionError):
        journal.write()
    journal.write()
    journal.log("next")
    journal.write()

    assert lines(store) == ["line", "next"]


@pytest.mark.parametrize("meanwhile", [lambda task: handed_out(task, 30), lambda task: rested(task, 30, **LATER)])
def test_a_run_that_was_overtaken_while_its_answer_was_lost_learns_of_it(
    store: LostAnswers, meanwhile: Callable[[Task], TaskChange]
) -> None:
    journal = journal_of(store)
    store.to_lose = 1
    with pytest.raises(ConnectionError):
        journal.write()
    store.change("t", meanwhile)

    with pytest.raises(LeaseLostError):
        journal.write()


def test_a_wish_to_cancel_that_came_while_it_ran_ends_a_task_that_would_rest(store: TaskStore) -> None:
    journal = journal_of(store)
    journal.write()
    store.change("t", lambda task: cancel_asked(task, 30))
    journal.write()
    assert (store.get("t").status, store.get("t").cancel_requested) == ("processing", True)

    journal.add(rested(journal.task, 40, **LATER))
    journal.write()

    assert (store.get("t").status, store.get("t").wake_at) == ("cancelled", None)
    assert [event.type for event in store.events("t")] == ["cancelled", "log", "completion"]


def test_a_wish_to_cancel_changes_nothing_of_a_task_that_ends_by_itself(store: TaskStore) -> None:
    journal = journal_of(store)
    journal.write()
    store.change("t", lambda task: cancel_asked(task, 30))
    journal.add(ended(journal.task, "complete", {"message": "done"}, 40))
    journal.write()

    assert store.get("t").status == "completed"


def test_a_task_that_begins_to_wait_looks_once_more_because_nobody_could_have_told_it_before(store: TaskStore) -> None:
    journal = journal_of(store)
    journal.write()

    journal.add(rested(journal.task, 15, wake_at=900, wait_for="it", reason="for it"))
    journal.write()

    assert (store.get("t").wait_for, store.get("t").wake_at) == ("it", 20)


def test_a_step_that_has_looked_and_ended_waits_for_nothing_more(store: TaskStore) -> None:
    store.change("t", lambda task: TaskChange(replace(task, wait_for="it")))
    journal = journal_of(store)
    journal.write()
    assert store.get("t").wait_for == "it"

    journal.add(TaskChange(replace(journal.task, wait_for=None)))
    journal.write()

    assert store.get("t").wait_for is None


def test_word_that_came_while_a_task_looks_is_not_written_over(store: TaskStore) -> None:
    store.change("t", lambda task: TaskChange(replace(task, wait_for="it")))
    journal = journal_of(store)
    journal.write()
    store.change("t", lambda task: TaskChange(replace(task, wait_for=None)))

    journal.log("line")
    journal.write()

    assert store.get("t").wait_for is None


def test_log_lines_are_written_when_they_are_many(store: TaskStore) -> None:
    journal = journal_of(store)

    for number in range(199):
        journal.log(str(number))
    assert lines(store) == []

    journal.log("199")
    assert lines(store) == [str(number) for number in range(200)]


def test_log_lines_are_written_when_they_have_waited(store: TaskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    journal = journal_of(store)
    journal.flush()
    assert store.get("t").lease_owner is None

    journal.log("first")
    now = 100.29
    journal.log("second")
    journal.flush()
    assert lines(store) == []

    now = 100.31
    journal.flush()
    assert lines(store) == ["first", "second"]
