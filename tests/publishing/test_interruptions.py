"""Whatever call is lost, with its effect or without, the same step done again ends in the same one thing.

`make test` loses calls before their effect in publishing to GitHub alone, and on GitLab only those of publishing, after
it; `make test-all` loses all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from scenedock.errors import ConflictError, NotAllowedError, NotFoundError, TemporaryError
from tests.fakes.github import faults
from tests.fakes.github.call import RefusedError
from tests.publishing.acme import Acme
from tests.publishing.company import Company, Has

BINARY = {"path": "logo", "content": "AAEC", "encoding": "base64"}
FAULTS: dict[str, dict[str, Any]] = {
    "lost before": {"before": faults.dropped},
    "lost after": {"after": faults.dropped},
}


def publish(company: Company, number: int) -> dict[str, Any]:
    return {
        "repoUrl": f"new-{number}",
        "files": [{"path": "README.md", "content": "# new\n"}, BINARY],
        "description": "New",
        "defaultBranch": "trunk",
        "topics": ["new"],
        "teams": [{"team": company.team("payments"), "permission": "push"}],
        "variables": {"A": "b"},
        "secrets": {"TOKEN": "hush-hush"},
        "branchProtection": {"approvals": 2, "checks": ["build"]},
    }


def propose(_company: Company, number: int) -> dict[str, Any]:
    return {
        "repoUrl": "apps",
        "title": f"Change {number}",
        "files": [{"path": "a", "content": f"{number}"}, BINARY],
        "delete": ["NOTES.md"],
        "labels": ["deploy"],
        "reviewers": ["bob"],
    }


def commit(_company: Company, number: int) -> dict[str, Any]:
    return {
        "repoUrl": "apps",
        "commitMessage": f"Change {number}",
        "files": [{"path": f"a-{number}", "content": "x"}, {**BINARY, "path": f"logo-{number}"}],
    }


def published(company: Company, number: int, output: dict[str, Any]) -> None:
    new = company.repository(f"new-{number}")
    (first,) = new.git.commits("trunk")
    assert first.sha == output["commitHash"]
    assert list(new.git.refs()) == ["refs/heads/trunk"]
    assert new.files("trunk") == {"README.md": ("100644", b"# new\n"), "logo": ("100644", b"\0\1\2")}
    assert company.has(f"new-{number}") == Has(
        description="New",
        topics=["new"],
        default_branch="trunk",
        teams={"payments": "push"},
        variables={"A": "b"},
        secrets={"TOKEN": "hush-hush"},
        protected=["trunk"],
    )


def proposed(company: Company, number: int, output: dict[str, Any]) -> None:
    apps = company.repository("apps")
    mine = [pull for pull in company.pulls().values() if pull.title == f"Change {number}"]
    assert [(pull.number, pull.head, pull.labels) for pull in mine] == [
        (output["number"], output["branch"], ["deploy"])
    ]
    assert mine[0].reviewers == ["bob"]
    assert apps.branch(output["branch"]) == output["commitHash"]
    assert len(apps.git.commits(f"main..{output['branch']}")) == 1
    assert [ref for ref in apps.git.refs() if f"change-{number}-" in ref] == [f"refs/heads/{output['branch']}"]


def committed(company: Company, number: int, output: dict[str, Any]) -> None:
    made = [
        each for each in company.repository("apps").git.commits("main") if each.message.startswith(f"Change {number}\n")
    ]
    assert [each.sha for each in made] == [output["commitHash"]]
    assert f"a-{number}" in company.repository("apps").files("main")


GIVEN: dict[str, Callable[[Company, int], dict[str, Any]]] = {
    "publish-repository": publish,
    "propose-change": propose,
    "commit-change": commit,
}
EXPECTED: dict[str, Callable[[Company, int, dict[str, Any]], None]] = {
    "publish-repository": published,
    "propose-change": proposed,
    "commit-change": committed,
}


def struck() -> Iterator[Any]:
    """Host, action, fault."""
    for host, action, fault in product(("acme", "on_gitlab"), GIVEN, FAULTS):
        short = fault == "lost after" if host == "acme" else action == "publish-repository" and fault == "lost after"
        yield pytest.param(host, action, fault, marks=[] if short else pytest.mark.extended)


@pytest.mark.parametrize(("company", "action", "fault"), list(struck()), indirect=["company"])
def test_the_end_is_the_same_whichever_call_is_struck(company: Company, action: str, fault: str) -> None:
    given, expect = GIVEN[action], EXPECTED[action]
    company.calls()
    expect(company, 0, company.run(action, given(company, 0), task="task-0"))
    calls = len(company.calls())

    assert calls >= 6
    for number in range(1, calls + 1):
        company.restart()
        company.struck.clear()
        company.struck.add(at=number, **FAULTS[fault])
        task = f"task-{number}"
        with pytest.raises(TemporaryError):
            company.run(action, given(company, number), task=task)
        company.restart()
        expect(company, number, company.run(action, given(company, number), again=True, task=task))


def test_a_limit_in_every_call_of_a_try_still_leads_to_the_end(acme: Acme) -> None:
    acme.github.faults.add(".*/git/(blobs|trees)", before=faults.rate_limit(9), times=3)

    published(acme, 1, acme.run_to_the_end("publish-repository", publish(acme, 1)))

    assert len([call for call in acme.calls() if call == "POST /orgs/acme/repos"]) == 1


def test_what_was_uploaded_before_an_interruption_is_not_uploaded_again(acme: Acme) -> None:
    acme.github.faults.add("POST .*/git/trees", before=faults.unavailable())

    proposed(acme, 1, acme.run_to_the_end("propose-change", propose(acme, 1)))

    assert len([call for call in acme.calls() if call.endswith("/git/blobs")]) == 1


def test_a_repository_that_was_there_before_stays_untouched(company: Company) -> None:
    before = company.repository("apps").git.refs()

    for again in (False, True):
        with pytest.raises(ConflictError, match=f"already a repository {company.url()}; it is not changed"):
            company.run("publish-repository", {**publish(company, 0), "repoUrl": "apps"}, again=again)

    assert company.repository("apps").git.refs() == before
    assert company.writes() == []


def test_a_first_try_takes_no_repository_for_its_own_whatever_that_says(company: Company) -> None:
    theirs = company.create("new-1")
    before = company.commit("main", {"README.md": "trap"}, "new-1")
    theirs.description = "Being filled by Scenedock, task task-1/step-1"

    with pytest.raises(ConflictError):
        company.run("publish-repository", publish(company, 1), task="task-1")

    assert (theirs.branch("main"), company.has("new-1").secrets) == (before, {})


def test_a_name_that_leads_to_a_renamed_repository_goes_on_leading_there(company: Company) -> None:
    apps = company.repository("apps")
    company.rename("apps", "deployments")

    with pytest.raises(ConflictError, match=f"{company.url()} redirects to a (repository|project) that was renamed"):
        company.run("publish-repository", {**publish(company, 0), "repoUrl": "apps"})

    assert company.former("apps") is apps


def test_a_repository_that_another_task_left_half_made_is_told_with_that_task(company: Company) -> None:
    company.struck.add(company.requests["protect a branch"], before=company.faults.missing_permission)
    with pytest.raises(NotAllowedError):
        company.run("publish-repository", publish(company, 1), task="task-1")

    with pytest.raises(ConflictError, match=r"which task task-1/step-1 has not filled; retry it, or delete"):
        company.run("publish-repository", publish(company, 1), task="task-2")


def test_a_team_that_is_not_there_is_told_before_there_is_half_a_repository(company: Company) -> None:
    nobody = {"team": company.team("nobody"), "permission": "push"}

    with pytest.raises(NotFoundError, match=r"has no (team|group) '.*nobody'"):
        company.run("publish-repository", {**publish(company, 1), "teams": [nobody]})

    assert company.writes() == []


def test_a_repository_that_a_person_filled_between_two_tries_stays_untouched(company: Company) -> None:
    company.struck.add(company.requests["write"], before=faults.dropped)
    with pytest.raises(TemporaryError):
        company.run("publish-repository", publish(company, 1))
    theirs = company.commit("main", {"mine": "x"}, "new-1")

    with pytest.raises(ConflictError, match="somebody committed to it before it was filled"):
        company.run("publish-repository", publish(company, 1), again=True)

    assert company.repository("new-1").branch("main") == theirs


def test_what_a_person_committed_after_the_end_stays_when_the_step_is_done_again(company: Company) -> None:
    first = company.run("publish-repository", publish(company, 1))
    theirs = company.commit("trunk", {"mine": "x"}, "new-1")

    assert company.run("publish-repository", publish(company, 1), again=True) == first
    assert company.repository("new-1").branch("trunk") == theirs


def test_an_empty_repository_of_somebody_else_is_a_conflict_and_not_waited_for(company: Company) -> None:
    company.create("new-1")

    with pytest.raises(ConflictError, match="it is not changed"):
        company.run("publish-repository", publish(company, 1))

    assert company.repository("new-1").empty


@pytest.mark.parametrize(("status", "message"), [(409, "Git Repository is empty."), (422, "Reference does not exist")])
def test_a_repository_that_github_is_not_done_with_is_waited_for(acme: Acme, status: int, message: str) -> None:
    answer = RefusedError(status, message).answer
    acme.github.faults.add("(POST .*/git/trees|PATCH .*/git/refs)", before=lambda: answer, times=2)

    published(acme, 1, acme.run_to_the_end("publish-repository", publish(acme, 1)))
