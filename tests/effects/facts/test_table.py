"""A table of facts: who writes replaces what he has read, and nothing of anybody else."""

from __future__ import annotations

import multiprocessing
import os
import stat
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
