"""Whatever call is lost, with its effect or without, the same step done again ends in the same one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scenedock.errors import ConflictError, NotAllowedError, NotFoundError, TemporaryError
from tests.fakes.github import faults
from tests.fakes.github.call import RefusedError
from tests.publishing.acme import Acme

BINARY = {"path": "logo", "content": "AAEC", "encoding": "base64"}
FAULTS: dict[str, dict[str, Any]] = {
    "lost before": {"before": faults.dropped},
    "lost after": {"after": faults.dropped},
}


def publish(number: int) -> dict[str, Any]:
    return {
        "repoUrl": f"github.com/acme/new-{number}",
        "files": [{"path": "README.md", "content": "# new\n"}, BINARY],
        "description": "New",
        "defaultBranch": "trunk",
        "topics": ["new"],
        "teams": [{"team": "payments", "permission": "push"}],
        "variables": {"A": "b"},
        "secrets": {"TOKEN": "hush"},
        "branchProtection": {"approvals": 2, "checks": ["build"]},
    }


def propose(number: int) -> dict[str, Any]:
    return {
        "repoUrl": "github.com/acme/apps",
        "title": f"Change {number}",
        "files": [{"path": "a", "content": f"{number}"}, BINARY],
        "delete": ["NOTES.md"],
        "labels": ["deploy"],
        "reviewers": ["bob"],
    }


def commit(number: int) -> dict[str, Any]:
    return {
        "repoUrl": "github.com/acme/apps",
        "commitMessage": f"Change {number}",
        "files": [{"path": f"a-{number}", "content": "x"}, {**BINARY, "path": f"logo-{number}"}],
    }


def published(acme: Acme, number: int, output: dict[str, Any]) -> None:
    new = acme.repository(f"new-{number}")
    (first,) = new.git.commits("trunk")
    assert first.sha == output["commitHash"]
    assert list(new.git.refs()) == ["refs/heads/trunk"]
    assert new.files("trunk") == {"README.md": ("100644", b"# new\n"), "logo": ("100644", b"\0\1\2")}
    assert (new.description, new.topics, new.teams, new.default_branch) == (
        "New",
        ["new"],
        {"payments": "write"},
        "trunk",
    )
    assert ({name: each.value for name, each in new.variables.items()}, new.unsealed()) == (
        {"A": "b"},
        {"TOKEN": "hush"},
    )
    assert list(new.protection) == ["trunk"]


def proposed(acme: Acme, number: int, output: dict[str, Any]) -> None:
    apps = acme.repository("apps")
    mine = [pull for pull in apps.pulls.values() if pull.title == f"Change {number}"]
    assert [(pull.number, pull.head, pull.labels) for pull in mine] == [
        (output["number"], output["branch"], ["deploy"])
    ]
    assert [reviewer.login for reviewer in mine[0].reviewers] == ["bob"]
    assert apps.branch(output["branch"]) == output["commitHash"]
    assert len(apps.git.commits(f"main..{output['branch']}")) == 1
    assert [ref for ref in apps.git.refs() if f"change-{number}-" in ref] == [f"refs/heads/{output['branch']}"]


def committed(acme: Acme, number: int, output: dict[str, Any]) -> None:
    made = [
        each for each in acme.repository("apps").git.commits("main") if each.message.startswith(f"Change {number}\n")
    ]
    assert [each.sha for each in made] == [output["commitHash"]]
    assert f"a-{number}" in acme.repository("apps").files("main")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("action", "given", "expect"),
    [
        ("publish-repository", publish, published),
        ("propose-change", propose, proposed),
        ("commit-change", commit, committed),
    ],
)
def test_the_end_is_the_same_whichever_call_is_struck(
    acme: Acme,
    action: str,
    given: Callable[[int], dict[str, Any]],
    expect: Callable[[Acme, int, dict[str, Any]], None],
    fault: str,
) -> None:
    acme.calls()
    expect(acme, 0, acme.run(action, given(0), task="task-0"))
    calls = len(acme.calls())

    assert calls >= 6
    for number in range(1, calls + 1):
        acme.restart()
        acme.github.faults.clear()
        acme.github.faults.add(at=number, **FAULTS[fault])
        task = f"task-{number}"
        with pytest.raises(TemporaryError):
            acme.run(action, given(number), task=task)
        acme.restart()
        expect(acme, number, acme.run(action, given(number), again=True, task=task))


def test_a_limit_in_every_call_of_a_try_still_leads_to_the_end(acme: Acme) -> None:
    acme.github.faults.add(".*/git/(blobs|trees)", before=faults.rate_limit(9), times=3)

    published(acme, 1, acme.run_to_the_end("publish-repository", publish(1)))

    assert len([call for call in acme.calls() if call == "POST /orgs/acme/repos"]) == 1


def test_what_was_uploaded_before_an_interruption_is_not_uploaded_again(acme: Acme) -> None:
    acme.github.faults.add("POST .*/git/trees", before=faults.unavailable())

    proposed(acme, 1, acme.run_to_the_end("propose-change", propose(1)))

    assert len([call for call in acme.calls() if call.endswith("/git/blobs")]) == 1


def test_a_repository_that_was_there_before_stays_untouched(acme: Acme) -> None:
    before = acme.repository("apps").git.refs()

    for again in (False, True):
        with pytest.raises(ConflictError, match=r"already a repository github.com/acme/apps; it is not changed"):
            acme.run("publish-repository", {**publish(0), "repoUrl": "github.com/acme/apps"}, again=again)

    assert acme.repository("apps").git.refs() == before
    assert [call for call in acme.calls() if not call.startswith("GET")] == []


def test_a_first_try_takes_no_repository_for_its_own_whatever_that_says(acme: Acme) -> None:
    theirs = acme.github.world.create_repository("acme", "new-1")
    before = acme.github.world.commit("acme/new-1", "main", {"README.md": "trap"})
    theirs.description = "Being filled by Scenedock, task task-1/step-1"

    with pytest.raises(ConflictError):
        acme.run("publish-repository", publish(1), task="task-1")

    assert (theirs.branch("main"), theirs.unsealed()) == (before, {})


def test_a_name_that_leads_to_a_renamed_repository_goes_on_leading_there(acme: Acme) -> None:
    apps = acme.repository("apps")
    acme.github.world.rename(apps, "deployments")

    with pytest.raises(ConflictError, match=r"github\.com/acme/apps redirects to a repository that was renamed"):
        acme.run("publish-repository", {**publish(0), "repoUrl": "github.com/acme/apps"})

    assert acme.github.world.moved["acme/apps"] is apps


def test_a_repository_that_another_task_left_half_made_is_told_with_that_task(acme: Acme) -> None:
    acme.github.faults.add("PUT .*/protection", before=faults.missing_permission)
    with pytest.raises(NotAllowedError):
        acme.run("publish-repository", publish(1), task="task-1")

    with pytest.raises(ConflictError, match=r"which task task-1/step-1 has not filled; retry it, or delete"):
        acme.run("publish-repository", publish(1), task="task-2")


def test_a_team_that_is_not_there_is_told_before_there_is_half_a_repository(acme: Acme) -> None:
    nobody = {"team": "nobody", "permission": "push"}

    with pytest.raises(NotFoundError, match=r"github\.com/acme has no team 'nobody'"):
        acme.run("publish-repository", {**publish(1), "teams": [nobody]})

    assert [call for call in acme.calls() if not call.startswith("GET")] == []


def test_a_repository_that_a_person_filled_between_two_tries_stays_untouched(acme: Acme) -> None:
    acme.github.faults.add("POST .*/git/trees", before=faults.dropped)
    with pytest.raises(TemporaryError):
        acme.run("publish-repository", publish(1))
    theirs = acme.github.world.commit("acme/new-1", "main", {"mine": "x"})

    with pytest.raises(ConflictError, match="somebody committed to it before it was filled"):
        acme.run("publish-repository", publish(1), again=True)

    assert acme.repository("new-1").branch("main") == theirs


def test_what_a_person_committed_after_the_end_stays_when_the_step_is_done_again(acme: Acme) -> None:
    first = acme.run("publish-repository", publish(1))
    theirs = acme.github.world.commit("acme/new-1", "trunk", {"mine": "x"})

    assert acme.run("publish-repository", publish(1), again=True) == first
    assert acme.repository("new-1").branch("trunk") == theirs


def test_an_empty_repository_of_somebody_else_is_a_conflict_and_not_waited_for(acme: Acme) -> None:
    acme.github.world.create_repository("acme", "new-1")

    with pytest.raises(ConflictError, match="it is not changed"):
        acme.run("publish-repository", publish(1))

    assert acme.repository("new-1").empty


@pytest.mark.parametrize(("status", "message"), [(409, "Git Repository is empty."), (422, "Reference does not exist")])
def test_a_repository_that_github_is_not_done_with_is_waited_for(acme: Acme, status: int, message: str) -> None:
    answer = RefusedError(status, message).answer
    acme.github.faults.add("(POST .*/git/trees|PATCH .*/git/refs)", before=lambda: answer, times=2)

    published(acme, 1, acme.run_to_the_end("publish-repository", publish(1)))
