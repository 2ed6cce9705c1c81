"""A machine is lost without a word: its tasks go on elsewhere within 30 s, and when it is back, it writes nothing."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, select, text

from scenedock.effects.tasks.engine import dbos_engine
from scenedock.effects.tasks.executors import SharedExecutors
from scenedock.effects.tasks.storage.connections import connect
from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.tables import TASK
from scenedock.effects.tasks.store import TaskStore
from scenedock.model.tasks.changes import started
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.usecases.tasks.submit_task import submit_task
from tests.faults.process import CALLER, STEPS, make_file, open_service
from tests.faults.processes import judge, lines, migrated, processes, wait_until
from tests.tools.postgres import Postgres
from tests.tools.silent_proxy import SilentProxy, silent_proxy

_log = logging.getLogger(__name__)

SECONDS_TO_REPLACE = 30


@pytest.fixture
def proxy(postgres: Postgres) -> Iterator[SilentProxy]:
    with silent_proxy(postgres.socket) as opened:
        yield opened


def through(proxy: SilentProxy, url: str) -> str:
    """The same database, by way of the proxy."""
    return f"{url.partition('@')[0]}@127.0.0.1:{proxy.port}{url.partition('@')[2].partition('?')[0]}"


def test_the_tasks_of_a_lost_machine_go_on_elsewhere_and_it_writes_nothing_when_it_is_back(
    tmp_path: Path, postgres: Postgres, proxy: SilentProxy
) -> None:
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    steps = [make_file(f"s{number}", seconds=2.0) for number in range(STEPS)]
    with processes(tmp_path, database) as started_here, processes(tmp_path, through(proxy, database)) as far_away:
        service = open_service(tmp_path, database, "web")
        store = service.effects.store
        lost = far_away.start("worker", release="lost")
        tasks = [submit_task(service.effects, service.actions, CALLER, {"steps": steps}).id for _ in range(4)]
        (tmp_path / "acknowledged").write_text("".join(f"{task_id}\n" for task_id in tasks))
        wait_until(lambda: all(store.get(task_id).lease_owner for task_id in tasks))
        wait_until(lambda: len(lines(tmp_path / "ran")) >= len(tasks))
        started_here.start("worker", release="other")
        proxy.fall_silent()
        lost_at = time.time_ns() // 1_000_000

        judge(service, tmp_path)

        recovered = {
            task_id: event.created_at
            for task_id in tasks
            for event in store.events(task_id)
            if event.type == "recovered"
        }
        assert recovered.keys() == set(tasks)
        seconds = (max(recovered.values()) - lost_at) / 1_000
        _log.info("%d tasks taken over, the last one %.1f s after the machine was lost", len(recovered), seconds)
        assert seconds <= SECONDS_TO_REPLACE
        before = [(store.get(task_id), store.events(task_id)) for task_id in tasks]
        lost_name = name_of(service.effects.database, lost.pid)
        was_alive_at = alive_at(service.effects.database, lost_name)
        proxy.speak()
        wait_until(lambda: alive_at(service.effects.database, lost_name) > was_alive_at)

        # All its threads run new tasks, so each has been told that its old one is no longer its own.
        started_here.stop(started_here.running[0])
        new = [
            submit_task(service.effects, service.actions, CALLER, {"steps": [make_file(seconds=5.0)]}) for _ in tasks
        ]
        wait_until(lambda: all(store.get(task.id).lease_owner == lost_name for task in new))
        assert [(store.get(task_id), store.events(task_id)) for task_id in tasks] == before
        service.stop(0)


def name_of(database: Database, pid: int) -> str:
    (name,) = (str(row[0]) for row in database.read(text("SELECT name FROM executor")) if f"-{pid}-" in str(row[0]))
    return name


def alive_at(database: Database, name: str) -> int:
    rows = database.read(text("SELECT alive_at FROM executor WHERE name = :name").bindparams(name=name))
    return int(str(rows[0][0]))


def test_the_row_that_a_lost_machine_has_locked_is_free_again(
    tmp_path: Path, postgres: Postgres, proxy: SilentProxy
) -> None:
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with (
        closing(open_database(TaskSettings(tmp_path, url))) as database,
        closing(open_database(TaskSettings(tmp_path, through(proxy, url)))) as far_away,
    ):
        TaskStore(database).add(Task(id="locked", spec={"steps": []}, status="open", created_at=1), None)
        silent, goes_on = threading.Event(), threading.Event()

        def lock(connection: Connection) -> None:
            connection.execute(select(TASK.c.id).where(TASK.c.id == "locked").with_for_update())
            if not silent.is_set():
                proxy.fall_silent()
                silent.set()
                goes_on.wait()

        thread = threading.Thread(target=lambda: far_away.write(lock))
        thread.start()
        assert silent.wait(60)
        began = time.monotonic()
        changed = TaskStore(database).change("locked", lambda task: started(task, 1, "me", 5))
        seconds = time.monotonic() - began
        proxy.speak()
        goes_on.set()
        thread.join(60)

        assert (changed.lease_owner, thread.is_alive()) == ("me", False)  # the other one repeated its transaction
        assert seconds <= SECONDS_TO_REPLACE


def test_both_ends_of_every_connection_notice_that_the_other_is_lost(
    tmp_path: Path, postgres: Postgres, proxy: SilentProxy
) -> None:
    url = through(proxy, migrated(tmp_path, postgres.make_database(tmp_path.name)))
    with closing(open_database(TaskSettings(tmp_path, url))) as database, closing(connect(url)) as bare:
        engine = dbos_engine(database)
        with database.session() as session, engine.connect() as of_dbos:
            drivers: list[psycopg.Connection[Any]] = [
                each.connection.driver_connection  # type: ignore[misc] # it has no type
                for each in (session, of_dbos)
            ]
            for driver in (*drivers, bare):
                tcp = socket.socket(fileno=driver.fileno())
                try:
                    assert tcp.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
                    assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000
                    assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
                finally:
                    tcp.detach()
            for driver in drivers:
                row = driver.execute("SHOW idle_in_transaction_session_timeout").fetchone()
                assert row == ("10s",)
        engine.dispose()


def test_what_the_address_says_of_keepalives_takes_precedence(
    tmp_path: Path, postgres: Postgres, proxy: SilentProxy
) -> None:
    url = f"{through(proxy, postgres.make_database(tmp_path.name))}?tcp_user_timeout=40000"
    with closing(connect(url)) as bare, closing(open_database(TaskSettings(tmp_path, url))) as database:
        for driver in (bare, database.session().connection.driver_connection):
            tcp = socket.socket(fileno=driver.fileno())  # type: ignore[union-attr] # it has no type
            try:
                assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 40_000
            finally:
                tcp.detach()


def test_an_executor_whose_lease_has_ended_is_dead_although_it_holds_its_lock(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with closing(open_database(TaskSettings(tmp_path, url))) as database:
        one, two = (SharedExecutors(database, threading.Event()) for _ in range(2))
        one.hold()
        two.hold()

        def is_dead_after(milliseconds: int) -> bool:
            older = text("UPDATE executor SET alive_at = alive_at - :by WHERE name = :name")
            database.write(lambda connection: connection.execute(older, {"by": milliseconds, "name": one.own}))
            return two.is_dead(one.own)

        assert (is_dead_after(0), is_dead_after(30_000)) == (False, True)
        wait_until(lambda: not two.is_dead(one.own))  # it has renewed its lease
        for each in (one, two):
            each.leave()
