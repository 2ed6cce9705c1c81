"""A table of facts: who writes replaces what he has read, and nothing of anybody else."""

from __future__ import annotations

import fcntl
import logging
import multiprocessing
import os
import random
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from scenedock.effects.facts import table as facts_table
from scenedock.effects.facts.table import NOTHING, FactsTable, Key

A: Key = ("folder", "apps", "a")
B: Key = ("folder", "apps", "b/\udcff")


@pytest.fixture
def table(tmp_path: Path) -> FactsTable:
    return FactsTable(tmp_path / "data" / "facts")


def version_of(table: FactsTable) -> str:
    with table.opened() as facts:
        return facts.version


def rows_of(table: FactsTable, *keys: Key) -> list[object]:
    with table.opened() as facts:
        return [facts.get(key) for key in keys]


def test_what_is_saved_replaces_what_was_read(table: FactsTable) -> None:
    with table.opened() as facts:
        assert (facts.version, facts.get(A), facts.names("folder", "apps")) == ("", None, set())
    table.save_all({A: 1, B: (2,)}, [], "")
    first = version_of(table)
    assert first
    assert rows_of(table, A, B) == [1, (2,)]

    table.save({A: 3, B: None}, first)
    assert rows_of(table, A, B) == [3, None]
    assert version_of(table) != first

    table.save({A: 4}, first)
    table.save_all({A: 4}, [], first)
    assert rows_of(table, A) == [3]


def test_only_the_same_rows_stay(table: FactsTable) -> None:
    table.save_all({A: 1, B: 2}, [], "")
    table.save_all({("catalog", "", ""): 3}, [B], version_of(table))

    assert rows_of(table, A, B, ("catalog", "", "")) == [None, 2, 3]
    with table.opened() as facts:
        assert facts.names("folder", "apps") == {B[2]}


def test_only_its_owner_may_read_it(table: FactsTable) -> None:
    table.save_all({A: 1}, [], "")

    assert stat.S_IMODE(table.path.stat().st_mode) == 0o600


def test_a_table_that_would_be_too_large_is_not_kept(table: FactsTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_table, "_MOST_BYTES", 1 << 16)
    table.save_all({A: 1}, [], "")
    table.save_all({A: os.urandom(1 << 17).hex()}, [], version_of(table))

    assert rows_of(table, A) == [None]
    table.save_all({A: 1}, [], "")
    assert rows_of(table, A) == [1]


def test_what_does_not_fit_is_said_once_and_not_written_until_it_is_less(
    table: FactsTable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(facts_table, "_MOST_BYTES", 1 << 16)
    large = {("folder", "apps", str(number)): os.urandom(1 << 13).hex() for number in range(8)}

    written: set[int] = set()
    for build in range(3):
        table.save_all(large, [], version_of(table), 1_000 + build)
        assert rows_of(table, *large) == [None] * 8
        written.add(table.path.stat().st_mtime_ns)

    assert len(written) == 1, "it isn't even touched"
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert "can't be kept" in said[0]
    assert "they are more than" in said[0]

    table.save_all({A: 1}, [], version_of(table), 500)
    assert rows_of(table, A) == [1]
    table.save_all(large, [A], version_of(table), 1_000)
    assert len(caplog.records) == 2, "it is another time"


def test_a_pipe_is_not_waited_for(table: FactsTable) -> None:
    table.path.parent.mkdir()
    os.mkfifo(table.path)
    with table.opened() as facts:
        assert facts.connection is None
    table.save_all({A: 1}, [], "")

    assert rows_of(table, A) == [1]
    assert NOTHING.get(A) is None


def test_of_several_processes_one_wins_and_what_is_read_is_of_one_time(table: FactsTable) -> None:
    table.save_all({A: 0, B: 0}, [], "")
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(table, number)) for number in range(1, 4)]
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers):
        with table.opened(steady=True) as facts:
            assert facts.get(A) == facts.get(B)
    for each in writers:
        each.join()
        assert each.exitcode == 0

    assert rows_of(table, A, B) != [0, 0]


def _write(table: FactsTable, number: int) -> None:
    for turn in range(20):
        table.save({A: (number, turn), B: (number, turn)}, version_of(table))


@pytest.mark.parametrize("name", [b"\x80", None, 7, "text"])
def test_a_damaged_key_is_no_error_and_does_not_stay(table: FactsTable, name: object) -> None:
    table.save_all({A: 1, B: 2}, [], "")
    with closing(sqlite3.connect(table.path)) as connection, connection:
        connection.execute("CREATE TABLE other (kind TEXT, repository BLOB, name BLOB, body BLOB)")
        connection.execute("INSERT INTO other SELECT * FROM facts")
        connection.execute("INSERT INTO other VALUES ('folder', CAST('apps' AS BLOB), ?, x'00')", (name,))
        connection.execute("DROP TABLE facts")
        connection.execute("ALTER TABLE other RENAME TO facts")

    with table.opened() as facts:
        assert facts.names("folder", "apps") == {A[2], B[2]}
    table.save_all({A: 1}, [B], version_of(table))
    table.save_all({A: 1}, [B], version_of(table))
    assert rows_of(table, A) == [1]
    with closing(sqlite3.connect(table.path)) as connection:
        assert (name,) not in connection.execute("SELECT name FROM facts").fetchall()


def test_whatever_is_damaged_costs_time_only(table: FactsTable) -> None:
    keys = [("folder", "apps", f"a/{number}") for number in range(40)]
    table.save_all({key: f"facts of {key}" for key in keys}, [], "")
    good, chance = table.path.read_bytes(), random.Random(1)  # noqa: S311 - to be damaged alike each time
    for turn in range(20):
        damaged = bytearray(good)
        for _ in range(chance.choice((1, 30))):
            damaged[chance.randrange(len(good))] = chance.randrange(256)
        table.path.write_bytes(damaged[: chance.choice((len(good), chance.randrange(len(good))))])
        with table.opened(steady=True) as facts:
            version, names = facts.version, facts.names("folder", "apps")
            assert all(facts.get(key) in {None, f"facts of {key}"} for key in keys)
        table.save({keys[0]: f"facts of {keys[0]}"}, version)
        for _ in range(2):
            table.save_all({(*keys[0][:2], each): f"facts of {each}" for each in names}, keys, version_of(table))
            table.save_all({A: turn}, [], version_of(table))
        assert rows_of(table, A) == [turn]


def test_who_holds_the_lock_is_not_waited_for(
    table: FactsTable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(facts_table, "_SECONDS_FOR_THE_LOCK", 0.05)
    table.save_all({A: 1}, [], "")
    with table.path.with_name(".facts.lock").open() as lock, caplog.at_level(logging.WARNING):
        fcntl.flock(lock, fcntl.LOCK_EX)
        table.save_all({A: 2}, [], version_of(table))

    assert rows_of(table, A) == [1]
    assert [str(table.path) in each.getMessage() for each in caplog.records] == [True]


def test_a_lock_of_another_user_can_be_had(table: FactsTable, monkeypatch: pytest.MonkeyPatch) -> None:
    table.save_all({A: 1}, [], "")
    opened = os.open

    def refusing(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR and path.name == ".facts.lock":
            raise PermissionError(path)
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", refusing)
    table.save({A: 2}, version_of(table))

    assert rows_of(table, A) == [2]


def test_a_table_that_is_busy_is_not_thrown_away(
    table: FactsTable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(facts_table, "_SECONDS_TO_WAIT", 0.05)
    table.save_all({A: 1}, [], "")
    with closing(sqlite3.connect(table.path, isolation_level=None)) as other, caplog.at_level(logging.WARNING):
        other.execute("BEGIN EXCLUSIVE")
        assert version_of(table) == ""
        table.save_all({A: 2}, [], "")

    assert rows_of(table, A) == [1]
    assert len(caplog.records) == 1
    table.save_all({A: 2}, [], "")  # it was good, so who has read nothing of it replaces nothing
    assert rows_of(table, A) == [1]
