"""Short requests go before tasks, which never wait for long."""

from __future__ import annotations

import threading
from collections.abc import Callable

from scenedock.model.tasks.right_of_way import RightOfWay

HANGS = 30


class Clock:
    """A clock that goes on only when it is told to, or by itself with each look."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 100.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_nobody_waits_without_requests() -> None:
    """Or after they have been answered."""
    way = RightOfWay(clock=lambda: 1 / 0)  # which isn't even looked at
    way.give_way()
    way.ends("never begun")
    way.give_way()


def test_a_task_waits_until_the_request_has_been_answered() -> None:
    """It goes on at once then, and not before."""
    way = RightOfWay(Clock())
    way.begins("list")
    seen = asked_while(way, lambda: way.ends("list"))
    assert seen == [False, True]


def test_a_task_does_not_wait_for_a_request_that_takes_long() -> None:
    """It may be a stream of events."""
    clock = Clock()
    way = RightOfWay(clock)
    way.begins("events")
    clock.now += 1
    assert asked_while(way, lambda: None) == [True]
    way.begins("list")
    assert asked_while(way, lambda: way.ends("list")) == [False, True]


def test_who_answers_a_request_waits_for_none() -> None:
    """Not for its own, and for no other."""
    way = RightOfWay(Clock())
    way.begins("list")
    with way.taken():
        assert waits(way) == 0
    assert waits(way) == 1


def test_a_task_waits_for_half_of_its_time_at_most() -> None:
    """However many requests there are: what it has waited, it works before it waits again."""
    clock = Clock(step=0.001)
    way = RightOfWay(clock)
    way.begins("list")
    assert waits(way) == 1
    waited_until, clock.step = clock.now, 0.0
    way.begins("another")
    assert waits(way) == 0
    clock.now = waited_until + 0.02
    way.begins("another")
    assert waits(way) == 1


def test_who_waited_is_told_for_how_long() -> None:
    """So that it counts for no limit of the work."""
    clock = Clock()
    way = RightOfWay(clock)
    assert way.give_way() == 0
    way.begins("events")
    clock.now += 1
    clock.step = 0.25
    assert way.give_way() == 0.5, "from the first of three looks at the clock to the last"


def waits(way: RightOfWay) -> int:
    """How often a thread of this call waits when it gives way."""
    waited: list[float] = []
    real = way._changed.wait_for

    def wait_for(predicate: Callable[[], bool], timeout: float) -> bool:
        waited.append(timeout)
        return predicate()

    way._changed.wait_for = wait_for  # type: ignore[assignment, method-assign]
    try:
        way.give_way()
    finally:
        way._changed.wait_for = real  # type: ignore[method-assign]
    return len(waited)


def asked_while(way: RightOfWay, then: Callable[[], object]) -> list[bool]:
    """What a thread that gives way is told, each time that it asks whether it may go on; it is never left to itself."""
    seen: list[bool] = []
    asked = threading.Event()
    real = way._changed.wait_for

    def wait_for(predicate: Callable[[], bool], _timeout: float) -> bool:
        def noted() -> bool:
            seen.append(predicate())
            asked.set()
            return seen[-1]

        return real(noted, HANGS)

    way._changed.wait_for = wait_for  # type: ignore[assignment, method-assign]
    try:
        task = threading.Thread(target=way.give_way)
        task.start()
        assert asked.wait(HANGS)
        then()
        task.join(HANGS)
        assert not task.is_alive()
    finally:
        way._changed.wait_for = real  # type: ignore[method-assign]
    return seen
