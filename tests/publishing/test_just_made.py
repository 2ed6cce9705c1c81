"""GitHub doesn't see at once everywhere what it has just made, and asks to slow down in several ways."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.errors import InputError, NotFoundError, TemporaryError
from tests.fakes.github import faults
from tests.fakes.github.call import RefusedError
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


def test_what_stays_away_is_told_and_not_waited_for_again_and_again(acme: Acme) -> None:
    acme.github.faults.add("PUT .*/branches/trunk/protection", before=refused(404, "Branch not found"), times=None)
    with pytest.raises(TemporaryError):
        acme.run("publish-repository", NEW)

    with pytest.raises(NotFoundError, match="Branch not found"):
        acme.run("publish-repository", NEW, again=True)


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
