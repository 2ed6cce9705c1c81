"""An undone task: what its steps have proposed is taken back, the last one first, and nobody else's work is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.actions import ACTIONS
from scenedock.errors import ConflictError, NotAllowedError, NotFoundError
from scenedock.model.action import Action, Caller
from scenedock.model.json import JsonObject, as_object
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.usecases.tasks.manage_tasks import retry_task
from scenedock.usecases.tasks.submit_task import submit_task
from scenedock.usecases.tasks.undo_task import undo_task
from tests.fakes.github.faults import bad_credentials
from tests.fakes.shared.faults import dropped
from tests.publishing.acme import Acme
from tests.publishing.company import Company

JANE = Caller("plugin:scaffolder", "backstage", "user:default/jane", "run")
EVE = Caller("plugin:scaffolder", "backstage", "user:default/eve", "run")


@pytest.fixture
def tasks(company: Company, tmp_path: Path) -> Iterator[TaskService]:
    if isinstance(company, Acme):  # the addresses of the fake's pull requests are its own
        company.host = company.fake.url.removeprefix("http://")
        listed = company.hosts.read_text(encoding="utf-8").replace("host: github.com", f"host: {company.host}")
        company.hosts.write_text(listed, encoding="utf-8")
        company.restart()
    opened = open_tasks(TaskSettings(tmp_path / "tasks"), ACTIONS, company.effects)
    opened.start()
    yield opened
    opened.stop(1)


def propose(company: Company, name: str) -> JsonObject:
    files = [{"path": f"{name}.md", "content": "text\n"}]
    values: JsonObject = {"repoUrl": company.url(), "title": f"Add {name}", "branch": f"add-{name}", "files": files}
    return {"id": name, "action": "scenedock:propose-change", "input": values}


FAILING: JsonObject = {"id": "no", "action": "scenedock:export-catalog", "input": {"repository": "none"}}


def run(tasks: TaskService, *steps: JsonObject, **more: str) -> Task:
    return ended(tasks, submit_task(tasks.effects, ACTIONS, JANE, {"steps": list(steps), **more}))


def ended(tasks: TaskService, task: Task) -> Task:
    until = time.monotonic() + 60
    while not (task := tasks.effects.store.get(task.id)).finished:
        assert time.monotonic() < until, task
        time.sleep(0.05)
    return task


def said(task: Task) -> list[str]:
    return [str(each) for step in task.steps for each in as_object(task.step_state(step.id)["output"])["undone"]]  # type: ignore[union-attr] # texts


def test_what_is_still_ours_is_taken_back_in_reverse_and_the_rest_is_named(
    company: Company, tasks: TaskService
) -> None:
    done = run(tasks, propose(company, "one"), propose(company, "two"), propose(company, "three"))
    theirs = company.commit("add-two", {"more": "x"})
    company.fake.faults.add("POST .*(graphql|git-receive-pack)$", after=dropped)

    undone = ended(tasks, undo_task(tasks.effects, ACTIONS, JANE, done.id))

    assert undone.status == "completed", tasks.effects.store.events(undone.id)
    three, two, one = said(undone)
    assert three.endswith("is closed, and its branch add-three is deleted")  # the answer to the first try is lost
    assert two.endswith("stays: its branch add-two has commits that aren't those of the step")
    assert one.endswith("is closed, and its branch add-one is deleted")
    assert [each.state for each in company.pulls().values()] == ["closed", "open", "closed"]
    assert company.repository("apps").branch("add-two") == theirs
    assert company.repository("apps").branch("add-one") is None
    assert "Taken back, as user:default/jane asked" in company.comments(1)[0]

    assert undo_task(tasks.effects, ACTIONS, JANE, done.id).id == undone.id
    with pytest.raises(ConflictError, match="only a failed or cancelled task can be retried"):
        retry_task(tasks.effects, JANE, done.id, {})


def test_a_failure_undoes_what_was_done_if_the_task_says_so_and_it_is_not_retried(
    company: Company, tasks: TaskService
) -> None:
    failed = run(tasks, propose(company, "one"), FAILING, onFailure="undo")
    until = time.monotonic() + 60
    while [each.state for each in company.pulls().values()] != ["closed"]:
        assert time.monotonic() < until
        time.sleep(0.1)

    assert failed.status == "failed"
    with pytest.raises(ConflictError, match="was undone; submit a new one"):
        retry_task(tasks.effects, JANE, failed.id, {})


def test_a_token_of_some_actions_undoes_them_and_tries_again_what_has_failed(
    company: Company, tasks: TaskService
) -> None:
    token = Caller("token:ci", "token", scope="run", actions=("propose-change",))
    spec: JsonObject = {"steps": [propose(company, "one")]}
    done = ended(tasks, submit_task(tasks.effects, ACTIONS, token, spec))
    company.fake.faults.add(".", before=bad_credentials, times=None)
    failed = ended(tasks, undo_task(tasks.effects, ACTIONS, token, done.id))
    company.fake.faults.clear()

    undone = ended(tasks, undo_task(tasks.effects, ACTIONS, token, done.id))

    assert (failed.status, undone.status, undone.id) == ("failed", "completed", failed.id)
    assert [each.state for each in company.pulls().values()] == ["closed"]


def test_what_cannot_be_undone_is_refused(company: Company, tasks: TaskService) -> None:
    nothing = run(tasks, FAILING)
    done = run(tasks, propose(company, "one"))

    def nobody(_action: Action[object], _values: JsonObject | None, _written: JsonObject) -> None:
        raise NotAllowedError("propose-change is denied")

    with pytest.raises(ConflictError, match=r"nothing that the task .* has done can be taken back"):
        undo_task(tasks.effects, ACTIONS, JANE, nothing.id)
    with pytest.raises(NotFoundError):
        undo_task(tasks.effects, ACTIONS, EVE, done.id)
    with pytest.raises(NotAllowedError):
        undo_task(tasks.effects, ACTIONS, JANE, done.id, nobody)
    assert [each.state for each in company.pulls().values()] == ["open"]
