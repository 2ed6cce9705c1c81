"""GitHub's limits and troubles are waited for as it says, and blamed on nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenedock.actions import ACTIONS
from scenedock.effects.github.pace import github_pace
from scenedock.effects.local.pace import Pace
from scenedock.errors import NotFoundError, TemporaryError
from scenedock.model.action import Caller, Context
from scenedock.model.tasks.task import TaskQuery
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.usecases.tasks.run_as_task import TaskCalls
from tests.fakes.github import faults
from tests.publishing.acme import Acme

PROPOSAL: dict[str, Any] = {"repoUrl": "github.com/acme/apps", "title": "x", "files": [{"path": "a", "content": "b"}]}


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        (faults.rate_limit(40), 35, 41),
        (faults.rate_limit(40, 429), 35, 41),
        (faults.secondary_rate_limit(70), 70, 70),
        (faults.unavailable(502), 1, 10),
        (faults.dropped, 1, 10),
    ],
)
def test_what_passes_is_temporary_and_says_when_to_come_back(
    acme: Acme, fault: faults.Act, least: int, most: int
) -> None:
    acme.github.faults.add("POST .*/git/trees", before=fault)

    with pytest.raises(TemporaryError) as temporary:
        acme.run("propose-change", PROPOSAL)

    assert least <= temporary.value.retry_after <= most


def test_while_github_asks_to_wait_nothing_is_asked_of_it(acme: Acme) -> None:
    acme.github.faults.add("POST .*/git/trees", before=faults.secondary_rate_limit(70))
    with pytest.raises(TemporaryError):
        acme.run("propose-change", PROPOSAL)
    acme.calls()

    with pytest.raises(TemporaryError, match="rate limit is used up") as temporary:
        acme.run("propose-change", PROPOSAL, again=True)

    assert (acme.calls(), temporary.value.retry_after > 60) == ([], True)
    acme.forget_pauses()
    assert acme.run("propose-change", PROPOSAL, again=True)["number"] == 1


def test_an_answer_that_takes_too_long_is_given_up(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    acme.github.faults.add("POST .*/git/refs", after=faults.slow(3))

    with monkeypatch.context() as impatient:
        impatient.setattr("scenedock.effects.github.client._SECONDS", 1)
        with pytest.raises(TemporaryError, match="took too long to answer POST"):
            acme.run("propose-change", PROPOSAL)

    assert acme.run("propose-change", PROPOSAL, again=True)["number"] == 1


def test_a_repository_that_was_renamed_is_not_followed(acme: Acme) -> None:
    acme.github.world.rename(acme.repository("apps"), "deployments")

    for action, given in (
        ("propose-change", PROPOSAL),
        ("propose-change", {**PROPOSAL, "baseBranch": "main"}),
        ("commit-change", {**PROPOSAL, "commitMessage": "x"}),
    ):
        with pytest.raises(NotFoundError, match=r"answered .* with another address: if the repository was renamed"):
            acme.run(action, {key: value for key, value in given.items() if action[0] == "p" or key != "title"})

    assert list(acme.repository("deployments").git.refs()) == ["refs/heads/main"]
    assert {each.status for each in acme.github.calls} == {301}


def test_a_task_rests_while_github_asks_to_wait_and_then_goes_on(acme: Acme, tmp_path: Path) -> None:
    acme.github.faults.add("POST .*/git/refs", after=faults.dropped)
    acme.github.faults.add("POST .*/pulls", before=faults.secondary_rate_limit(1))
    propose = next(action for action in ACTIONS if action.name == "propose-change")
    tasks = open_tasks(TaskSettings(data=tmp_path / "tasks"), ACTIONS, acme.effects)
    tasks.start()
    try:
        context = Context(Caller("token:ci", "token", scope="run"), acme.effects)
        made = TaskCalls(lambda: tasks.effects, ACTIONS).run(propose, context, PROPOSAL)
        ((task,), _) = tasks.effects.store.find(TaskQuery())
        told = [str(event.body.get("message")) for event in tasks.effects.store.events(task.id)]
    finally:
        tasks.stop(5)

    assert (made["number"], list(acme.repository("apps").pulls)) == (1, [1])
    assert (
        acme.repository("apps")
        .git.commits(str(made["branch"]))[0]
        .message.endswith(f"Scenedock-Task: {task.id}/propose-change")
    )
    assert [line[:60] for line in told if line.startswith("Try")] == [
        "Try 1 failed: github.com can't be reached, or closed the con",
        "Try 2 failed: github.com asks us to wait: You have exceeded ",
    ]


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def turns(pace: Pace, count: int, *, writes: bool = True, tells: bool = False) -> None:
    for _ in range(count):
        with pace.turn(writes=writes, tells=tells):
            pass


@pytest.mark.parametrize(("writes", "tells", "allowed"), [(False, False, 900), (True, False, 180), (True, True, 80)])
def test_a_minutes_share_is_asked_without_waiting_and_no_more(writes: bool, tells: bool, allowed: int) -> None:  # noqa: FBT001
    clock = Clock()
    pace = github_pace(clock, clock.sleep)
    turns(pace, allowed, writes=writes, tells=tells)
    assert clock.slept == []

    with pytest.raises(TemporaryError) as temporary:
        turns(pace, 1, writes=writes, tells=tells)
    assert temporary.value.retry_after == pytest.approx(60)

    clock.now += 58
    turns(pace, 1, writes=writes, tells=tells)
    assert clock.slept == [pytest.approx(2)]


def test_what_others_are_told_of_is_counted_by_the_hour_too() -> None:
    clock = Clock()
    pace = github_pace(clock, clock.sleep)
    for _ in range(7):
        turns(pace, 71, tells=True)
        clock.now += 61

    turns(pace, 3, tells=True)
    with pytest.raises(TemporaryError) as temporary:
        turns(pace, 1, tells=True)
    assert temporary.value.retry_after > 3_000
