"""GitHub doesn't see at once everywhere what it has just made, and asks to slow down in several ways."""

from __future__ import annotations

import time
from typing import Any

import pytest

from scenedock.effects.github.just_created import JustCreated, seconds_between
from scenedock.errors import ConflictError, InputError, NotFoundError, TemporaryError
from tests.fakes.github import faults
from tests.fakes.github.call import RefusedError
from tests.fakes.github.model import at
from tests.publishing.acme import Acme

NEW: dict[str, Any] = {
    "repoUrl": "github.com/acme/new",
    "files": [{"path": "README.md", "content": "# new\n"}],
    "description": "New",
    "defaultBranch": "trunk",
    "branchProtection": {"approvals": 1},
}


def refused(status: int, message: str, *details: str) -> Any:
    return lambda: RefusedError(status, message, list(details)).answer


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("POST .*/git/trees", refused(404, "Not Found")),
        ("POST .*/git/trees", refused(409, "Git Repository is empty.")),
        ("PATCH .*/git/refs/heads/main", refused(422, "Reference does not exist")),
        ("POST .*/branches/main/rename", refused(404, "Not Found")),
        ("PUT .*/branches/trunk/protection", refused(404, "Branch not found")),
    ],
)
def test_what_was_made_a_moment_ago_is_waited_for(acme: Acme, request_: str, answer: Any) -> None:
    acme.github.faults.add(request_, before=answer)

    with pytest.raises(TemporaryError):
        acme.run("publish-repository", NEW)
    made = acme.run("publish-repository", NEW, again=True)

    new = acme.repository("new")
    assert (new.description, list(new.protection), new.branch("trunk")) == ("New", ["trunk"], made["commitHash"])


@pytest.mark.parametrize("times", [1, 2, 3, 5])
@pytest.mark.parametrize(
    ("request_", "at_"),
    [
        ("POST .*/git/trees", 1),
        ("PUT .*/teams/payments/repos/acme/new", 1),
        ("PUT .*/branches/main/protection", 1),
        ("/repos/acme/new", 2),  # every request but the first, which is before the repository is there
    ],
)
def test_a_new_repository_that_isnt_found_is_waited_for_whatever_its_branch_is_called(
    acme: Acme, request_: str, at_: int, times: int
) -> None:
    given = {**NEW, "defaultBranch": "main", "teams": [{"team": "payments"}]}
    acme.github.faults.add(request_, before=refused(404, "Not Found"), at=at_, times=times)

    with pytest.raises(TemporaryError, match=r"github\.com/acme/new was just created"):
        acme.run("publish-repository", given)
    made = acme.run_to_the_end("publish-repository", given, again=True)

    new = acme.repository("new")
    assert (new.description, new.branch("main")) == ("New", made["commitHash"])
    assert sorted(acme.github.world.repositories) == ["acme/apps", "acme/new"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("POST .*/git/trees", "base_tree is not a valid tree oid"),
        ("POST .*/git/trees", "GitRPC::BadObjectState"),
        ("POST .*/git/commits", "Tree SHA does not exist"),
        ("POST .*/git/commits", "Parent SHA does not exist or is not a commit object"),
        ("POST .*/git/refs", "Object does not exist"),
        ("POST .*/pulls", "Validation Failed"),
    ],
)
def test_what_github_has_just_given_us_and_doesnt_know_is_asked_for_again(
    acme: Acme, request_: str, message: str
) -> None:
    details: list[Any] = (
        [{"resource": "PullRequest", "field": "head", "code": "invalid"}] if "pulls" in request_ else []
    )
    given = {"repoUrl": "github.com/acme/apps", "title": "x", "delete": ["NOTES.md"]}
    acme.github.faults.add(request_, before=lambda: RefusedError(422, message, details).answer, times=3)

    made = acme.run_to_the_end("propose-change", given)

    assert (made["number"], len(acme.repository("apps").pulls)) == (1, 1)


@pytest.mark.parametrize("action", ["propose-change", "commit-change"])
def test_a_branch_of_a_new_repository_is_waited_for_too(acme: Acme, action: str) -> None:
    given: dict[str, Any] = {"repoUrl": "github.com/acme/apps", "files": [{"path": "a", "content": "x"}]}
    given |= {"title": "x"} if action == "propose-change" else {"commitMessage": "x"}
    acme.github.faults.add("GET .*/branches/main", before=refused(404, "Branch not found"), times=2)

    assert acme.run_to_the_end(action, given)["changed"] is True
    with pytest.raises(TemporaryError, match="its branch 'none' isn't found yet"):
        acme.run(action, {**given, "baseBranch" if action == "propose-change" else "branch": "none"})

    acme.repository("apps").created = at(time.time() - 120)
    acme.restart()
    with pytest.raises(NotFoundError, match="has no branch 'none'"):
        acme.run(action, {**given, "baseBranch" if action == "propose-change" else "branch": "none"})


def test_what_stays_away_for_a_minute_is_told_and_not_waited_for_any_longer(acme: Acme) -> None:
    acme.github.faults.add("PUT .*/branches/trunk/protection", before=refused(404, "Branch not found"), times=None)
    for again in (False, True):
        with pytest.raises(TemporaryError):
            acme.run("publish-repository", NEW, again=again)

    acme.repository("new").created = at(time.time() - 61)
    acme.restart()
    with pytest.raises(NotFoundError, match="Branch not found"):
        acme.run("publish-repository", NEW, again=True)


def test_a_name_that_is_taken_by_what_our_credentials_dont_show_is_refused_at_once(acme: Acme) -> None:
    acme.github.world.create_repository("acme", "new")
    acme.github.faults.add("GET /repos/acme/new$", before=refused(404, "Not Found"), times=None)

    with pytest.raises(ConflictError, match=r"there is already a repository github\.com/acme/new"):
        acme.run("publish-repository", NEW)


def test_a_repository_is_new_for_a_minute_after_something_in_it_was_made() -> None:
    now = 1_000.0
    created = JustCreated(lambda: now)
    created.note("github.com/Acme/new", seconds_ago=50)
    created.note_hidden("github.com/acme/hidden")
    assert created.in_path("github.com", "/orgs/acme/teams/x/repos/acme/NEW") == "github.com/acme/NEW"
    assert [created.in_path("github.com", path) for path in ("/repos/acme/newer", "/orgs/acme/repos")] == ["", ""]
    assert created.in_path("github.acme.example", "/repos/acme/new") == ""

    now += 11
    assert (created.has("github.com/acme/new"), created.has("github.com/acme/hidden")) == (False, True)
    created.note("github.com/acme/new")  # its branch was renamed
    created.note("github.com/acme/new", seconds_ago=70)  # what GitHub says of its age
    now += 50
    created.note_hidden("github.com/acme/hidden")
    assert (created.has("github.com/acme/new"), created.has("github.com/acme/hidden")) == (True, False)


def test_the_age_of_a_repository_is_told_by_githubs_clock() -> None:
    assert seconds_between("2026-11-29T12:00:00Z", "Sun, 29 Nov 2026 12:00:30 GMT") == 30
    assert seconds_between("", "Sun, 29 Nov 2026 12:00:30 GMT") == float("inf")
    assert -5 < seconds_between(at(time.time()), "") < 5


def test_as_many_settings_as_may_be_given_fit_in_a_minutes_share_also_when_they_are_set_again(acme: Acme) -> None:
    for number in range(20):
        acme.github.world.team("acme", f"t{number}")
    given = {
        **NEW,
        "teams": [{"team": f"t{number}"} for number in range(20)],
        "variables": {f"V{number}": "x" for number in range(40)},
        "secrets": {f"S{number}": "x" for number in range(40)},
    }
    acme.github.faults.add("PATCH /repos/acme/new$", before=faults.dropped)
    with pytest.raises(TemporaryError):
        acme.run("publish-repository", given)
    acme.restart()
    acme.calls()

    acme.run("publish-repository", given, again=True)

    assert sum(1 if call.startswith("GET") else 5 for call in acme.calls()) <= 900
    for name in ("teams", "variables", "secrets"):
        more: Any = [{"team": "t1"}] * 21 if name == "teams" else {f"A{number}": "x" for number in range(41)}
        with pytest.raises(InputError):
            acme.run("publish-repository", {**given, name: more})


def test_what_was_submitted_too_quickly_is_submitted_again_later(acme: Acme) -> None:
    acme.github.faults.add("POST .*/pulls", before=refused(422, "Validation Failed", "was submitted too quickly"))
    given = {"repoUrl": "github.com/acme/apps", "title": "x", "delete": ["NOTES.md"]}

    with pytest.raises(TemporaryError) as temporary:
        acme.run("propose-change", given)

    assert temporary.value.retry_after >= 60
    acme.forget_pauses()
    assert acme.run("propose-change", given, again=True)["number"] == 1
