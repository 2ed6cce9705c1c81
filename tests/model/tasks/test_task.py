"""Tasks: what a spec may be, and the state machine as one."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scenedock.errors import ConflictError, InputError
from scenedock.model.json import JsonObject
from scenedock.model.tasks.changes import (
    MOST_RECOVERIES,
    LeaseLostError,
    NewEvent,
    TaskChange,
    cancel_asked,
    cancelled,
    ended,
    failure,
    handed_out,
    lost,
    rested,
    retried,
    started,
    step_began,
    step_ended,
)
from scenedock.model.tasks.task import FINAL, STATUSES, TRANSITIONS, Task, after, read_steps
from scenedock.structs import replace

SPEC: JsonObject = {"steps": [{"id": name, "name": name, "action": "scenedock:look", "input": {}} for name in "abc"]}


def test_a_step_gets_its_id_from_its_place_and_its_name_from_its_action() -> None:
    first, second = read_steps({"steps": [{"action": "scenedock:look"}, {"action": "x:y", "id": "b", "if": "no"}]})

    assert (first.id, first.name, first.input, first.condition) == ("step-1", "scenedock:look", {}, True)
    assert (second.id, second.condition) == ("b", "no")


@pytest.mark.parametrize(
    ("spec", "said", "path"),
    [
        ({}, "has no `steps`", "steps"),
        ({"steps": []}, "has no `steps`", "steps"),
        ({"steps": ["x"]}, "step 1: must be an object", "steps 0"),
        ({"steps": [{"action": "a", "iff": True}]}, "step 1: `iff` is not a key of a step", "steps 0 iff"),
        ({"steps": [{"action": "a", "each": [1]}]}, "`each` is not supported", "steps 0 each"),
        ({"steps": [{"action": "a", "id": "../b"}]}, "`id` must be letters", "steps 0 id"),
        ({"steps": [{"action": "a", "id": "b"}] * 2}, "step 2: the id `b` is used by an earlier step", "steps 1 id"),
        ({"steps": [{"action": "a", "input": []}]}, "`input` an object", "steps 0"),
        ({"steps": [{"action": "a"}] * 101}, "at most 100", "steps"),
        (
            {"steps": [{"action": "a", "input": {"x": "${{ steps.b.output.y }}"}}]},
            "must name the output of an earlier",
            "steps 0 input",
        ),
        (
            {"steps": [{"action": "a", "input": {"x": ["a ${{ parameters.y }}"]}}]},
            "is not supported",
            "steps 0 input",
        ),
        (
            {"steps": [{"action": "a", "input": {"x": "${{ user.entity }}"}}]},
            "must begin with steps, parameters",
            "steps 0 input",
        ),
        (
            {"steps": [{"action": "a", "if": "${{ steps.step-1.output.x }}"}]},
            "must name the output of an earlier",
            "steps 0 if",
        ),
        ({"steps": [{"action": "a"}], "output": {"x": "${{ y }}"}}, "output: `\\${{ y }}` is not supported", "output"),
    ],
)
def test_a_spec_that_is_wrong_is_refused_with_the_step_that_is_and_the_way_to_it(
    spec: JsonObject, said: str, path: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        read_steps(spec)

    (part,) = refused.value.parts
    assert " ".join(map(str, part.path or ())) == path


def test_all_steps_that_are_wrong_are_told_at_once() -> None:
    with pytest.raises(InputError) as refused:
        read_steps({"steps": [{}, {"action": "a", "id": "b"}, {"action": "a", "each": []}]})

    assert [line[:7] for line in str(refused.value).splitlines()] == ["step 1:", "step 3:"]


def test_what_is_not_in_the_table_cannot_happen() -> None:
    happenings = {happening for _, happening in TRANSITIONS}
    for status in (None, *STATUSES):
        for happening in happenings:
            if (status, happening) not in TRANSITIONS:
                with pytest.raises(ConflictError):
                    after(status, happening)


def test_only_a_retry_leads_out_of_an_end() -> None:
    assert {happening for (status, happening) in TRANSITIONS if status in FINAL} == {"retry"}


class TaskMachine(RuleBasedStateMachine):
    """Everything that can happen to one task, from its own workers, from others, and from people."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000
        self.task = Task(id="t", spec=SPEC, status="open", created_at=0, secrets_sealed="sealed", wake_at=0)
        self.events: list[NewEvent] = []
        self.completed: set[str] = set()
        self.runs: list[int] = [1]

    def happen(self, change: TaskChange) -> None:
        self.now += 1
        self.task = change.task
        self.events += change.events

    @property
    def held(self) -> bool:
        return self.task.lease_owner is not None

    @rule(run=st.integers(0, 2), owner=st.sampled_from("xy"))
    def a_worker_starts(self, run: int, owner: str) -> None:
        fits = run == 0 and not self.held and not self.task.finished
        try:
            self.happen(started(self.task, self.task.run - run, owner, self.now))
        except LeaseLostError:
            assert not fits
        else:
            assert fits

    @precondition(lambda self: self.held)
    @rule(step=st.integers(0, 2), status=st.sampled_from(["completed", "skipped", "failed"]))
    def a_step_ends(self, step: int, status: str) -> None:
        chosen = self.task.steps[step]
        if self.task.step_state(chosen.id).get("status") == "completed":
            return
        self.happen(step_began(self.task, chosen, self.now, self.now + 100))
        self.happen(step_ended(self.task, chosen, status, self.now, {}))  # type: ignore[arg-type] # sampled from it
        self.completed |= {chosen.id} if status == "completed" else set()

    @precondition(lambda self: self.held)
    @rule(how=st.sampled_from(["complete", "fail", "cancel", "rest"]))
    def the_worker_stops(self, how: str) -> None:
        if how == "rest":
            self.happen(rested(self.task, self.now, wake_at=self.now, wait_for="it", reason="for it"))
        elif how == "cancel":
            self.happen(cancelled(self.task, self.now))
        elif how == "fail":
            self.happen(ended(self.task, "fail", failure("Error", "x"), self.now))
        else:
            self.happen(ended(self.task, "complete", {"message": "done", "output": {}}, self.now))

    @precondition(lambda self: self.held)
    @rule()
    def the_worker_dies(self) -> None:
        self.happen(lost(self.task, self.now))

    @precondition(lambda self: self.task.wake_at is not None)
    @rule()
    def it_is_handed_out(self) -> None:
        self.happen(handed_out(self.task, self.now))

    @rule()
    def somebody_cancels(self) -> None:
        before = self.task
        self.happen(cancel_asked(before, self.now))
        assert self.task.finished or self.task.cancel_requested

    @rule()
    def somebody_retries(self) -> None:
        before = self.task
        try:
            self.happen(retried(before, "sealed", self.now))
        except ConflictError:
            assert before.status not in {"failed", "cancelled"}
        else:
            assert (self.task.status, self.task.attempt) == ("open", before.attempt + 1)

    @invariant()
    def an_end_leaves_neither_secrets_nor_lease_nor_alarm(self) -> None:
        if self.task.finished:
            kept = (self.task.secrets_sealed, self.task.lease_owner, self.task.wake_at, self.task.deadline_at)
            assert kept == (None, None, None, None)

    @invariant()
    def what_has_not_ended_is_held_or_will_be_handed_out(self) -> None:
        assert self.task.finished or self.held or self.task.wake_at is not None

    @invariant()
    def each_attempt_has_one_end(self) -> None:
        ends = [event for event in self.events if event.type == "completion"]
        assert len(ends) == self.task.attempt - (not self.task.finished)

    @invariant()
    def a_completed_step_stays_completed(self) -> None:
        assert all(self.task.step_state(step)["status"] == "completed" for step in self.completed)

    @invariant()
    def runs_only_rise_and_recoveries_are_bounded(self) -> None:
        assert self.task.run >= self.runs[-1]
        self.runs.append(self.task.run)
        assert int(str(self.task.state.get("recoveries", 0))) <= MOST_RECOVERIES


TestTaskMachine = TaskMachine.TestCase


def test_a_worker_that_was_overtaken_cannot_start() -> None:
    task = Task(id="t", spec=SPEC, status="open", created_at=0)
    taken = started(task, 1, "a", 5).task

    with pytest.raises(LeaseLostError):
        started(taken, 1, "b", 6)
    with pytest.raises(LeaseLostError):
        started(replace(taken, run=2, lease_owner=None), 1, "a", 7)
