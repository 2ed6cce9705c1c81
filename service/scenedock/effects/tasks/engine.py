"""The engine that runs tasks in the background: dbos, which only this module touches.

dbos starts a run of a task at once in this process, or queues it for a worker. What has been done is not its record
but the task's row: the same transaction holds a step's output and the event that tells of it. dbos keeps one instance
for a process, so there is one `Engine` for a process, too.
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
"""Runs a task: `(task id, number of the run)`; returns when the task ended or rests, and raises nothing."""

_QUEUE = "tasks"
_WORKFLOW = "run_task"
# A new release goes on with the tasks of the one before: what a task is stands in its row, never in a workflow's shape.
_APPLICATION_VERSION = "1"
_POLLING_SECONDS = 0.05
_AT_ONCE = 1_000
"""How many records of runs are deleted in one go."""


class _AsJson(Serializer):
    """How dbos writes our two arguments and no result: never pickle, which runs what it reads."""

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
            # Under a new id each time: of a known one dbos would run nothing here, and we would wait for its end.
            DBOS.start_workflow(run_task, task_id, number)

        try:
            DBOS.listen_queues([_QUEUE] if self._queued else [])
            DBOS.launch()
            if self._queued:
                DBOS.register_queue(_QUEUE, worker_concurrency=self._threads, polling_interval_sec=_POLLING_SECONDS)
        except Exception:
            DBOS.destroy(destroy_registry=True)  # else the next launch would find a half of this one
            raise
        self._start = start

    def start(self, task_id: str, number: int) -> None:
        """Run a task in this process, as soon as a thread is free; a run that is another's by then does nothing.

        The task is stored: what can't be started here, because we are about to stop, is handed out again in seconds.
        """
        with self._lock:
            if self._start is None or (task_id, number) in self._mine:
                return
            self._mine.add((task_id, number))
        try:
            self._start(task_id, number)
        except Exception:  # noqa: BLE001 - dbos has many; the task is stored, and whoever tends tasks hands it out again
            _log.warning("task %s could not be started; it is tried again within seconds", task_id, exc_info=True)
            with self._lock:
                self._mine.discard((task_id, number))

    def submit(self, _connection: Connection, task_id: str, number: int) -> None:
        """Nothing is to be written when a task is submitted: it is started here afterwards."""

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
        """Whether this run of a task still stands in the queue of the workers."""
        status = DBOS.get_workflow_status(_workflow_id(task_id, number)) if self._queued else None
        return status is not None and status.status == "ENQUEUED"

    def stop(self, grace_seconds: int) -> None:
        """Take no more tasks, and give those that run the time to reach their next step."""
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
    """Puts tasks in the queue of the workers; runs none here.

    With SQLite there are no workers apart: the process that serves finds a new task by itself within seconds.
    """

    def __init__(self, database: Database) -> None:
        self._connections = None if database.is_sqlite else dbos_engine(database)
        self._client = (
            DBOSClient(system_database_engine=self._connections, serializer=_AsJson()) if self._connections else None
        )

    def submit(self, connection: Connection, task_id: str, number: int) -> None:
        """Put a task in the queue, in the transaction that stores it."""
        if self._client:
            self._client.enqueue_in_transaction(connection, _options(task_id, number), task_id, number)

    def start(self, task_id: str, number: int) -> None:
        """Nothing is left to do after the transaction."""

    def forget(self, before: int) -> None:
        """Nothing is run here, so there is nothing to forget."""

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
    """Make or change the tables of dbos."""
    _quiet()
    DBOS.migrate(database.address.url)


def dbos_engine(database: Database) -> SqlEngine:
    """Connections for dbos, which begins its transactions itself."""
    return make_engine(database.address, pool_size=8)


def _workflow_id(task_id: str, number: int) -> str:
    return f"{task_id}.{number}"


def _quiet() -> None:
    """dbos advertises at level INFO."""
    logging.getLogger("dbos").setLevel(logging.WARNING)
