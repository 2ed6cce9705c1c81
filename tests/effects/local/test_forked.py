"""Work of a fork: what it gives comes back, and a fork that dies costs only what it hasn't given."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from scenedock.effects.local.forked import forked


def test_what_a_fork_gives_comes_back_in_its_order() -> None:
    with forked(lambda: [[1, "one"], {"two": 2}]) as results:
        assert list(results()) == [[1, "one"], {"two": 2}]


def test_of_a_fork_that_dies_there_is_what_it_has_given() -> None:
    def work() -> Iterator[object]:
        yield "x" * 100_000  # more than a file keeps in memory
        os.kill(os.getpid(), signal.SIGKILL)

    with forked(work) as results:
        assert len(list(results())) < 2


def test_a_fork_that_fails_says_nothing_and_runs_nothing_of_its_parent(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> Iterator[object]:
        yield int("boom")

    with forked(work) as results:
        assert list(results()) == []
    assert capfd.readouterr().err == ""


def test_a_fork_ends_with_whoever_no_longer_wants_it() -> None:
    def work() -> Iterator[object]:
        time.sleep(3_600)
        yield None

    began = time.monotonic()
    with pytest.raises(KeyError), forked(work):
        raise KeyError

    assert time.monotonic() - began < 1_800  # it was not waited for
