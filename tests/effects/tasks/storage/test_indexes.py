"""However many tasks have ended: whatever is asked of the table repeatedly finds its rows by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from scenedock.effects.tasks.lookout import pending_runs
from scenedock.effects.tasks.storage.database import Database, database_address
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.effects.tasks.store import TaskStore, wake
from scenedock.model.tasks.changes import ended, started
from scenedock.model.tasks.task import Task, TaskQuery

WORK: dict[str, Callable[[TaskStore, Database], object]] = {
    "a look for tasks to tend": lambda store, _: store.to_tend(5),
    "tasks that are handed out": lambda store, _: store.hand_out(5, 10, lambda _id, _run: False),
    "a beat": lambda store, _: store.beat("me", 5),
    "awaited tasks": lambda store, _: store.stopped(["old"], ["old"]),
    "tasks of runs": lambda store, _: store.unended(["old"]),
    "what waits for a key": lambda _, database: database.write(lambda connection: wake(connection, ["key"], 5)),
    "what is forgotten": lambda store, _: store.forget(1),
    "a page of tasks": lambda store, _: store.find(TaskQuery()),
    "a page of somebody's tasks": lambda store, _: store.find(TaskQuery(created_by=("jane",))),
    "a page of tasks of a status": lambda store, _: store.find(TaskQuery(status=("failed", "open"))),
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(database_address("", tmp_path))) as opened:
        opened.write(migrate)
        yield opened


def plans(database: Database, work: Callable[[], object]) -> list[str]:
    """How SQLite finds the rows of each statement that some work makes, about the table of tasks."""
    said: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        said.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    asked = [each for each in said if each[0].startswith(("SELECT", "UPDATE", "DELETE"))]
    with database.session() as connection:
        return [
            str(row.detail)
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


@pytest.mark.parametrize("what", WORK)
def test_no_repeated_query_reads_all_tasks(database: Database, what: str) -> None:
    store = TaskStore(database)
    store.add(Task(id="old", spec={"steps": []}, status="open", created_at=1, created_by="jane"), None)
    store.change("old", lambda task: started(task, 1, "me", 1))
    store.change("old", lambda task: ended(task, "complete", {"message": "done"}, 2))

    found = plans(database, lambda: WORK[what](store, database))

    assert any("INDEX" in each for each in found)
    assert [each for each in found if each.startswith("SCAN task") and "INDEX" not in each] == []


def test_the_runs_that_the_engine_takes_for_running_are_found_by_its_index(database: Database) -> None:
    # The table and the index as dbos makes them, with the columns that count here.
    made = "CREATE TABLE workflow_status (workflow_uuid TEXT PRIMARY KEY, status TEXT, created_at INTEGER)"
    index = "CREATE INDEX pending ON workflow_status (created_at) WHERE status = 'PENDING'"
    with database.session() as connection:
        connection.exec_driver_sql(made)
        connection.exec_driver_sql(index)
        found = pending_runs(is_sqlite=True)
        asked = f"SELECT workflow_uuid FROM {found} ORDER BY created_at LIMIT 1000"  # noqa: S608 - ours
        plan = [str(row.detail) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]

    assert plan == ["SCAN workflow_status USING INDEX pending"]
