"""Deliveries of webhooks: each is handled once, whichever replica receives it, and however often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.tables import WEBHOOK_DELIVERY
from scenedock.effects.tasks.store import wake
from scenedock.model.tasks.task import fingerprint

if TYPE_CHECKING:
    from sqlalchemy import Connection


def receive(database: Database, names: Sequence[str], keys: Sequence[str], now: int) -> int | None:
    """Record a delivery and wake the tasks that wait for these keys, in one transaction; return the number of tasks.

    `names` identify the delivery. If one of them was recorded before, nothing is done, and None is returned.

    Raises
    ------
    TemporaryError   the database can't be reached
    """

    def work(connection: Connection) -> int:
        rows = [{"id": fingerprint(name), "received_at": now} for name in names]
        connection.execute(WEBHOOK_DELIVERY.insert(), rows)
        return wake(connection, [fingerprint(key) for key in keys], now)

    try:
        return database.write(work)
    except IntegrityError:
        return None


def forget_deliveries(database: Database, before: int) -> int:
    """Delete the records of deliveries before a time, in milliseconds since 1970; return their number."""
    old = delete(WEBHOOK_DELIVERY).where(WEBHOOK_DELIVERY.c.received_at < before)
    return database.write(lambda connection: connection.execute(old).rowcount)
