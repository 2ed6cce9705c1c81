"""What a look at the tables of tasks sees, without the libraries that write them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scenedock.effects.tasks.lookout import TaskLookout
from scenedock.effects.tasks.storage.migrations import MIGRATIONS
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.effects.tasks.store import TaskStore
from scenedock.errors import ConflictError, InputError
from scenedock.model.tasks.changes import cancel_asked
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.structs import replace
from scenedock.usecases.tasks.migrate_database import migrate_database

DAY = 86_400_000
NOW = time.time_ns() // 1_000_000
WAITING = Task("t", {"steps": []}, "processing", NOW, reason="for pull-request:acme/apps#12", wake_at=NOW + 9 * DAY)


def sees_work(data: Path) -> bool:
    with closing(TaskLookout("", data, keep_days=30)) as lookout:
        return lookout.sees_work()


def sees_any(data: Path) -> bool:
    with closing(TaskLookout("", data, keep_days=30)) as lookout:
        return lookout.sees_any()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TaskStore]:
    database = open_database(TaskSettings(tmp_path))
    database.write(migrate)
    yield TaskStore(database)
    database.close()


def test_there_is_no_work_where_nothing_ever_ran(tmp_path: Path) -> None:
    assert not sees_work(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "task", [Task("t", {}, "open", NOW), Task("t", {}, "processing", NOW, lease_owner="x"), WAITING]
)
def test_every_task_that_has_not_ended_is_work(tmp_path: Path, store: TaskStore, task: Task) -> None:
    assert not sees_work(tmp_path)
    assert not sees_any(tmp_path)

    store.add(task, None)

    assert sees_work(tmp_path)
    assert sees_any(tmp_path)


@pytest.mark.parametrize(("days", "work"), [(29, False), (31, True)])
def test_a_task_that_has_ended_is_work_only_when_it_is_to_be_forgotten(
    tmp_path: Path, store: TaskStore, days: int, *, work: bool
) -> None:
    store.add(replace(WAITING, created_at=NOW - days * DAY - 1), None)
    store.change("t", lambda task: cancel_asked(task, NOW - days * DAY))

    assert store.get("t").finished
    assert sees_work(tmp_path) is work


def test_a_run_that_a_killed_process_left_behind_is_work_although_its_task_has_ended(tmp_path: Path) -> None:
    database = open_database(TaskSettings(tmp_path))
    migrate_database(database)
    database.close()
    before = sees_work(tmp_path)

    with closing(sqlite3.connect(tmp_path / "tasks.db")) as tables:
        tables.execute("INSERT INTO workflow_status (workflow_uuid, status) VALUES ('run', 'PENDING')")
        tables.commit()

    assert (before, sees_work(tmp_path)) == (False, True)


@pytest.mark.usefixtures("store")
def test_tables_of_a_newer_release_are_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with closing(TaskLookout("", tmp_path, keep_days=30)) as lookout:
        lookout.require_usable()

    with closing(sqlite3.connect(tmp_path / "tasks.db")) as tables:
        tables.execute("INSERT INTO task_schema VALUES (?)", (len(MIGRATIONS) + 1,))
        tables.commit()
    with (
        closing(TaskLookout("", tmp_path, keep_days=30)) as lookout,
        pytest.raises(ConflictError, match="newer release"),
    ):
        lookout.require_usable()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "tasks.db").write_text("tasks:\n  - none\n" * 100)

    with pytest.raises(InputError, match=r"tasks\.db: this is not a database"):
        TaskLookout("", tmp_path, keep_days=30).require_usable()


@pytest.mark.parametrize("url", ["mysql://root@localhost/tasks", "sqlite://", "tasks"])
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="the database"):
        TaskLookout(url, tmp_path, keep_days=30)
