"""What happens to a task: what it is afterwards, and what is told of it."""

from __future__ import annotations

import pytest

from scenedock.model.json import JsonObject
from scenedock.model.tasks.changes import (
    HANDOVER_MILLISECONDS,
    MOST_RECOVERIES,
    LeaseLostError,
    TaskChange,
    cancel_asked,
    claiming,
    ended,
    fenced,
    gave_up,
    handed_out,
    logged,
    lost,
    overtaken,
    rested,
    retried,
    started,
    step_began,
    step_ended,
)
from scenedock.model.tasks.task import Task, WaitingFor
from scenedock.structs import replace

SPEC: JsonObject = {"steps": [{"id": name, "name": name, "action": "scenedock:look", "input": {}} for name in "ab"]}
OPEN = Task(id="t", spec=SPEC, status="open", created_at=0, secrets_sealed="sealed")
HELD = started(OPEN, 1, "worker", 10).task
A, B = OPEN.steps
WAITS = replace(OPEN, run=2)
WORKED_ON = started(WAITS, 2, "worker", 1).task
AGAIN = replace(WAITS, status="processing", run=3)
"""Handed out once more: whoever had run 2 is an old one."""


def told(change: TaskChange) -> list[object]:
    return [event.body["message"] for event in change.events]


def written(task: Task) -> TaskChange:
    return TaskChange(replace(task, reason="written"))


def test_a_log_line_tells_of_a_step_and_its_status_where_it_has_one() -> None:
    assert logged("line", 5).body == {"message": "line"}
    assert logged("line", 5, "a", "completed").body == {"message": "line", "stepId": "a", "status": "completed"}


def test_a_step_that_goes_on_after_a_wait_is_not_told_again_and_has_waited_since_it_began() -> None:
    first = step_began(HELD, A, 20, 120)
    again = step_began(first.task, A, 50, 150)

    assert (told(first), told(again)) == (["Beginning step a"], [])
    assert again.task.step_state("a") == {"status": "processing", "since": 20}
    assert (first.task.deadline_at, again.task.deadline_at) == (120, 150)


def test_what_a_step_has_given_is_kept_with_its_status() -> None:
    began = step_began(HELD, A, 20, 120).task

    assert step_ended(began, A, "completed", 30, {"x": 1}).task.step_state("a") == {
        "status": "completed",
        "output": {"x": 1},
    }
    assert step_ended(began, A, "completed", 30, {}).task.step_state("a") == {"status": "completed", "output": {}}
    failed = step_ended(began, A, "failed", 30).task
    assert (failed.step_state("a"), failed.deadline_at) == ({"status": "failed"}, None)


def test_a_wait_is_told_once_for_each_thing_that_is_waited_for() -> None:
    first = rested(HELD, 20, wake_at=100, wait_for="it", reason="for it")
    looking = started(first.task, 1, "worker", 100).task

    assert told(first) == ["Waiting: for it"]
    assert told(rested(looking, 110, wake_at=200, wait_for="it", reason="for it")) == []
    assert told(rested(looking, 110, wake_at=200, wait_for="other", reason="for other")) == ["Waiting: for other"]
    assert told(rested(HELD, 20, wake_at=100, wait_for=None, reason="a while")) == ["Waiting: a while"]


def test_word_may_have_come_before_what_is_waited_for_was_known() -> None:
    resting = rested(HELD, 20, wake_at=100, wait_for="it", reason="").task

    assert overtaken(HELD, resting)
    assert not overtaken(resting, resting)
    assert not overtaken(HELD, rested(HELD, 20, wake_at=100, wait_for=None, reason="").task)
    assert not overtaken(HELD, replace(HELD, wait_for="it"))


def test_a_step_gives_up_when_it_has_waited_for_as_long_as_it_may() -> None:
    waiting = WaitingFor("it", give_up_seconds=60)

    assert [gave_up({"since": 1_000}, waiting, now) for now in (60_999, 61_000, 61_001)] == [False, True, True]
    assert not gave_up({}, waiting, 10**9)


def test_a_wish_to_cancel_ends_a_task_that_nobody_holds_at_once() -> None:
    asked = cancel_asked(OPEN, 20)

    assert (asked.task.status, asked.task.cancel_requested, asked.task.secrets_sealed) == ("cancelled", True, None)
    assert [event.type for event in asked.events] == ["cancelled", "completion"]


def test_a_wish_to_cancel_is_left_to_the_worker_that_holds_the_task_and_told_once() -> None:
    asked = cancel_asked(HELD, 20)

    assert asked.task == replace(HELD, cancel_requested=True)
    assert [event.type for event in asked.events] == ["cancelled"]
    assert cancel_asked(asked.task, 30) == TaskChange(asked.task)


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_a_wish_to_cancel_what_has_ended_changes_nothing(status: str) -> None:
    done = replace(OPEN, status=status)  # type: ignore[arg-type] # one of them

    assert cancel_asked(done, 20) == TaskChange(done)


def test_a_task_that_is_retried_begins_with_what_is_not_completed_as_if_nobody_had_cancelled_it() -> None:
    task = step_ended(step_began(HELD, A, 20, 120).task, A, "completed", 30, {"x": 1}).task
    task = step_began(cancel_asked(lost(task, 40).task, 41).task, B, 50, 150).task
    assert task.status == "cancelled"

    again = retried(task, "sealed anew", 60).task

    assert (again.status, again.attempt, again.run, again.cancel_requested) == ("open", 2, task.run + 1, False)
    assert (again.secrets_sealed, again.wake_at) == ("sealed anew", 60 + HANDOVER_MILLISECONDS)
    assert again.state["steps"] == {"a": {"status": "completed", "output": {"x": 1}}}
    assert again.state["recoveries"] == 0


def test_the_end_of_a_task_is_the_end_of_the_step_that_it_was_at() -> None:
    task = step_began(step_ended(HELD, A, "completed", 20).task, B, 30, 130).task

    end = ended(task, "fail", {"message": "Run failed: late"}, 40)

    assert told(end) == ["Failed step b", "Run failed: late"]
    assert [end.task.step_state(step)["status"] for step in "ab"] == ["completed", "failed"]


def test_a_task_that_lost_its_worker_is_handed_out_and_says_why() -> None:
    task = lost(step_began(HELD, A, 20, 120).task, 30)

    assert (task.task.run, task.task.lease_owner, task.task.deadline_at) == (2, None, None)
    assert (task.task.reason, [event.type for event in task.events]) == ("worker lost", ["recovered"])
    assert handed_out(HELD, 30).events == ()


def test_the_run_that_holds_the_task_writes() -> None:
    assert fenced(2, written)(WORKED_ON).task.reason == "written"


@pytest.mark.parametrize(
    "now",
    [AGAIN, handed_out(WORKED_ON, 5).task, started(AGAIN, 3, "worker", 5).task, replace(WORKED_ON, lease_owner=None)],
)
def test_an_old_run_and_one_that_has_let_go_write_nothing(now: Task) -> None:
    with pytest.raises(LeaseLostError):
        fenced(2, written)(now)


def test_a_run_that_nobody_holds_is_claimed() -> None:
    assert claiming(2, written)(WAITS).task.reason == "written"


@pytest.mark.parametrize("now", [AGAIN, WORKED_ON, replace(WAITS, status="cancelled"), replace(WAITS, run=1)])
def test_a_run_that_is_old_or_held_or_over_is_not_claimed(now: Task) -> None:
    with pytest.raises(LeaseLostError):
        claiming(2, written)(now)


def test_a_task_may_lose_so_many_workers_in_one_step_and_no_more() -> None:
    def after_losses(count: int) -> Task:
        return lost(replace(HELD, state={"recoveries": count - 1}), 30).task

    assert (after_losses(MOST_RECOVERIES).status, after_losses(MOST_RECOVERIES).run) == ("processing", 2)
    assert after_losses(MOST_RECOVERIES + 1).status == "failed"
