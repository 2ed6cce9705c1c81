"""What tasks cost beside many finished ones in the same tables, in CPU of this process, its children and a server.

The finished ones are copies of one that really ran, with its events and its record in the engine's tables.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, inspect, text

from bench.feed import cpu_of
from bench.tasks import CALLER, run, serving
from scenedock.effects.tasks.engine import Engine
from scenedock.effects.tasks.lookout import TaskLookout
from scenedock.effects.tasks.storage.database import Database
from scenedock.model.tasks.task import TaskQuery
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.usecases.tasks.submit_task import identity
from tests.tools.postgres import Postgres

_AT_ONCE = 10_000
_HOUR = 3_600_000
_RUNS = 40
_ROUNDS = 3
"""Of everything that is quick: rounds of so many runs, of whose means the median counts."""
_COPIED = {"task": "id", "task_event": "task_id", "workflow_status": "workflow_uuid", "workflow_input": "workflow_uuid"}


def costs(finished: Sequence[int], server: Postgres | None = None) -> tuple[Mapping[str, Mapping[int, float]], float]:
    """Milliseconds of CPU by the number of finished tasks in the tables; and those to delete one.

    The tables are in a database of the server, or for None of SQLite.
    """
    found: dict[str, dict[int, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        settings = TaskSettings(Path(folder), server.make_database("growth") if server else "")
        with serving(settings, split=False) as service:
            model = run(service, 1)[0].id
            present = 0
            for number in finished:
                fill(service.effects.database, model, number - present)
                if server:
                    server.tidy("growth")
                present = number
                for what, milliseconds in _measured(service, settings, server).items():
                    found.setdefault(what, {})[number] = milliseconds
            return found, _milliseconds(lambda: _forget_all(service), 1, server) / present


def fill(database: Database, model: str, count: int) -> None:
    """Copy a finished task so many times, each a second older than the one before."""
    for begin in range(0, count, _AT_ONCE):
        ids = [str(uuid.uuid4()) for _ in range(min(_AT_ONCE, count - begin))]
        database.write(partial(_copy, model, ids, begin))


def _copy(model: str, ids: Sequence[str], begin: int, connection: Connection) -> None:
    schema = None if connection.dialect.name == "sqlite" else "dbos"
    engine = f"{schema}." if schema else ""
    connection.execute(text("CREATE TEMPORARY TABLE copy (id TEXT, age INTEGER)"))
    rows = [{"id": each, "age": (begin + number) * 1_000} for number, each in enumerate(ids, 1)]
    connection.execute(text("INSERT INTO copy VALUES (:id, :age)"), rows)
    record = text(f"SELECT workflow_uuid FROM {engine}workflow_input WHERE inputs LIKE :task")  # noqa: S608 - ours
    run_of_model = connection.scalar(record, {"task": f"%{model}%"})
    for name, key in _COPIED.items():
        is_ours = "task" in name
        columns = [str(each["name"]) for each in inspect(connection).get_columns(name, None if is_ours else schema)]
        table = name if is_ours else f"{engine}{name}"
        old = [each for each in columns if each in {"created_at", "ended_at", "completed_at"}]
        chosen = (
            "copy.id" if each == key else f"model.{each} - age" if each in old else f'model."{each}"'
            for each in columns
        )
        quoted = ", ".join(f'"{each}"' for each in columns)
        statement = f"INSERT INTO {table} ({quoted}) SELECT {', '.join(chosen)} FROM {table} AS model, copy"  # noqa: S608 - ours
        statement += f" WHERE model.{key} = :model"
        connection.execute(text(statement), {"model": model if is_ours else run_of_model})
    connection.execute(text("DROP TABLE copy"))


def _measured(service: TaskService, settings: TaskSettings, server: Postgres | None) -> Mapping[str, float]:
    store, engine = service.effects.store, service.effects.engine
    if not isinstance(engine, Engine):
        raise TypeError("tasks are not run by this process")
    lookout = TaskLookout(settings.database, settings.data, settings.keep_days)
    mine = (identity(CALLER),)
    now = time.time_ns() // 1_000_000
    work: Mapping[str, Callable[[], object]] = {
        "a task, from its submission to its end": lambda: run(service, 1),
        "a page of all tasks": lambda: store.find(TaskQuery()),
        "a page of one's own tasks": lambda: store.find(TaskQuery(created_by=mine)),
        "a page of failed tasks": lambda: store.find(TaskQuery(status=("failed",))),
        "a look for tasks to tend": lambda: store.to_tend(now),
        "a look for runs that were lost": engine.unended_runs,
        "a beat of the executor": lambda: store.beat("nobody", now),
        "the numbers for metrics": lookout.counts,
        "a look for work by an idle process": lookout.sees_work,
    }
    measured = {what: median(_milliseconds(each, _RUNS, server) for _ in range(_ROUNDS)) for what, each in work.items()}
    lookout.close()
    return measured


def _milliseconds(work: Callable[[], object], times: int, server: Postgres | None) -> float:
    """The mean of a few times, with what the server does for it."""
    before = server.cpu_seconds() if server else 0
    own = cpu_of(work, times)
    return 1_000 * (own + ((server.cpu_seconds() - before) / times if server else 0))


def _forget_all(service: TaskService) -> None:
    before = time.time_ns() // 1_000_000 + _HOUR
    while service.effects.store.forget(before):
        continue
    service.effects.engine.forget(before)
