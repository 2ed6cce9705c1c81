"""What is remembered of Backstage's answers is bounded in number and in time."""

from __future__ import annotations

from scenedock.effects.backstage.remembered import Remembered


def test_the_oldest_is_forgotten_where_there_are_too_many() -> None:
    known: Remembered[str, int] = Remembered(60.0, most=2, clock=lambda: 0.0)
    for key, value in [("a", 1), ("b", 2), ("a", 0), ("c", 3)]:
        known.put(key, value)

    assert [known.get(key) for key in "abc"] == [0, None, 3]


def test_nothing_is_remembered_for_longer_than_it_may() -> None:
    now = 0.0
    known: Remembered[str, int] = Remembered(60.0, clock=lambda: now)
    known.put("a", 1)

    now = 60.0
    assert known.get("a") is None
