"""Which keys the processes of an installation have, as digests in its PostgreSQL: replicas must have the same ones.

A digest is keyed with the key itself (HMAC-SHA256), so it tells only those who have the key which one it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from scenedock.effects.tasks.storage.connections import OneConnection
from scenedock.structs import dataclass, replace

Purpose: TypeAlias = Literal["seal", "sign"]

ALIVE_SECONDS: Final = 900
"""A process that hasn't recorded its keys for so long has ended."""
_NOW: Final = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
_RECORD: Final = f"""INSERT INTO process_key (process, purpose, digest, accepted, seen_at)
VALUES (%s, %s, %s, %s, {_NOW}) ON CONFLICT (process, purpose) DO UPDATE
SET digest = excluded.digest, accepted = excluded.accepted, seen_at = excluded.seen_at"""  # noqa: S608 - a constant
_FORGET: Final = f"DELETE FROM process_key WHERE seen_at < {_NOW} - %s"  # noqa: S608 - a constant
_RECORDED: Final = f"""SELECT process, purpose, digest, accepted FROM process_key
WHERE seen_at >= {_NOW} - %s ORDER BY process, purpose"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class ProcessKey:
    """The key of a process for a purpose by its `digest`, and those that it `accepted` besides, such as former ones."""

    process: str
    purpose: Purpose
    digest: str
    accepted: tuple[str, ...] = ()

    def takes(self, other: ProcessKey) -> bool:
        """Whether what the other has sealed or signed is valid here."""
        return self.purpose == other.purpose and other.digest in {self.digest, *self.accepted}

    def named(self, process: str) -> ProcessKey:
        """The same key of another process."""
        return replace(self, process=process)


class KeyTable:
    """The table, over a connection of its own.

    Its functions raise TemporaryError if the database can't be reached, and ConflictError if it must be migrated.
    """

    def __init__(self, url: str) -> None:
        self._connection = OneConnection(url, "keys")

    def record(self, keys: Sequence[ProcessKey]) -> None:
        """Record the keys of a process that runs, and forget those of processes that have ended."""
        for each in keys:
            values = (each.process, each.purpose, each.digest, " ".join(each.accepted))
            self._connection.rows(_RECORD, *values)
        self._connection.rows(_FORGET, ALIVE_SECONDS * 1_000)

    def recorded(self) -> tuple[ProcessKey, ...]:
        """The keys of the processes that run, by the names of these."""
        rows = self._connection.rows(_RECORDED, ALIVE_SECONDS * 1_000)
        return tuple(ProcessKey(process, purpose, digest, tuple(old.split())) for process, purpose, digest, old in rows)

    def forget(self, process: str) -> None:
        """Forget the keys of a process that ends."""
        self._connection.rows("DELETE FROM process_key WHERE process = %s", process)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
