"""Facts in a table on disk, of which a look reads and writes only the rows that it needs; they only save time.

Each row carries a digest of its key, its facts and the code that read them: one that is damaged, or of other rules, is
as good as none. Who uses rows must not conclude anything from one that is missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias

from scenedock.effects.local.facts_file import pack, unpack
from scenedock.structs import dataclass

Key: TypeAlias = tuple[str, str, str]
"""What a row is about: a kind of facts, the name of a repository, and a path or name in it; the latter may be empty."""

_MOST_BYTES: Final = 1 << 29
_BYTES_OF_A_PAGE: Final = 4096
_SECONDS_TO_WAIT: Final = 1.0
_SECONDS_FOR_THE_LOCK: Final = 3.0
_FAILURES: Final = (OSError, sqlite3.Error, ValueError, TypeError, AttributeError)
"""What a disk raises that refuses, and a table that is damaged: also a message of SQLite may be no Unicode."""
_DIGEST: Final = 32
_VERSION: Final[Key] = ("version", "", "")
_TOO_LARGE: Final[Key] = ("too large", "", "")
"""The only row of a table whose facts didn't fit: how much they were."""
_LIGHTER: Final = 0.9
"""Facts that didn't fit are written again when they are no more than this share of what they were."""
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS facts "
    "(kind TEXT, repository BLOB, name BLOB, body BLOB NOT NULL, PRIMARY KEY (kind, repository, name)) WITHOUT ROWID"
)

_log: Final = logging.getLogger("scenedock.feed")


class _TooLargeError(sqlite3.Error):
    """The rows don't fit into a table."""


@dataclass(slots=True)
class OpenFacts:
    """The rows of a table as they are while it is open; without a connection, there are none."""

    connection: sqlite3.Connection | None = None

    def get(self, key: Key) -> object | None:
        """The facts of a row; None where there are none that can be used."""
        body = self._body(key)
        if body is None or body[:_DIGEST] != _digest(key, body[_DIGEST:]):
            return None
        return unpack(body[_DIGEST:])

    def names(self, kind: str, repository: str) -> set[str]:
        """The names of all rows of a kind."""
        if self.connection is None:
            return set()
        query = "SELECT name FROM facts WHERE kind = ? AND repository = ?"
        try:
            names = [name for (name,) in self.connection.execute(query, (kind, _bytes(repository)))]
        except _FAILURES as error:
            self._forsake(error)
            return set()
        return {text for name in names if (text := _text(name)) is not None}

    @property
    def version(self) -> str:
        """What the present state of the table is called; empty where it has none."""
        version = self.get(_VERSION)
        return version if isinstance(version, str) else ""

    def _body(self, key: Key) -> bytes | None:
        if self.connection is None:
            return None
        query = "SELECT body FROM facts WHERE kind = ? AND repository = ? AND name = ?"
        try:
            row = self.connection.execute(query, _row(key)).fetchone()
        except _FAILURES as error:
            self._forsake(error)
            return None
        return row[0] if row and isinstance(row[0], bytes) else None

    def _forsake(self, error: Exception) -> None:
        """Don't wait once more for a table that is busy."""
        if _is_busy(error):
            self.connection = None


NOTHING: Final = OpenFacts()


@dataclass(frozen=True, slots=True)
class FactsTable:
    """A table of facts, which the processes of an installation may share, or each have for itself."""

    path: Path

    @contextmanager
    def opened(self, *, steady: bool = False) -> Iterator[OpenFacts]:
        """The rows; a `steady` view is of one time, and nobody can write meanwhile."""
        with self._connected(create=False) as connection:
            if connection and steady:
                with suppress(*_FAILURES):
                    connection.execute("BEGIN")
            yield OpenFacts(connection)

    def save(self, rows: Mapping[Key, object | None], replacing: str) -> None:
        """Write some rows, or delete those that are None, if the table still has the version that was read.

        Where another process was faster, or the disk refuses, nothing is kept: all that is lost is time.
        """
        self._save(rows, replacing)

    def save_all(self, rows: Mapping[Key, object], same: Collection[Key], replacing: str, weight: int = 0) -> None:
        """Write rows; of the others only those stay that are the `same`. It is all as with `save`, but that a table
        which can't be used is thrown away.

        `weight` grows with all that is to be kept. What didn't fit is said once, and not written again until its weight
        is less.
        """
        if weight:
            with self.opened() as facts:
                refused = facts.get(_TOO_LARGE)
            if isinstance(refused, int) and weight > refused * _LIGHTER:
                return
        self._save(rows, replacing, {*same, *rows}, weight)

    def _save(
        self,
        rows: Mapping[Key, object | None],
        replacing: str,
        kept: Collection[Key] | None = None,
        weight: int = 0,
    ) -> None:
        try:
            with self._locked():
                if kept is not None and not replacing and not self._is_in_use():
                    self._throw_away()
                try:
                    with self._connected(create=True) as connection:
                        _write(connection, replacing, rows, kept)
                except _FAILURES as error:
                    if not _is_busy(error):
                        self._throw_away()
                    if isinstance(error, _TooLargeError) and weight:
                        with self._connected(create=True) as connection:
                            _write(connection, "", {_TOO_LARGE: weight})
                    raise
        except _FAILURES as error:
            _log.warning("the facts of the catalog can't be kept in %s; files will be read again: %s", self.path, error)

    def _is_in_use(self) -> bool:
        """Whether there is a table that somebody can read.

        Raises
        ------
        sqlite3.Error   it is busy, so nobody knows
        """
        with self._connected(create=False) as connection:
            if connection is None:
                return False
            try:
                connection.execute("BEGIN IMMEDIATE")
            except _FAILURES as error:
                if _is_busy(error):
                    raise
                return False
            return bool(OpenFacts(connection).version)

    def _throw_away(self) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(f"{self.path.name}{suffix}").unlink(missing_ok=True)

    @contextmanager
    def _connected(self, *, create: bool) -> Iterator[sqlite3.Connection | None]:
        """A connection; None where there is no table, or what is there is none."""
        try:
            facts = self.path.stat()
            is_usable = stat.S_ISREG(facts.st_mode) and facts.st_size <= _MOST_BYTES
        except OSError:
            is_usable = create
        if not is_usable:
            yield None
            return
        try:
            if create:  # else SQLite makes it, and for a moment others may read it
                os.close(os.open(self.path, os.O_RDONLY | os.O_CREAT | os.O_NONBLOCK, 0o600))
            connection = sqlite3.connect(self.path, timeout=_SECONDS_TO_WAIT, isolation_level=None)
        except _FAILURES:
            if create:
                raise
            yield None
            return
        with closing(connection):
            if create:
                connection.execute(f"PRAGMA max_page_count = {_MOST_BYTES // _BYTES_OF_A_PAGE}")
                connection.execute(_SCHEMA)
            yield connection

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time writes, or throws away.

        Raises
        ------
        OSError   the lock can't be had, or another process holds it for long
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _opened_lock(self.path.with_name(f".{self.path.name}.lock"))
        try:
            last = time.monotonic() + _SECONDS_FOR_THE_LOCK
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > last:
                        raise
                    time.sleep(0.02)
            yield
        finally:
            os.close(lock)


def _opened_lock(path: Path) -> int:
    """A file to lock, which may be another user's."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except PermissionError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _write(
    connection: sqlite3.Connection | None,
    replacing: str,
    rows: Mapping[Key, object | None],
    kept: Collection[Key] | None = None,
) -> None:
    """Write rows in one transaction, and if it is said which ones are `kept`, delete all others."""
    if connection is None:
        return
    connection.execute("BEGIN IMMEDIATE")
    if OpenFacts(connection).version != replacing:
        return
    changes = {**rows, _VERSION: secrets.token_hex(16)}
    gone = {_row(key) for key, facts in changes.items() if facts is None}
    if kept is not None:
        there = connection.execute("SELECT kind, repository, name FROM facts").fetchall()
        if there != sorted(there):  # TypeError if they aren't even keys
            raise sqlite3.DatabaseError("its keys are in no order, so rows may not be found")
        gone |= set(there) - set(map(_row, (*kept, _VERSION)))
    connection.executemany("DELETE FROM facts WHERE kind IS ? AND repository IS ? AND name IS ?", gone)
    written = 0

    def new() -> Iterator[tuple[str, bytes, bytes, bytes]]:
        nonlocal written
        for key, facts in changes.items():
            if facts is not None:
                body = _packed(key, facts)
                written += len(body)
                yield (*_row(key), body)

    before = connection.execute("PRAGMA page_count").fetchone()[0] * _BYTES_OF_A_PAGE
    try:
        connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", new())
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        # SQLite says the same where the disk is full.
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL and before + written > _MOST_BYTES // 2:
            raise _TooLargeError(f"they are more than {_MOST_BYTES >> 20:,} MiB") from error
        raise


def _row(key: Key) -> tuple[str, bytes, bytes]:
    return key[0], _bytes(key[1]), _bytes(key[2])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a path needn't be Unicode


def _text(data: object) -> str | None:
    """The text of a column; None where it is damaged, for a key has no digest."""
    try:
        return data.decode("utf-8", "surrogatepass") if isinstance(data, bytes) else None
    except UnicodeDecodeError:
        return None


def _packed(key: Key, facts: object) -> bytes:
    body = pack(facts)
    return _digest(key, body) + body


def _digest(key: Key, body: bytes) -> bytes:
    from scenedock.effects.local.facts_rules import RULES  # it reads all our code, which most commands don't need

    digest = hashlib.sha256(RULES)
    for part in _row(key):
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d " % len(data) + data)
    digest.update(body)
    return digest.digest()
