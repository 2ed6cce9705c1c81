"""Calls wait for a place: by turns for each user, for so long, and without one while their task rests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from scenedock.actions import ACTIONS
from scenedock.effects.tasks.lookout import TaskCounts
from scenedock.errors import ScenedockError, TemporaryError
from scenedock.model.action import Caller, Context
from scenedock.model.json import JsonObject
from scenedock.runtime.calls import Calls, Room
from scenedock.runtime.metrics import Metrics
from tests.tools.server import wait_until

PATIENCE = 60
WRITES, READS = ("bake-skeleton", "list-skeletons")
BY_NAME = {action.name: action for action in ACTIONS}


@dataclass
class World:
    """What calls do: each begins, and ends when it may; the one called `rests` gives its place back meanwhile."""

    begun: list[str] = field(default_factory=list)
    may_end: dict[str, threading.Event] = field(default_factory=dict)

    def run(self, _action: object, _context: object, values: JsonObject, leave: Callable[[], object]) -> JsonObject:
        name = str(values["name"])
        self.begun.append(name)
        if name.startswith("rests"):
            leave()
        assert self.end(name).wait(PATIENCE)
        return {"name": name}

    def end(self, name: str) -> threading.Event:
        return self.may_end.setdefault(name, threading.Event())

    def waits_for(self, *begun: str) -> None:
        wait_until(lambda: sorted(self.begun) == sorted(begun), f"{begun}, not {self.begun}")


class SwiftWorld(World):
    """Every call ends at once."""

    def run(self, _action: object, _context: object, values: JsonObject, leave: Callable[[], object]) -> JsonObject:
        leave()
        return values


@contextmanager
def calls(world: World, **room: Any) -> Iterator[Calls]:
    metrics = Metrics(lambda: None, lambda: TaskCounts(0, 0, 0, None))
    opened = Calls(Room(**{"writing": 1, "reading": 1, "all": 20, "seconds": PATIENCE} | room), metrics, world.run)
    try:
        yield opened
    finally:
        opened.hurry(0)
        for name in [*world.begun, *world.may_end]:
            world.end(name).set()
        opened.stop()


def start(opened: Calls, name: str, user: str = "jane", action: str = WRITES) -> Future[JsonObject]:
    caller = Caller("plugin:scaffolder", "backstage", f"user:default/{user}")
    return opened.start(BY_NAME[action], Context(caller, None), {"name": name})  # type: ignore[arg-type]


def in_queue(opened: Calls) -> int:
    return sum(map(len, opened._writing._queue.values()))


def test_users_are_served_by_turns_however_many_calls_one_has_in_the_queue() -> None:
    world = World()
    with calls(world) as opened:
        for number, (user, name) in enumerate([("jane", f"jane-{n}") for n in range(4)] + [("joe", "joe-0")]):
            start(opened, name, user)
            wait_until(lambda expected=number: in_queue(opened) == expected, "a place in the queue")  # type: ignore[misc]
        for _ in range(5):
            wait_until(lambda: not world.end(world.begun[-1]).is_set(), "the next call")
            world.end(world.begun[-1]).set()
        wait_until(lambda: len(world.begun) == 5, "all calls")

    assert world.begun == ["jane-0", "jane-1", "joe-0", "jane-2", "jane-3"]


def test_a_call_whose_task_rests_holds_no_place() -> None:
    world = World()
    with calls(world) as opened:
        resting = [start(opened, f"rests-{number}") for number in range(5)]
        world.waits_for(*(f"rests-{number}" for number in range(5)))
        last = start(opened, "works")
        world.end("works").set()

        assert last.result(PATIENCE) == {"name": "works"}
        assert not any(call.done() for call in resting)


def test_equal_calls_in_the_queue_are_one_and_each_is_audited(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    with calls(world) as opened, caplog.at_level("INFO", "scenedock.audit"):
        start(opened, "works")
        world.waits_for("works")
        equal = [start(opened, "waits") for _ in range(2)]
        of_another = start(opened, "waits", "joe")
        wait_until(lambda: in_queue(opened) == 2, "two places in the queue")
        for name in ("works", "waits"):
            world.end(name).set()

        assert [call.result(PATIENCE) for call in [*equal, of_another]] == [{"name": "waits"}] * 3
        wait_until(lambda: not opened._present, "the end of all calls")
        assert world.begun == ["works", "waits", "waits"]
        assert len([each for each in caplog.messages if each.endswith("completed")]) == 4
        assert start(opened, "waits").result(PATIENCE) == {"name": "waits"}
        assert len(world.begun) == 4


@pytest.mark.parametrize(
    ("given", "action"), [({"requestId": "one"}, WRITES), ({}, READS)], ids=["a request id", "only reads"]
)
def test_calls_that_need_not_join_run_each(given: JsonObject, action: str) -> None:
    world = World()
    with calls(world, writing=2, reading=2) as opened:
        caller = Caller("plugin:scaffolder", "backstage", "user:default/jane")
        for _ in range(2):
            opened.start(BY_NAME[action], Context(caller, None), {"name": "both", **given})  # type: ignore[arg-type]

        world.waits_for("both", "both")


def test_what_only_reads_does_not_wait_for_what_writes() -> None:
    world = World()
    with calls(world) as opened:
        start(opened, "writes")
        start(opened, "writes-too")
        world.waits_for("writes")
        read = start(opened, "reads", action=READS)
        world.end("reads").set()

        assert read.result(PATIENCE) == {"name": "reads"}


def test_a_call_is_refused_when_it_has_waited_for_long_enough() -> None:
    world = World()
    with calls(world, seconds=0.05) as opened:
        start(opened, "works")
        world.waits_for("works")

        with pytest.raises(TemporaryError, match="SCENEDOCK_QUEUE_SECONDS"):
            start(opened, "waits").result(PATIENCE)
        assert in_queue(opened) == 0
        assert world.begun == ["works"]


def test_a_full_queue_refuses_at_once_and_one_user_can_fill_only_half_of_it() -> None:
    world = World()
    with calls(world, all=4) as opened:
        for name in ("a", "b"):
            start(opened, name)
        with pytest.raises(TemporaryError, match="2 calls of yours"):
            start(opened, "c")
        for name in ("d", "e"):
            start(opened, name, "joe")
        with pytest.raises(TemporaryError, match="4 calls are running or waiting"):
            start(opened, "f", "jim")

        for name in ("a", "b", "d", "e"):
            world.end(name).set()
        wait_until(lambda: not opened._present, "the end of all calls")
        world.end("f").set()
        assert start(opened, "f", "jim").result(PATIENCE) == {"name": "f"}


def test_a_service_that_stops_sends_away_who_waits_and_lets_others_end() -> None:
    world = World()
    with calls(world) as opened:
        runs = start(opened, "works")
        world.waits_for("works")
        waits = start(opened, "waits")
        wait_until(lambda: in_queue(opened) == 1, "a place in the queue")

        opened.hurry(PATIENCE)

        with pytest.raises(TemporaryError, match="about to stop"):
            waits.result(PATIENCE)
        world.end("works").set()
        assert runs.result(PATIENCE) == {"name": "works"}


def test_every_place_is_returned_whatever_happens() -> None:
    """Many calls of many users on few places, with time limits that end many waits at the worst moment."""
    world = SwiftWorld()
    with calls(world, writing=2, all=64, seconds=0.003) as opened, ThreadPoolExecutor(16) as callers:

        def call(number: int) -> None:
            for _ in range(50):
                try:
                    start(opened, str(number), f"user-{number}").result(PATIENCE)
                except ScenedockError:
                    continue

        list(callers.map(call, range(16)))

        wait_until(lambda: not opened._present, "the end of all calls")
        assert opened._writing._free == 2
        assert not opened._writing._queue
