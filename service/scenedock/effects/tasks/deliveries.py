"""Deliveries of webhooks: each is handled once, whoever of all replicas gets it, and however often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from scenedock.effects.tasks.database import Database
from scenedock.effects.tasks.store import wake
from scenedock.effects.tasks.tables import WEBHOOK_DELIVERY
from scenedock.model.tasks.task import fingerprint

if TYPE_CHECKING:
    from sqlalchemy import Connection


def receive(database: Database, names: Sequence[str], keys: Sequence[str], now: int) -> int | None:
    """Note a delivery and wake the tasks that wait for these keys, both or nothing; answer how many were woken.

    `names` are what the delivery is known by. If one of them was noted before, nothing is done, and the answer is None.

    Raises
    ------
    TemporaryError   the database stays away
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
    """Delete what was noted of deliveries before a time, in milliseconds since 1970; answer how many."""
    old = delete(WEBHOOK_DELIVERY).where(WEBHOOK_DELIVERY.c.received_at < before)
    return database.write(lambda connection: connection.execute(old).rowcount)
