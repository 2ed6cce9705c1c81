"""Waking workers when a task is due: NOTIFY and LISTEN of PostgreSQL.

A notification may be lost, for example while a worker connects again, so workers also look for tasks by themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHANNEL = "scenedock_task"
_WAIT_SECONDS = 0.2
_BEAT_SECONDS = 5.0


def notify_workers(connection: Connection) -> None:
    """Wake the workers when the caller's transaction is committed. Does nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(_CHANNEL, "")))


def listen(session: Connection, wake: Callable[[], object], beat: Callable[[], object], ended: threading.Event) -> None:
    """Call `wake` once at the start, for what was missed, and at each notification, until `ended` is set.

    `beat` is called every five seconds and uses the session, which a firewall may otherwise drop without a word.

    Raises
    ------
    psycopg.Error, sqlalchemy.exc.SQLAlchemyError   the session is broken
    """
    session.exec_driver_sql(f"LISTEN {_CHANNEL}")
    wake()
    driver: Any = session.connection.driver_connection
    checked = time.monotonic()
    while not ended.is_set():
        for _ in driver.notifies(timeout=_WAIT_SECONDS, stop_after=1):
            wake()
        if time.monotonic() - checked >= _BEAT_SECONDS:
            beat()
            checked = time.monotonic()
