"""Running tasks on SQLite: steps, waits, retries, limits, and that no secret is left anywhere."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote_plus

import pytest
from dbos import DBOS
from pydantic import JsonValue

from scenedock.effects.tasks.engine import Engine
from scenedock.effects.tasks.sealing import Seal, new_key
from scenedock.effects.tasks.storage.database import database_address
from scenedock.effects.tasks.storage.inspection import Inspection
from scenedock.errors import ConflictError, InputError, NotAllowedError, TemporaryError
from scenedock.model.action import Caller, Context, Sensitive, action, guarded
from scenedock.model.addresses import REDACTED
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.model.json_documents import Model, TaskInput
from scenedock.model.tasks.changes import OTHER_KEY, TaskChange
from scenedock.model.tasks.task import Task, TaskEvent, WaitingFor
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.structs import replace
from scenedock.usecases.doctor.database import check_workers
from scenedock.usecases.tasks.limits import TaskLimits
from scenedock.usecases.tasks.manage_tasks import cancel_task, completion, retry_task, show_task
from scenedock.usecases.tasks.submit_task import submit_task
from tests.tools.deliveries import deliver
from tests.tools.server import wait_until

YOU = Caller("tests", "local", "user:default/guest", "admin")
CANARY = "kanarie-7f3a/9c+1e5%8842&Vogel"


class World:
    """What actions find: how often each ran, what is open, who is inside."""

    def __init__(self) -> None:
        self.runs: dict[str, int] = {}
        self.tried_before: dict[str, list[bool]] = {}
        self.opened: set[str] = set()
        self.inside = 0
        self.most_inside = 0
        self.lock = threading.Lock()
        self.wake: Callable[[str], int] = lambda _key: 0
        self.looking = threading.Event()
        self.look = threading.Event()


class Given(TaskInput):
    """What an action of these tests takes."""

    text: str = ""
    repository: str = ""
    seconds: float = 0
    slowly: bool = False
    answers: Annotated[dict[str, JsonValue], "Answers", Sensitive()] = {}  # noqa: RUF012 - pydantic copies it


class Made(Model):
    """What it gives."""

    text: str


@action("echo")
def echo(context: Context[World], given: Given) -> Made:
    """Say what was given."""
    context.log(f"given: {given.text} {given.answers}")
    return Made(text=given.text)


@action("stumble")
def stumble(context: Context[World], _given: Given) -> Made:
    """Work at the second try."""
    runs = context.effects.runs
    runs[context.task_id] = runs.get(context.task_id, 0) + 1
    context.effects.tried_before.setdefault(context.task_id, []).append(context.tried_before)
    if runs[context.task_id] < 2:
        raise TemporaryError("the forge is busy", retry_after=0.1)
    return Made(text=str(runs[context.task_id]))


@action("queue")
def queue(context: Context[World], given: Given) -> Made:
    """Work when two others have had their turn, at the second try."""
    runs = context.effects.runs
    runs[context.task_id] = runs.get(context.task_id, 0) + 1
    if runs[context.task_id] < 3:
        raise TemporaryError("others are before you", retry_after=0.1, turn=True)
    if runs[context.task_id] < 4:
        raise TemporaryError("the forge is busy", retry_after=0.1)
    return Made(text=given.text)


@action("await-gate")
def await_gate(context: Context[World], given: Given) -> Made:
    """Wait until a gate is open."""
    world = context.effects
    if given.slowly:
        world.looking.set()
        world.look.wait(30)
    if (busy := f"busy {given.text}") in world.opened:
        world.opened = {*world.opened, given.text} - {busy}
        raise TemporaryError("the forge is busy", retry_after=0.1)
    if given.text not in world.opened:
        raise WaitingFor(given.text, check_seconds=60, give_up_seconds=0 if given.text == "never" else 600)
    return Made(text="open")


@action("look-too-early")
def look_too_early(context: Context[World], given: Given) -> Made:
    """Look whether a gate is open just before it opens, at the look of the number that `seconds` says."""
    world, key = context.effects, context.task_id
    world.runs[key] = world.runs.get(key, 0) + 1
    if key in world.opened:
        return Made(text=str(world.runs[key]))
    if world.runs[key] == given.seconds:
        world.opened.add(key)
        world.wake(key)
    elif world.runs[key] > 1:
        threading.Timer(0.2, world.wake, [key]).start()  # something else happened to it, so it looks again
    for line in range(300):  # so many are written at once
        context.log(f"line {line}")
    raise WaitingFor(key, check_seconds=600)


@action("edit")
def edit(context: Context[World], given: Given) -> Made:
    """Be inside a repository for a while."""
    world = context.effects
    with world.lock:
        world.inside += 1
        world.most_inside = max(world.most_inside, world.inside)
    time.sleep(given.seconds)
    with world.lock:
        world.inside -= 1
    return Made(text=given.repository)


@action("break")
def break_it(_context: Context[World], given: Given) -> Made:
    """Fail with a bug, or with a refusal that quotes what was given."""
    if given.text.startswith("bug"):
        raise RuntimeError(f"unexpected {given.text}")
    raise InputError(f"refused: {given.text}")


@guarded
@action("follow-rules")
def follow_rules(_context: Context[World], given: Given) -> Made:
    """Do what rules about approvals may want an approval of."""
    return Made(text=given.text)


ACTIONS = (follow_rules, echo, stumble, queue, await_gate, look_too_early, edit, break_it)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def tasks(data: Path, world: World) -> Iterator[TaskService]:
    settings = TaskSettings(data, limits=TaskLimits(step_seconds=3, at_once={"scenedock:echo": 4}))
    service = open_tasks(settings, ACTIONS, world)
    service.start()
    yield service
    service.stop(5)


def step(name: str, step_id: str = "one", **given: Json) -> JsonObject:
    return {"id": step_id, "action": f"scenedock:{name}", "input": given}


def submit(tasks: TaskService, *steps: JsonObject, secrets: dict[str, str] | None = None, **spec: Any) -> Task:
    return submit_task(tasks.effects, tasks.actions, YOU, {"steps": steps, **spec}, secrets=secrets)


def ended(tasks: TaskService, task: Task, seconds: float = 30) -> Task:
    until = time.monotonic() + seconds
    while not (task := tasks.effects.store.get(task.id)).finished:
        assert time.monotonic() < until, task
        time.sleep(0.02)
    return task


def waiting(tasks: TaskService, task: Task) -> Task:
    """The task once it rests for long: its first look is followed by a second one at once."""
    until = time.monotonic() + 30
    while (task := tasks.effects.store.get(task.id)).lease_owner or (task.wake_at or 0) < time.time() * 1_000 + 20_000:
        assert time.monotonic() < until, task
        time.sleep(0.02)
    return task


def messages(events: Sequence[TaskEvent]) -> list[str]:
    return [str(event.body.get("message")) for event in events]


def test_outputs_travel_from_step_to_step_and_out(tasks: TaskService) -> None:
    task = submit(
        tasks,
        step("echo", text="${{ parameters.word }}"),
        step("echo", "two", text="${{ steps.one.output.text }}"),
        {**step("echo", "three"), "if": "${{ steps.one.output.missing }}"},
        parameters={"word": "hello"},
        output={"said": "${{ steps.two.output.text }}"},
    )

    done = ended(tasks, task)

    assert completion(tasks.effects, done)["output"] == {"said": "hello"}
    assert done.step_state("three")["status"] == "skipped"
    assert [event.step_status for event in tasks.effects.store.events(task.id) if event.step_status] == [
        *("processing", "completed", "processing", "completed", "skipped"),
    ]


def test_what_may_work_later_is_tried_again_and_knows_it(tasks: TaskService, world: World) -> None:
    task = submit(tasks, step("stumble"))

    done = ended(tasks, task)

    assert (done.status, as_object(done.step_state("one")["output"])["text"]) == ("completed", "2")
    assert world.tried_before[task.id] == [False, True]
    assert "Try 1 failed: the forge is busy; again in 1 s" in messages(tasks.effects.store.events(task.id))


def test_who_waits_for_a_turn_does_not_wait_longer_each_time_so_that_later_ones_pass(tasks: TaskService) -> None:
    task = submit(tasks, step("queue"))

    assert ended(tasks, task).status == "completed"
    said = messages(tasks.effects.store.events(task.id))
    assert [each for each in said if "again in" in each] == [
        *["Not yet: others are before you; again in 0.1 s"] * 2,
        "Try 1 failed: the forge is busy; again in 1 s",
    ]


def test_a_worker_without_rules_runs_nothing_that_asks_where_another_process_has_rules(
    tasks: TaskService, caplog: pytest.LogCaptureFixture
) -> None:
    spec = {"steps": [step("follow-rules", text="done")]}
    assert ended(tasks, submit_task(tasks.effects, tasks.actions, YOU, spec)).status == "completed"
    ruled = submit_task(replace(tasks.effects, rules="of another process"), tasks.actions, YOU, spec)

    failed = ended(tasks, ruled)

    assert failed.status == "failed"
    said = "this worker has no rules about approvals, and the process that took the task has"
    assert any(said in each for each in messages(tasks.effects.store.events(ruled.id)))
    assert said in caplog.text


def test_a_task_that_waits_holds_no_worker_and_goes_on_when_it_is_woken(tasks: TaskService, world: World) -> None:
    many = [submit(tasks, step("await-gate", text="pull-request:1")) for _ in range(20)]
    rested = [waiting(tasks, task) for task in many]
    quick = ended(tasks, submit(tasks, step("echo", text="meanwhile")))

    assert {(task.status, task.reason, task.lease_owner) for task in rested} == {
        ("processing", "for pull-request:1", None)
    }
    assert quick.status == "completed"
    world.opened.add("pull-request:1")
    assert deliver(tasks.effects, "pull-request:1") == 20
    assert {ended(tasks, task).status for task in many} == {"completed"}


@pytest.mark.parametrize("look", [1, 2, 3, 4])
def test_word_that_comes_while_a_task_looks_is_not_lost(tasks: TaskService, world: World, look: int) -> None:
    world.wake = lambda key: deliver(tasks.effects, key)

    done = ended(tasks, submit(tasks, step("look-too-early", seconds=look)))

    assert as_object(done.step_state("one")["output"])["text"] == str(max(look, 1) + 1)
    assert done.wait_for is None


def test_a_task_says_once_what_it_waits_for(tasks: TaskService, world: World) -> None:
    task = submit(tasks, step("await-gate", text="said-once:1"))
    waiting(tasks, task)
    for _ in range(2):
        deliver(tasks.effects, "said-once:1")
        time.sleep(1)
    world.opened.add("said-once:1")
    deliver(tasks.effects, "said-once:1")
    ended(tasks, task)

    said = messages(tasks.effects.store.events(task.id))
    assert said.count("Waiting: for said-once:1") == 1


def test_a_wait_in_vain_ends(tasks: TaskService) -> None:
    failed = ended(tasks, submit(tasks, step("await-gate", text="never")))

    assert as_object(completion(tasks.effects, failed)["error"])["name"] == "TimeoutError"


def test_a_waiting_task_is_cancelled_at_once(tasks: TaskService) -> None:
    task = waiting(tasks, submit(tasks, step("await-gate", text="pull-request:2"), secrets={"token": CANARY}))

    cancelled = cancel_task(tasks.effects, YOU, task.id)

    assert (cancelled.status, cancelled.secrets_sealed) == ("cancelled", None)


def test_two_tasks_never_edit_one_branch_at_once(tasks: TaskService, world: World) -> None:
    world.most_inside = 0
    same = [submit(tasks, step("edit", repository="acme/apps", seconds=0.2)) for _ in range(3)]

    assert {ended(tasks, task).status for task in same} == {"completed"}
    assert world.most_inside == 1
    others = [submit(tasks, step("edit", repository=f"acme/{number}", seconds=0.5)) for number in range(3)]
    assert {ended(tasks, task).status for task in others} == {"completed"}
    assert world.most_inside > 1


def test_a_step_that_runs_longer_than_it_may_ends_its_task(tasks: TaskService) -> None:
    failed = ended(tasks, submit(tasks, step("edit", repository="slow", seconds=5)))

    assert as_object(completion(tasks.effects, failed)["error"])["name"] == "TimeoutError"


def test_a_bug_ends_the_task_and_is_told_in_the_log_alone(tasks: TaskService, caplog: pytest.LogCaptureFixture) -> None:
    failed = ended(tasks, submit(tasks, step("break", text="bug here")))

    error = as_object(completion(tasks.effects, failed)["error"])
    assert error["name"] == "Error"
    assert "bug here" not in str(error["message"])
    assert "unexpected bug here" in caplog.text


def test_who_may_not_run_an_action_cannot_submit_it(tasks: TaskService) -> None:
    with pytest.raises(NotAllowedError, match="step one: scenedock:echo needs a caller with scope `run`"):
        submit_task(tasks.effects, ACTIONS, Caller("x", "token", scope="read"), {"steps": [step("echo")]})


def test_an_unknown_action_and_a_wrong_input_are_refused_before_anything_is_stored(tasks: TaskService) -> None:
    with pytest.raises(InputError, match="there is no action `scenedock:dance`"):
        submit(tasks, step("dance"))
    with pytest.raises(InputError, match="`tekst` there is no such field"):
        submit(tasks, step("echo", tekst="x"))


def test_sensitive_inputs_reach_the_action_but_not_the_record(tasks: TaskService) -> None:
    task = submit(tasks, step("echo", answers={"name": "billing", "password": CANARY}))
    done = ended(tasks, task)

    assert as_object(done.steps[0].input)["answers"] == {"name": REDACTED, "password": REDACTED}
    assert f"given:  {{'name': 'billing', 'password': '{REDACTED}'}}" in messages(tasks.effects.store.events(task.id))


def test_a_failed_task_with_sensitive_inputs_is_not_retried_without_them(tasks: TaskService) -> None:
    failed = ended(tasks, submit(tasks, step("break", answers={"password": CANARY})))

    with pytest.raises(ConflictError, match="submit a new task"):
        retry_task(tasks.effects, YOU, failed.id, {})


@pytest.mark.parametrize("way", ["said", "refused", "bug", "cancelled"])
def test_a_secret_is_nowhere_afterwards(
    tasks: TaskService, data: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], way: str
) -> None:
    caplog.set_level(logging.DEBUG)
    forms = {
        "plain": CANARY,
        "base64": base64.b64encode(f"x:{CANARY}".encode()).decode(),
        "url": quote_plus(CANARY),
        "json": json.dumps({"token": CANARY}),
        "slice": CANARY[4:22],
    }
    secrets = {**forms, "bug": f"bug {CANARY}"}
    steps = {
        "said": [step("echo", form, text=f"${{{{ secrets.{form} }}}}") for form in forms],
        "refused": [step("break", text="${{ secrets.json }}")],
        "bug": [step("break", text="${{ secrets.bug }}")],
        "cancelled": [step("await-gate", text="${{ secrets.plain }}")],
    }[way]
    task = submit(tasks, *steps, secrets=secrets, output={"it": "${{ secrets.plain }}"})
    if way == "cancelled":
        waiting(tasks, task)
        cancel_task(tasks.effects, YOU, task.id)
    done = ended(tasks, task)

    assert done.status == {"said": "completed", "cancelled": "cancelled"}.get(way, "failed")
    sinks = {file.name: file.read_bytes().decode("latin-1") for file in data.rglob("*") if file.is_file()}
    sinks["log"] = caplog.text + "".join(capfd.readouterr())
    sinks["answers"] = str((show_task(tasks.effects, YOU, task.id), tasks.effects.store.events(task.id)))
    size = 12
    needles = {form[start : start + size] for form in forms.values() for start in range(len(form) - size + 1)}
    found = {(needle, sink) for needle in needles - {'{"token": "k'} for sink in sinks if needle in sinks[sink]}
    assert not found


def test_secrets_sealed_with_another_key_or_for_another_task_do_not_open() -> None:
    from cryptography.fernet import Fernet

    old, new = (Fernet.generate_key().decode() for _ in range(2))
    sealed = Seal(old).close("a", {"secrets": {"token": CANARY}})

    assert Seal(new, old).open("a", sealed) == {"secrets": {"token": CANARY}}
    with pytest.raises(InputError, match="another key"):
        Seal(new).open("a", sealed)
    with pytest.raises(InputError, match="another task"):
        Seal(old).open("b", sealed)
    with pytest.raises(InputError, match="must be 32 bytes"):
        Seal("short")


def test_a_task_waits_for_the_key_that_sealed_its_secrets(
    tasks: TaskService, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenedock.usecases.tasks.run_task._KEY_CHECK_MILLISECONDS", 100)
    seal, other = tasks.effects.seal, new_key().decode()
    elsewhere = replace(tasks.effects, seal=Seal(other))
    spec: JsonObject = {"steps": [step("echo", text="${{ secrets.token }}")]}

    def waiting() -> Task:
        task = submit_task(elsewhere, tasks.actions, YOU, spec, secrets={"token": CANARY})
        wait_until(lambda: tasks.effects.store.get(task.id).reason == OTHER_KEY, "the task to wait")
        return task

    cancelled, task = waiting(), waiting()
    # As if it was asked for while a worker looked at the task.
    tasks.effects.store.change(cancelled.id, lambda stored: TaskChange(replace(stored, cancel_requested=True)))
    assert ended(tasks, cancelled).status == "cancelled"
    told = check_workers(Inspection(database_address("", data)))
    monkeypatch.setattr(seal, "_keys", (*seal._keys, other))
    monkeypatch.delattr(seal, "_fernet")  # made of the keys at the first use

    assert ended(tasks, task).status == "completed"
    assert (told.verdict, told.evidence) == ("problem", f"1 tasks wait {OTHER_KEY}")
    assert check_workers(Inspection(database_address("", data))).verdict == "ok"
    waits = [each.body["message"] for each in tasks.effects.store.events(task.id) if "Waiting" in str(each.body)]
    assert waits == [f"Waiting: {OTHER_KEY}"]


def test_a_task_looks_for_its_key_less_often_with_time_and_ends_after_a_number_of_days(tasks: TaskService) -> None:
    elsewhere = replace(tasks.effects, seal=Seal(new_key().decode()))
    spec: JsonObject = {"steps": [step("echo", text="${{ secrets.token }}")]}
    task = submit_task(elsewhere, tasks.actions, YOU, spec, secrets={"token": CANARY})
    store, hour = tasks.effects.store, 3_600_000

    def rests() -> bool:
        """Whether it does for a while: its first look is followed by a second one at once."""
        task_now = store.get(task.id)
        return task_now.reason == OTHER_KEY and (task_now.wake_at or 0) > tasks.effects.clock() + 5_000

    def looked(waited: int) -> Task:
        """The task after a look, as if it had waited for that long."""
        wait_until(rests, "the task to wait")
        now = tasks.effects.clock()
        before = store.change(
            task.id,
            lambda stored: TaskChange(
                replace(stored, wake_at=now, state={**stored.state, "without_key_since": now - waited})
            ),
        )
        wait_until(lambda: store.get(task.id).run > before.run and (rests() or store.get(task.id).finished), "a look")
        return store.get(task.id)

    def pause(task: Task) -> int:
        return round(((task.wake_at or 0) - tasks.effects.clock()) / 1_000)

    assert [pause(looked(waited)) for waited in (100_000, 29 * 24 * hour)] == [
        pytest.approx(100, abs=15),
        pytest.approx(300, abs=15),
    ]
    done = looked(30 * 24 * hour)
    assert (done.status, done.secrets_sealed) == ("failed", None)
    error = as_object(completion(tasks.effects, done)["error"])
    assert error["message"] == f"gave up after waiting 30 days {OTHER_KEY}; its secrets are deleted"


def test_a_run_that_is_started_once_more_is_not_taken_for_one_that_runs(tasks: TaskService) -> None:
    engine = tasks.effects.engine
    assert isinstance(engine, Engine)
    done = ended(tasks, submit(tasks, step("echo", text="once")))

    engine.start(done.id, done.run)

    until = time.monotonic() + 10
    while engine.has(done.id, done.run):
        assert time.monotonic() < until, "a task that is woken would be left to a run that is none"
        time.sleep(0.02)
    assert messages(tasks.effects.store.events(done.id)).count("Beginning step scenedock:echo") == 1


def test_a_step_that_has_waited_for_long_may_still_be_tried_again(tasks: TaskService, world: World) -> None:
    task = waiting(tasks, submit(tasks, step("await-gate", text="pull-request:3")))
    time.sleep(3.2)  # longer than a step may take, with its retries
    world.opened.add("busy pull-request:3")
    deliver(tasks.effects, "pull-request:3")

    done = ended(tasks, task)

    assert "Try 1 failed: the forge is busy; again in 1 s" in messages(tasks.effects.store.events(task.id))
    assert done.status == "completed"


def test_a_task_that_is_cancelled_while_its_step_finds_that_it_has_to_wait_ends(
    tasks: TaskService, world: World
) -> None:
    world.look.clear()
    task = submit(tasks, step("await-gate", text="pull-request:4", slowly=True))
    assert world.looking.wait(30)
    assert not cancel_task(tasks.effects, YOU, task.id).finished
    world.look.set()

    assert ended(tasks, task, 10).status == "cancelled"


@pytest.mark.parametrize(("how", "status"), [("cancelled", "cancelled"), ("late", "failed")])
def test_a_step_ends_with_its_task_for_those_who_read_the_log(tasks: TaskService, how: str, status: str) -> None:
    if how == "late":
        task = submit(tasks, step("edit", repository="late", seconds=4))
    else:
        task = waiting(tasks, submit(tasks, step("await-gate", text="pull-request:5")))
        cancel_task(tasks.effects, YOU, task.id)

    done = ended(tasks, task)

    assert done.step_state("one")["status"] == status
    assert [event.step_status for event in tasks.effects.store.events(task.id) if event.step_status][-1] == status


def test_a_task_that_is_stored_as_the_service_stops_is_acknowledged(
    tasks: TaskService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is refused submits it again; both would run, here or elsewhere."""
    monkeypatch.setattr(tasks.effects.engine, "_start", None)
    task = submit(tasks, step("echo", text="late"))
    monkeypatch.undo()

    assert ended(tasks, task).status == "completed"


def test_the_records_of_all_runs_that_ended_long_ago_are_deleted_however_many_there_are(
    tasks: TaskService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task in [submit(tasks, step("echo", text="old")) for _ in range(3)]:
        ended(tasks, task)
    monkeypatch.setattr("scenedock.effects.tasks.engine._AT_ONCE", 2)

    tasks.effects.engine.forget(tasks.effects.clock() + 1_000)

    assert DBOS.list_workflows() == []
