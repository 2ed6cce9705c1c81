"""The engine that runs tasks in the background: dbos, which only this module touches.

dbos starts a run of a task at once in this process, or queues it for a worker. The progress of a task is recorded in
the task's row, not in dbos: one transaction stores a step's output and the event about it. dbos has one instance per
process, so there is also one `Engine` per process.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Serializer

from scenedock.effects.tasks.database import Database, make_engine

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import Engine as SqlEngine

_log: Final = logging.getLogger("scenedock.tasks")

RunTask: TypeAlias = Callable[[str, int], None]
"""Runs a task: `(task id, number of the run)`; returns when the task has ended or waits, and raises nothing."""

_QUEUE = "tasks"
_WORKFLOW = "run_task"
# A new release continues the tasks of the previous one: their state is in their rows, not in the form of a workflow.
_APPLICATION_VERSION = "1"
_POLLING_SECONDS = 0.05
_AT_ONCE = 1_000
"""How many records of runs are deleted at once."""


class _AsJson(Serializer):
    """How dbos serializes our two arguments and no result: never with pickle, which can run what it reads."""

    def name(self) -> str:
        return "scenedock-json"

    def serialize(self, data: Any) -> str:
        return json.dumps(type(data).__name__ if isinstance(data, BaseException) else data)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)


class Engine:
    """Runs tasks in this process, on `threads` threads; `queued` ones are taken from the queue, too."""

    def __init__(self, database: Database, executor: str, threads: int, *, queued: bool) -> None:
        self._address = database.address.url
        self._connections = dbos_engine(database)
        self._migrates = database.is_sqlite
        self._executor = executor
        self._threads = threads
        self._queued = queued
        self._mine: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        self._start: Callable[[str, int], object] | None = None

    def launch(self, run: RunTask) -> None:
        """Begin to run tasks with this function; the tables must be there."""
        DBOS(config=self._config())

        @DBOS.workflow(name=_WORKFLOW)
        def run_task(task_id: str, number: int) -> None:
            with self._lock:
                self._mine.add((task_id, number))
            try:
                run(task_id, number)
            finally:
                with self._lock:
                    self._mine.discard((task_id, number))

        def start(task_id: str, number: int) -> None:
            # With a new id each time: for an existing id, dbos would run nothing here, and we would wait for its end.
            DBOS.start_workflow(run_task, task_id, number)

        try:
            DBOS.listen_queues([_QUEUE] if self._queued else [])
            DBOS.launch()
            if self._queued:
                DBOS.register_queue(_QUEUE, worker_concurrency=self._threads, polling_interval_sec=_POLLING_SECONDS)
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
        try:
            self._start(task_id, number)
        except Exception:  # noqa: BLE001 - dbos has many errors; the task is stored, and is assigned again
            _log.warning("task %s could not be started; trying again within seconds", task_id, exc_info=True)
            with self._lock:
                self._mine.discard((task_id, number))

    def submit(self, _connection: Connection, task_id: str, number: int) -> None:
        """Nothing: a submitted task is started here after the transaction."""

    def has(self, task_id: str, number: int) -> bool:
        """Whether this run of a task is running in this process, or is next."""
        with self._lock:
            return (task_id, number) in self._mine

    @property
    def is_busy(self) -> bool:
        """Whether any task is running in this process, or is next."""
        with self._lock:
            return bool(self._mine)

    def is_queued(self, task_id: str, number: int) -> bool:
        """Whether this run of a task is still in the queue of the workers."""
        status = DBOS.get_workflow_status(_workflow_id(task_id, number)) if self._queued else None
        return status is not None and status.status == "ENQUEUED"

    def stop(self, grace_seconds: int) -> None:
        """Accept no more tasks, and let running tasks reach their next step."""
        if self._start is not None:
            self._start = None
            DBOS.destroy(workflow_completion_timeout_sec=grace_seconds, destroy_registry=True)
        self._connections.dispose()

    def forget(self, before: int) -> None:
        """Delete the records of runs that ended before a time, in milliseconds since 1970."""
        end = datetime.fromtimestamp(before / 1_000, UTC).isoformat()
        while workflows := DBOS.list_workflows(end_time=end, limit=_AT_ONCE, load_input=False, load_output=False):
            DBOS.delete_workflows([workflow.workflow_id for workflow in workflows])

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
            "run_migrations": self._migrates,
            "log_level": "WARNING",
        }


class RemoteEngine:
    """Puts tasks into the queue of the workers; runs none here.

    With SQLite there are no separate workers: the process that serves finds a new task by itself within seconds.
    """

    def __init__(self, database: Database) -> None:
        self._connections = None if database.is_sqlite else dbos_engine(database)
        self._client = (
            DBOSClient(system_database_engine=self._connections, serializer=_AsJson()) if self._connections else None
        )

    def submit(self, connection: Connection, task_id: str, number: int) -> None:
        """Put a task into the queue, in the transaction that stores it."""
        if self._client:
            self._client.enqueue_in_transaction(connection, _options(task_id, number), task_id, number)

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
    }


def migrate_engine(database: Database) -> None:
    """Create or migrate the tables of dbos."""
    _quiet()
    DBOS.migrate(database.address.url)


def dbos_engine(database: Database) -> SqlEngine:
    """An SQLAlchemy engine for dbos, which begins its transactions itself."""
    return make_engine(database.address, pool_size=8)


def _workflow_id(task_id: str, number: int) -> str:
    return f"{task_id}.{number}"


def _quiet() -> None:
    """Turn off dbos's advertising at level INFO."""
    logging.getLogger("dbos").setLevel(logging.WARNING)
