"""Word that a task is due, from whoever makes it so to the workers: NOTIFY and LISTEN of PostgreSQL.

Word may get lost, as while a worker connects anew, so workers look by themselves, too, only less often.
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
_CHECK_SECONDS = 30.0
"""How often a session in which nothing happens is used: what lies between drops idle ones, and tells nobody."""


def tell_workers(connection: Connection) -> None:
    """Wake the workers as soon as the caller's transaction has ended; with SQLite they look by themselves."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(_CHANNEL, "")))


def listen(session: Connection, heard: Callable[[], object], ended: threading.Event) -> None:
    """Call `heard` at once, for what was told before, and at each word, until `ended` is set.

    Whatever breaks the session is raised as the driver has it.
    """
    session.exec_driver_sql(f"LISTEN {_CHANNEL}")
    heard()
    driver: Any = session.connection.driver_connection
    checked = time.monotonic()
    while not ended.is_set():
        for _ in driver.notifies(timeout=_WAIT_SECONDS, stop_after=1):
            heard()
        if time.monotonic() - checked >= _CHECK_SECONDS:
            driver.execute("SELECT 1")
            checked = time.monotonic()
