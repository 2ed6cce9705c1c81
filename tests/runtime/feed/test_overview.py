"""The overview for pages: read once for each state, never by a request that waits for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from scenedock.errors import InputError, TemporaryError
from scenedock.runtime.feed import overview as module
from scenedock.runtime.feed.overview import KeptOverview
from scenedock.usecases.releases.list_deployments import Deployments
from scenedock.usecases.releases.overview import Overview
from tests.tools.server import wait_until


def overview() -> Overview:
    return Overview((), Deployments((), {}), (), (), {}, ())


class World:
    """Repositories in a `state`, which are read as often as `reads` counts; `before` is called first."""

    def __init__(self) -> None:
        self.state = "1"
        self.reads = 0
        self.before: Callable[[], Any] = lambda: None
        self.kept = KeptOverview(lambda: self.state, self._read, most_waiting=2)

    def _read(self) -> Overview:
        self.reads += 1
        self.before()
        return overview()


@pytest.fixture
def world() -> World:
    return World()


def test_the_same_state_is_read_once(world: World) -> None:
    first, second = world.kept.current(), world.kept.current()

    assert first is second
    assert (world.reads, first.problem) == (1, "")


def test_another_state_is_read_again(world: World) -> None:
    first = world.kept.current()
    world.state = "2"

    second = world.kept.current()

    assert world.reads == 2
    assert second.overview is not first.overview


def test_while_a_new_state_is_read_the_last_one_is_shown_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS_FOR_THE_NEXT", 0.01)
    first = world.kept.current()
    goes_on = threading.Event()
    world.before, world.state = goes_on.wait, "2"

    shown = [world.kept.current() for _ in range(3)]
    goes_on.set()
    assert world.kept._reading
    world.kept._reading.join()

    assert {each.overview for each in shown} == {first.overview}
    assert {each.problem for each in shown} == {"the repositories have changed and are being read"}
    assert world.kept.current().overview is not first.overview
    assert world.reads == 2


def test_only_a_few_wait_for_the_first_one_and_others_are_told_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS_FOR_THE_FIRST", 60.0)
    begun, goes_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        goes_on.wait()

    world.before = wait
    found: list[Overview] = []
    waiting = [threading.Thread(target=lambda: found.append(world.kept.current().overview)) for _ in range(2)]
    for each in waiting:
        each.start()
    assert begun.wait(60)
    wait_until(lambda: world.kept._places._value == 0, "two who wait")

    with pytest.raises(TemporaryError, match="are being read"):
        world.kept.current()
    goes_on.set()
    for each in waiting:
        each.join()

    assert found == [world.kept.current().overview] * 2
    assert world.kept._places._value == 2


def test_what_can_not_be_read_is_told_and_tried_again_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise InputError("apps: is gone")

    world.before = fail
    with pytest.raises(TemporaryError, match="apps: is gone"):
        world.kept.current()
    with pytest.raises(TemporaryError, match="apps: is gone"):
        world.kept.current()
    assert world.reads == 1  # not at once

    monkeypatch.setattr(world.kept, "_not_before", 0.0)
    world.before = lambda: None
    shown = world.kept.current()
    world.before, world.state = fail, "2"
    assert "apps: is gone" in world.kept.current().problem
    assert world.kept.current().overview is shown.overview


def test_a_bug_is_logged_and_told_without_its_text(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("secret")

    world.before = fail
    with pytest.raises(TemporaryError, match="the log of the service says why"):
        world.kept.current()

    assert "secret" in caplog.text
