"""Approvals on both databases: asked once, decided once, by the right person, in time, for exactly what was asked."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scenedock.effects.approvals.effects import ApprovalEffects
from scenedock.effects.tasks.approval_store import ApprovalStore
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.effects.tasks.store import TaskStore
from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError, TemporaryError
from scenedock.model.action import COMMAND_LINE, Caller
from scenedock.model.approvals import (
    Approval,
    ApprovalRecord,
    ApprovalRequest,
    ApprovalSubject,
    Approvers,
    StepKey,
)
from scenedock.model.tasks.changes import cancelled, handed_out, rested, retried, started
from scenedock.model.tasks.task import Task, WaitingFor, fingerprint
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.structs import replace
from scenedock.usecases.approvals.decide_approval import (
    Decider,
    Decision,
    decide_approval,
    find_approvals,
    show_approval,
)
from scenedock.usecases.approvals.require_approval import require_approval

HOUR = 3_600_000
PLATFORM = Approvers(groups=frozenset({"group:default/platform"}))
SUBJECT = ApprovalSubject("Promote billing 1.4.0 to production", "| billing | 1.3.0 | 1.4.0 |", "billing 1.3.0 1.4.0")
REQUEST = ApprovalRequest("promote-deployment", SUBJECT, PLATFORM, "user:default/jane", hours=48)
KEY = StepKey("task-1", "promote")


def person(name: str, *groups: str) -> Decider:
    caller = Caller("pages", "pages", f"user:default/{name}", "run")
    return Decider(caller, lambda: {f"group:default/{group}" for group in groups})


JANE = person("jane", "platform")
MAX = person("max", "platform")
EVE = person("eve", "payments")


both = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)


class Telling:
    """Remembers who was told; `fails` while Backstage is away."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.fails = False

    def tell(self, record: ApprovalRecord) -> str:
        if self.fails:
            raise TemporaryError("Backstage is away", retry_after=1)
        self.told.append(record.told)
        return "word of mouth"


@dataclass
class Place:
    """A task that waits, and a clock that only the test moves."""

    store: ApprovalStore
    tasks: TaskStore
    now: list[int]
    telling: Telling = field(default_factory=Telling)
    log: list[str] = field(default_factory=list)

    def ask(self, request: ApprovalRequest = REQUEST, key: StepKey = KEY) -> Approval:
        effects = ApprovalEffects(lambda: self.store, telling=self.telling)  # type: ignore[arg-type] # as it tells
        return require_approval(effects, key, request, self.log.append)

    def wait(self, request: ApprovalRequest = REQUEST, key: StepKey = KEY) -> WaitingFor:
        self.now[0] += 1
        with pytest.raises(WaitingFor) as waiting:
            self.ask(request, key)
        return waiting.value

    def decide(self, who: Decider, decision: Decision = "approve", comment: str = "") -> ApprovalRecord:
        return decide_approval(self.store, who, self.last.id, decision, comment)

    @property
    def last(self) -> ApprovalRecord:
        return self.store.find()[0]

    def task(self) -> Task:
        return self.tasks.get("task-1")


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    shared = getattr(request, "param", "") == "postgresql"
    url = request.getfixturevalue("postgres").make_database(tmp_path.name) if shared else ""
    database = open_database(TaskSettings(tmp_path, url))
    database.write(migrate)
    now = [1_000 * HOUR]
    tasks = TaskStore(database)
    tasks.add(Task("task-1", {"steps": []}, "open", 1, state={"steps": {}}), None)
    tasks.change("task-1", lambda task: started(task, 1, "me", 1))
    yield Place(ApprovalStore(database, lambda: now[0]), tasks, now)
    database.close()


@both
def test_it_is_asked_once_and_a_decision_wakes_the_task_in_the_same_transaction(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    waiting = place.wait()
    rest = {"wake_at": place.now[0] + HOUR, "wait_for": fingerprint(waiting.key), "reason": ""}
    place.tasks.change("task-1", lambda task: rested(task, place.now[0], **rest))  # type: ignore[arg-type] # as named
    assert place.wait().key == waiting.key == f"approval:{place.last.id}"
    assert "group:default/platform" in waiting.told

    decided = place.decide(MAX, comment="go\n ahead")

    assert (decided.state, decided.approval) == ("approved", Approval("user:default/max", place.now[0], "go ahead"))
    assert place.task().wake_at == place.now[0]
    assert place.ask() == decided.approval
    assert place.log[-1] == "approved by user:default/max: go ahead"
    facts = [record.facts for record in caplog.records]  # type: ignore[attr-defined] # as the audit log has them
    assert [(each.get("user") or each["caller"], each["outcome"]) for each in facts] == [
        ("user:default/jane", "asked"),
        ("user:default/max", "approved"),
    ]


@both
def test_the_wrong_person_the_one_who_asked_and_whoever_comes_second_are_refused(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.wait()

    with pytest.raises(NotAllowedError, match=r"user:default/eve may not decide.*who may: group:default/platform"):
        place.decide(EVE)
    with pytest.raises(NotAllowedError, match="user:default/jane asked for this, so somebody else must decide"):
        place.decide(JANE)
    with pytest.raises(NotAllowedError, match="may not decide"):
        place.decide(Decider(Caller("anonymous", "local"), set))
    with pytest.raises(NotAllowedError, match="may not decide"):  # an administrator's token is no person of the group
        place.decide(Decider(Caller("token:admin", "token", scope="admin"), set))
    with pytest.raises(InputError, match="a refusal needs a comment"):
        place.decide(MAX, "refuse")
    with pytest.raises(NotFoundError):
        show_approval(place.store, EVE, place.last.id)
    assert find_approvals(place.store, EVE) == []
    assert find_approvals(place.store, JANE) == find_approvals(place.store, MAX) == [place.last]
    assert place.last.state == "open"

    place.decide(MAX)
    for who in (MAX, person("ann", "platform")):
        with pytest.raises(ConflictError, match="was approved by user:default/max already"):
            place.decide(who, "refuse", "too late")
    denied = [record for record in caplog.records if record.facts["outcome"] == "denied"]  # type: ignore[attr-defined]
    assert len(denied) == 4


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_text_that_cannot_be_stored_is_refused_as_the_callers_mistake(place: Place) -> None:
    place.wait()

    with pytest.raises(InputError, match="NUL character"):
        show_approval(place.store, MAX, "a\0")
    with pytest.raises(InputError, match="NUL character"):
        place.decide(MAX, comment="yes\0")
    assert place.last.state == "open"
    place.decide(MAX, comment="yes")


def test_what_others_ask_hides_no_request_and_the_groups_are_asked_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenedock.usecases.approvals.decide_approval._MOST", 2)
    for number in range(6):  # the newest are for others
        who = PLATFORM if number < 3 else Approvers(groups=frozenset({"group:default/others"}))
        place.wait(replace(REQUEST, approvers=who), StepKey("task-1", str(number)))
    asked: list[str] = []

    def groups() -> set[str]:
        asked.append("asked")
        return {"group:default/platform"}

    found = find_approvals(place.store, Decider(MAX.caller, groups))

    assert [each.key.step_id for each in found] == ["2", "1"]
    assert asked == ["asked"]


def test_a_rule_may_let_who_asked_decide_and_the_command_line_decides_what_others_asked(place: Place) -> None:
    place.wait(replace(REQUEST, approvers=replace(PLATFORM, asker=True)))
    assert place.decide(JANE).decided_by == "user:default/jane"

    place.wait(replace(REQUEST, approvers=Approvers()))
    with pytest.raises(NotAllowedError):  # a plugin without a user is nobody
        place.decide(Decider(Caller("plugin:scaffolder", "backstage", scope="run"), set))
    assert place.decide(Decider(COMMAND_LINE, set)).decided_by == "command-line"

    place.wait(replace(REQUEST, hours=5, approvers=PLATFORM, asked_by="command-line"), StepKey("task-1", "other"))
    with pytest.raises(NotAllowedError, match="command-line asked for this"):
        place.decide(Decider(COMMAND_LINE, set))


def test_after_its_end_it_is_refused_and_the_next_attempt_asks_anew(place: Place) -> None:
    place.wait()
    place.now[0] += 48 * HOUR

    with pytest.raises(ConflictError, match="has ended: its time is over"):
        place.decide(MAX)
    for _ in range(2):  # also after a kill before the failure is stored
        with pytest.raises(ConflictError, match=r"nobody approved it until .* retry the task to ask again"):
            place.ask()

    place.wait(key=replace(KEY, attempt=2))
    assert len(place.store.find()) == 2


def test_a_refusal_ends_the_task_with_its_reason_until_somebody_retries(place: Place) -> None:
    place.wait()
    place.decide(MAX, "refuse", "not on a Friday")

    for _ in range(2):
        with pytest.raises(ConflictError, match="refused by user:default/max: not on a Friday; retry"):
            place.ask()
    place.wait(key=replace(KEY, attempt=2))


def test_what_was_approved_is_not_an_approval_of_something_else(place: Place) -> None:
    place.wait()
    first = place.last.id
    place.decide(MAX)
    changed = replace(REQUEST, subject=replace(SUBJECT, content="billing 1.3.0 1.4.1"))

    place.wait(changed)
    place.wait(replace(REQUEST, approvers=Approvers(users=frozenset({"user:default/ann"}))))

    assert [each.state for each in place.store.find()].count("open") == 1
    with pytest.raises(ConflictError, match="already"):
        decide_approval(place.store, MAX, first, "approve")
    assert "has changed, so another one is needed" in " ".join(place.log)


def test_an_approval_lasts_for_later_attempts_as_long_as_its_request_would(place: Place) -> None:
    place.wait()
    approval = place.decide(MAX).approval

    assert place.ask(key=replace(KEY, attempt=2)) == approval
    place.now[0] += 48 * HOUR
    assert place.ask() == approval  # it was in time, and the task only comes late
    place.wait(key=replace(KEY, attempt=2))


@both
def test_what_a_cancelled_or_retried_task_asked_cannot_be_decided(place: Place) -> None:
    place.wait()
    asked = place.last.id
    place.tasks.change("task-1", lambda task: cancelled(handed_out(task, 2).task, 2))

    assert find_approvals(place.store, MAX) == []
    with pytest.raises(ConflictError, match="the task doesn't wait for it any more"):
        place.decide(MAX)
    place.tasks.change("task-1", lambda task: retried(task, None, 3))
    with pytest.raises(ConflictError, match="the task doesn't wait for it any more"):
        place.decide(MAX)
    place.wait(key=replace(KEY, attempt=2))
    assert place.last.id != asked or len(place.store.find()) == 2


def test_who_may_approve_is_told_and_reminded_once_and_not_less_because_it_fails_at_first(place: Place) -> None:
    place.telling.fails = True
    assert place.wait().check_seconds == 300
    place.telling.fails = False

    day = place.wait().check_seconds
    place.wait()
    place.now[0] += int(day * 1_000)
    end = place.wait().check_seconds
    place.now[0] += HOUR
    place.wait()

    assert place.telling.told == [0, 1]
    assert [round(day), round(end)] == [24 * 3_600 + 1, 24 * 3_600]


def test_a_deleted_task_takes_its_approvals_along(place: Place) -> None:
    place.wait()
    place.tasks.change("task-1", lambda task: cancelled(handed_out(task, 2).task, 2))

    assert place.tasks.forget(10) == ["task-1"]
    assert place.store.find() == []
