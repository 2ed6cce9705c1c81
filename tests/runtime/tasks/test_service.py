"""When tasks are opened: not before there is a reason, and then whatever it takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from scenedock.effects.tasks.lookout import TaskCounts
from scenedock.errors import TemporaryError
from scenedock.runtime.tasks.service import OpenTasks, TaskService

PATIENCE = 30


@dataclass
class World:
    """A database that a lookout looks at, and that can be opened after so many failures."""

    failures: int = 0
    looks: int = 0
    closed: list[str] = field(default_factory=list)
    work: threading.Event = field(default_factory=threading.Event)
    looked: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def sees_work(self) -> bool:
        self.looks += 1
        if self.looks > 1:
            self.looked.set()
        return self.work.is_set()

    def close(self, *_: object) -> None:
        self.closed.append(threading.current_thread().name)

    def open(self) -> OpenTasks:
        if self.failures:
            self.failures -= 1
            raise TemporaryError("the database is away", retry_after=1)
        self.opened.set()
        return cast(OpenTasks, self)

    @property
    def worker(self) -> Any:
        return self

    @property
    def effects(self) -> Any:
        return "effects"

    def start(self) -> None:
        """It runs."""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def service(world: World) -> Iterator[TaskService]:
    made = TaskService((), 1, world.open, cast(Any, world), lambda: TaskCounts(0, 0, 0, None), lambda: False)
    yield made
    made.stop(0)


def test_without_work_nothing_is_opened(service: TaskService, world: World) -> None:
    service.start()

    assert world.looked.wait(PATIENCE)
    assert not world.opened.is_set()


def test_work_opens_them_and_ends_the_lookout(service: TaskService, world: World) -> None:
    service.start()
    world.work.set()

    assert world.opened.wait(PATIENCE)
    for thread in threading.enumerate():
        if thread.name == "lookout":
            thread.join(PATIENCE)
    assert world.closed == ["lookout"]


def test_what_cannot_be_opened_is_tried_again(service: TaskService, world: World) -> None:
    world.failures = 2
    world.work.set()

    service.start()

    assert world.opened.wait(PATIENCE)


def test_who_asks_opens_them_or_learns_why_not(service: TaskService, world: World) -> None:
    world.failures = 1

    with pytest.raises(TemporaryError, match="away"):
        _ = service.effects
    assert str(service.effects) == "effects"


def test_a_service_that_stops_opens_nothing_more(service: TaskService, world: World) -> None:
    service.stop(0)

    with pytest.raises(TemporaryError, match="about to stop"):
        _ = service.effects
    assert not world.opened.is_set()
