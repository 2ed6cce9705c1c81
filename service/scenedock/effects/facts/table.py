"""Facts in a table on disk, of which a look reads and writes only the rows that it needs; they only save time.

Each row carries a digest of its key, its facts and the code that read them: one that is damaged, or of other rules, is
as good as none. Who uses rows must not conclude anything from one that is missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import secrets
import sqlite3
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from scenedock.effects.local.facts_file import pack, unpack

Key: TypeAlias = tuple[str, str, str]
"""What a row is about: a kind of facts, the name of a repository, and a path or name in it; the latter may be empty."""

_MOST_BYTES: Final = 1 << 29
_BYTES_OF_A_PAGE: Final = 4096
_SECONDS_TO_WAIT: Final = 5.0
_DIGEST: Final = 32
_VERSION: Final[Key] = ("version", "", "")
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS facts "
    "(kind TEXT, repository BLOB, name BLOB, body BLOB NOT NULL, PRIMARY KEY (kind, repository, name)) WITHOUT ROWID"
)


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
            return {_text(name) for (name,) in self.connection.execute(query, (kind, _bytes(repository)))}
        except sqlite3.Error:
            return set()

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
        except sqlite3.Error:
            return None
        return row[0] if row and isinstance(row[0], bytes) else None


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
                with suppress(sqlite3.Error):
                    connection.execute("BEGIN")
            yield OpenFacts(connection)

    def save(self, rows: Mapping[Key, object | None], replacing: str) -> None:
        """Write some rows, or delete those that are None, if the table still has the version that was read.

        Where another process was faster, or the disk refuses, nothing is kept: all that is lost is time.
        """
        try:
            with self._locked(), self._connected(create=True) as connection:
                _write(connection, replacing, rows)
        except (OSError, sqlite3.Error):
            return

    def save_all(self, rows: Mapping[Key, object], same: Collection[Key], replacing: str) -> None:
        """Write rows; of the others only those stay that are the `same`. It is all as with `save`, but that a table
        which can't be used is thrown away.
        """
        try:
            with self._locked():
                if not replacing:
                    self._throw_away()
                try:
                    with self._connected(create=True) as connection:
                        _write(connection, replacing, rows, {*same, *rows})
                except sqlite3.DatabaseError as error:
                    if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                        self._throw_away()
        except OSError:
            return

    def _throw_away(self) -> None:
        for path in (self.path, self.path.with_name(f"{self.path.name}-journal")):
            path.unlink(missing_ok=True)

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
            connection = sqlite3.connect(self.path, timeout=_SECONDS_TO_WAIT, isolation_level=None)
        except sqlite3.Error:
            yield None
            return
        with closing(connection):
            if create:
                self.path.chmod(0o600)
                connection.execute(f"PRAGMA max_page_count = {_MOST_BYTES // _BYTES_OF_A_PAGE}")
                connection.execute(_SCHEMA)
            yield connection

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time writes, or throws away."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.with_name(f".{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


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
    gone = {key for key, facts in changes.items() if facts is None}
    if kept is not None:
        there = connection.execute("SELECT kind, repository, name FROM facts")
        gone |= {(kind, _text(repository), _text(name)) for kind, repository, name in there} - {*kept, _VERSION}
    connection.executemany("DELETE FROM facts WHERE kind = ? AND repository = ? AND name = ?", map(_row, gone))
    new = ((*_row(key), _packed(key, facts)) for key, facts in changes.items() if facts is not None)
    connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", new)
    connection.execute("COMMIT")


def _row(key: Key) -> tuple[str, bytes, bytes]:
    return key[0], _bytes(key[1]), _bytes(key[2])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a path needn't be Unicode


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


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
