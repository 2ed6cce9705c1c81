"""The engine that runs tasks in the background: dbos, which only this module touches.

dbos starts a run of a task at once in this process, or queues it for a worker. What has been done is not its record
but the task's row: the same transaction holds a step's output and the event that tells of it. So one record does for
all runs that a thread goes on with. dbos keeps one instance for a process, so there is one `Engine` for a process, too.

A worker is notified of a task that is due, takes it by its row, and starts the run itself. The run is also in dbos's
queue, from a minute later on: the worker that takes the task in time deletes it there; otherwise dbos finds it.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Serializer
from dbos import error as dbos_errors
from sqlalchemy import text

from scenedock.effects.tasks.handover import Handover, Run
from scenedock.effects.tasks.lookout import pending_runs
from scenedock.effects.tasks.storage.database import Database, make_engine
from scenedock.effects.tasks.wakeups import notify_workers
from scenedock.model.tasks.changes import HANDOVER_MILLISECONDS
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import Engine as SqlEngine

    from scenedock.model.tasks.task import Task

_log: Final = logging.getLogger("scenedock.tasks")

RunTask: TypeAlias = Callable[[str, int], None]
"""Runs a task: `(task id, number of the run)`; returns when the task has ended or waits, and raises nothing."""

_QUEUE = "tasks"
_WORKFLOW = "run_task"
_WORKFLOW_THAT_GOES_ON = "run_tasks"
# A new release continues the tasks of the previous one: their state is in their rows, not in the form of a workflow.
_APPLICATION_VERSION = "1"
_POLLING_SECONDS = 5.0
_QUEUED_AFTER_SECONDS = 60.0
_WITHDRAWN_WITHIN_MILLISECONDS = 30_000
"""A run that dbos may be starting at this moment must not be deleted; one this young is not in the queue yet."""
_AT_ONCE = 1_000
"""How many records of runs are read or deleted in one go."""
_MOST_TAKEN = 100
"""How many tasks a process takes at once if it doesn't share them with workers."""


class _AsJson(Serializer):
    """How dbos serializes our two arguments and no result: never with pickle, which can run what it reads."""

    def name(self) -> str:
        return "scenedock-json"

    def serialize(self, data: Any) -> str:
        return json.dumps(type(data).__name__ if isinstance(data, BaseException) else data)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)


@dataclass(frozen=True, slots=True)
class UnendedRun:
    """A run that dbos believes to be running: the id of its record, its task, and the process that started it.

    If its thread `goes_on`, its task is the first one; only its own process knows the present one.
    """

    record: str
    task_id: str
    executor: str
    goes_on: bool = False


class Engine:
    """Runs tasks in this process, on `threads` threads; `queued` ones are taken from the queue, too."""

    handover_milliseconds = HANDOVER_MILLISECONDS
    """How long after its submission a task is due for every process: until then it is started here."""
    submit: Final = None
    """What is done in the transaction that stores a task."""

    def __init__(self, database: Database, executor: str, threads: int, *, queued: bool) -> None:
        self._address = database.address.url
        self._connections = dbos_engine(database)
        self._is_sqlite = database.is_sqlite
        self._executor = executor
        self._threads = threads
        self._queued = queued
        self._mine: set[Run] = set()
        self._records: dict[str, Run | None] = {}
        self._handover = Handover(threads)
        self._lock = threading.Lock()
        self._start: Callable[[str, int], object] | None = None
        self._client: DBOSClient | None = None

    def launch(self, run: RunTask, ended: Callable[[], object] = lambda: None) -> None:
        """Begin to run tasks with this function; the tables must be there. `ended` is called after each run."""
        DBOS(config=self._config())

        def run_one(task_id: str, number: int) -> None:
            with self._lock:
                self._mine.add((task_id, number))
            try:
                run(task_id, number)
            except Exception:  # noqa: BLE001 - a bug, which must not keep the thread from its next run
                _log.exception("task %s could not be run; it is assigned again within seconds", task_id)
            finally:
                with self._lock:
                    self._mine.discard((task_id, number))
                ended()

        @DBOS.workflow(name=_WORKFLOW)
        def run_task(task_id: str, number: int) -> None:
            run_one(task_id, number)

        @DBOS.workflow(name=_WORKFLOW_THAT_GOES_ON)
        def run_tasks(task_id: str, number: int) -> None:
            record = str(DBOS.workflow_id)
            going_on: Run | None = (task_id, number)
            while going_on:
                self._records[record] = going_on
                run_one(*going_on)
                self._records[record] = None
                going_on = self._handover.next()
            del self._records[record]

        def start(task_id: str, number: int) -> None:
            # With a new id each time: for an existing id, dbos would run nothing here, and we would wait for its end.
            DBOS.start_workflow(run_tasks, task_id, number)

        try:
            DBOS.listen_queues([_QUEUE] if self._queued else [])
            DBOS.launch()
            if self._queued:
                DBOS.register_queue(_QUEUE, worker_concurrency=self._threads, polling_interval_sec=_POLLING_SECONDS)
            self._client = _client(self._connections)
        except Exception:
            DBOS.destroy(destroy_registry=True)  # else the next launch would find remains of this one
            raise
        self._start = start

    def start(self, task_id: str, number: int) -> None:
        """Run a task in this process as soon as a thread is free; nothing happens if another worker runs it by then.

        The task is stored: if it can't be started here, because we are about to stop, it is assigned again in seconds.
        """
        with self._lock:
            if self._start is None or (task_id, number) in self._mine:
                return
            self._mine.add((task_id, number))
        if self._handover.offer((task_id, number)):
            return
        try:
            self._start(task_id, number)
        except Exception:  # noqa: BLE001 - dbos has many errors; the task is stored, and is assigned again
            _log.warning("task %s could not be started; trying again within seconds", task_id, exc_info=True)
            left = self._handover.lost()
            with self._lock:
                self._mine.difference_update([(task_id, number), *left])

    def has(self, task_id: str, number: int) -> bool:
        """Whether this run of a task is running in this process, or is next."""
        with self._lock:
            return (task_id, number) in self._mine

    @property
    def is_busy(self) -> bool:
        """Whether any task is running in this process, or is next."""
        with self._lock:
            return bool(self._mine)

    @property
    def room(self) -> int:
        """How many more tasks to take; a worker takes as many as it has free threads, and leaves the rest to others."""
        with self._lock:
            return max(self._threads - len(self._mine), 0) if self._queued else _MOST_TAKEN

    def withdraw(self, tasks: Sequence[Task], now: int) -> None:
        """Remove new tasks, which the store has just handed out, from dbos's queue."""
        since = now - _WITHDRAWN_WITHIN_MILLISECONDS
        runs = [_workflow_id(task.id, task.run - 1) for task in tasks if task.created_at > since]
        if self._queued and self._client and runs:
            self._client.delete_workflows(runs)

    def unended_runs(self) -> list[UnendedRun]:
        """The runs that dbos believes to be running, the oldest first, at most a thousand.

        A record of this process is that of the run that its thread has gone on with; of none, while it waits for one.
        """
        if self._client is None:
            return []
        pending = pending_runs(is_sqlite=self._is_sqlite)
        found = text(f"SELECT workflow_uuid FROM {pending} ORDER BY created_at LIMIT {_AT_ONCE}")  # noqa: S608 - ours
        with self._connections.connect() as connection:
            ids = [str(row.workflow_uuid) for row in connection.execute(found)]
        if not ids:
            return []
        records = self._client.list_workflows(workflow_ids=ids, status="PENDING", load_output=False)
        mine = dict(self._records)
        return [
            UnendedRun(
                record.workflow_id,
                run[0] if run else _task_id(record.input),
                str(record.executor_id or ""),
                goes_on=record.name == _WORKFLOW_THAT_GOES_ON,
            )
            for record in records
            if (run := mine.get(record.workflow_id)) or record.workflow_id not in mine
        ]

    def give_up(self, records: Sequence[str]) -> None:
        """Mark records of runs as ended."""
        if self._client and records:
            self._client.cancel_workflows(list(records))

    def stop(self, grace_seconds: int) -> None:
        """Accept no more tasks, and let running tasks reach their next step."""
        if self._start is not None:
            self._start = None
            self._handover.close()
            DBOS.destroy(workflow_completion_timeout_sec=grace_seconds, destroy_registry=True)
        self._connections.dispose()

    def forget(self, before: int) -> None:
        """Delete the records of runs that began before a time, in milliseconds since 1970."""
        if self._client is None:
            return
        end = datetime.fromtimestamp(before / 1_000, UTC).isoformat()
        while old := self._client.list_workflows(end_time=end, limit=_AT_ONCE, load_input=False, load_output=False):
            self._client.delete_workflows([record.workflow_id for record in old])

    def _config(self) -> DBOSConfig:
        _quiet()
        return {
            "name": "scenedock",
            "system_database_engine": self._connections,
            "system_database_url": self._address,
            "executor_id": self._executor,
            "application_version": _APPLICATION_VERSION,
            "serializer": _AsJson(),
            "max_executor_threads": self._threads,
            "run_migrations": self._is_sqlite,
            "log_level": "WARNING",
        }


class RemoteEngine:
    """Puts tasks into the queue of the workers; runs none here.

    With SQLite there are no workers apart: the process that serves finds a new task when it looks.
    """

    handover_milliseconds = -10_000
    """A new task is due at once, also by the clock of a worker that is up to ten seconds slow."""

    def __init__(self, database: Database) -> None:
        self._connections = None if database.is_sqlite else dbos_engine(database)
        self._client = _client(self._connections) if self._connections else None

    def submit(self, connection: Connection, task_id: str, number: int) -> None:
        """Put a task in dbos's queue, and notify the workers, in the transaction that stores it."""
        if self._client:
            self._client.enqueue_in_transaction(connection, _options(task_id, number), task_id, number)
            notify_workers(connection)

    def start(self, task_id: str, number: int) -> None:
        """Nothing: the transaction has queued the task."""

    def forget(self, before: int) -> None:
        """Nothing: no run has records here."""

    def stop(self, _grace_seconds: int) -> None:
        """Close the connections."""
        if self._client and self._connections:
            self._client.destroy()
            self._connections.dispose()


def _options(task_id: str, number: int) -> EnqueueOptions:
    return {
        "queue_name": _QUEUE,
        "workflow_name": _WORKFLOW,
        "workflow_id": _workflow_id(task_id, number),
        "app_version": _APPLICATION_VERSION,
        "delay_seconds": _QUEUED_AFTER_SECONDS,
    }


def migrate_engine(database: Database) -> None:
    """Create or migrate the tables of dbos."""
    _quiet()
    DBOS.migrate(database.address.url)


def dbos_engine(database: Database) -> SqlEngine:
    """An SQLAlchemy engine for dbos, which begins its transactions itself."""
    return make_engine(database.address, pool_size=8)


def _client(connections: SqlEngine) -> DBOSClient:
    """A client for the records of runs: within a run, the same functions of `DBOS` would be recorded as its steps."""
    return DBOSClient(system_database_engine=connections, serializer=_AsJson())


def _task_id(arguments: Mapping[str, Any] | None) -> str:
    given = (arguments or {}).get("args") or [""]
    return str(given[0])


def _workflow_id(task_id: str, number: int) -> str:
    return f"{task_id}.{number}"


def _quiet() -> None:
    """Keep from the log what is no news: dbos advertises at level INFO."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    logger.addFilter(_is_news)


def _is_news(line: logging.LogRecord) -> bool:
    """False where dbos only says that it can't record the end of a run that was given up, as its step took too long."""
    error = line.exc_info[1] if line.exc_info else None
    given_up = isinstance(error, dbos_errors.DBOSAwaitedWorkflowCancelledError)
    return not given_up and "outcome was not recorded" not in str(line.msg)
