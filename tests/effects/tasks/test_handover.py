"""Runs are handed to threads that have ended another; a thread without one ends after a while."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from scenedock.effects.tasks.engine import Engine
from scenedock.effects.tasks.handover import Handover
from scenedock.effects.tasks.storage.database import Database, database_address

LONG = 60.0


def test_a_run_needs_a_thread_of_its_own_until_there_are_as_many_as_may_be() -> None:
    handover = Handover(2, lingers_seconds=0)

    assert [handover.offer((name, 1)) for name in "abcd"] == [False, False, True, True]
    assert [handover.next() for _ in range(4)] == [("c", 1), ("d", 1), None, None]
    assert not handover.offer(("e", 1))


def test_a_thread_that_could_not_be_started_makes_room_for_another() -> None:
    handover = Handover(1, lingers_seconds=0)
    assert not handover.offer(("a", 1))

    assert handover.lost() == []

    assert not handover.offer(("b", 1))


def test_runs_that_wait_for_a_thread_that_could_not_be_started_are_returned_if_no_other_is_left() -> None:
    handover = Handover(2, lingers_seconds=0)
    assert [handover.offer((name, 1)) for name in "abcd"] == [False, False, True, True]

    assert handover.lost() == []
    assert handover.lost() == [("c", 1), ("d", 1)]
    assert not handover.offer(("c", 1))


def test_a_process_that_cannot_start_a_thread_leaves_also_what_waits_for_it_to_others(tmp_path: Path) -> None:
    def fail(_task_id: str, _number: int) -> None:
        engine.start("waits", 1)
        assert engine.has("waits", 1)
        raise RuntimeError("no thread")

    with closing(Database(database_address("", tmp_path))) as database:
        engine = Engine(database, "me", 1, queued=False)
        engine._start = fail
        engine.start("fails", 1)
        assert not engine.is_busy
        engine._start = None
        engine.stop(0)


def test_a_thread_that_waits_gets_the_next_run_and_a_second_run_needs_another_thread() -> None:
    handover = Handover(2, lingers_seconds=LONG)
    assert not handover.offer(("a", 1))
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(handover.next)
        while not handover.offer(("b", 1)):  # until it waits
            handover.lost()

        assert not handover.offer(("c", 1))
        assert waits.result(LONG) == ("b", 1)


def test_threads_end_at_once_when_it_closes_but_for_the_runs_that_wait() -> None:
    handover = Handover(1, lingers_seconds=LONG)
    assert [handover.offer((name, 1)) for name in "ab"] == [False, True]

    handover.close()

    assert [handover.next(), handover.next()] == [("b", 1), None]
