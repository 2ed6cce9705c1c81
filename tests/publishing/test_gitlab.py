"""What GitLab alone does: tokens with scopes and an end, plans, forks, what comes later, and what was renamed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenedock.errors import InputError, NotAllowedError, NotFoundError, ScenedockError, TemporaryError
from tests.fakes.gitlab import faults
from tests.fakes.gitlab.server import ROUTES
from tests.publishing.acme_gitlab import AcmeOnGitLab, acme_on_gitlab

PROPOSAL: dict[str, Any] = {"repoUrl": "apps", "title": "x", "files": [{"path": "a", "content": "b"}]}
NEW: dict[str, Any] = {"repoUrl": "new", "files": [{"path": "a", "content": "b"}]}
TEAM: dict[str, Any] = {"teamReviewers": ["acme/payments"]}
DOCUMENTED = Path(__file__).parents[2] / "docs" / "gitlab.md"
COMMIT: dict[str, Any] = {"repoUrl": "apps", "commitMessage": "x", "delete": ["NOTES.md"]}


def with_token(on_gitlab: AcmeOnGitLab, token: str) -> None:
    """We have another token."""
    (on_gitlab.folder / "token").write_text(token, encoding="utf-8")
    on_gitlab.restart()


def undocumented(on_gitlab: AcmeOnGitLab) -> list[str]:
    """The routes of GitLab's API that were called, and that docs/gitlab.md doesn't name."""
    page = DOCUMENTED.read_text("utf-8")
    api = [call.replace(" /api/v4/", " /") for call in on_gitlab.calls() if "/api/v4/" in call]
    called = {route.operation for call in api for route in ROUTES if route.pattern.fullmatch(call)}
    assert len(called) > 10
    return [operation for operation in sorted(called) if f"`{operation}`" not in page]


def test_a_token_of_the_group_does_it_all_with_the_documented_scope(on_gitlab: AcmeOnGitLab) -> None:
    world = on_gitlab.gitlab.world
    with_token(on_gitlab, world.group_token(world.groups["acme"], "api"))
    more = {"topics": ["new"], "teams": [{"team": "acme/payments"}], "variables": {"A": "b"}, "branchProtection": {}}

    on_gitlab.run("publish-repository", {**NEW, **more, "secrets": {"S": "hush-hush"}, "defaultBranch": "trunk"})
    on_gitlab.run("propose-change", {**PROPOSAL, "labels": ["x"], "reviewers": ["bob"], "draft": True, **TEAM})
    on_gitlab.run("commit-change", COMMIT)

    assert undocumented(on_gitlab) == []
    assert on_gitlab.has("new").protected == ["trunk"]
    assert (on_gitlab.pulls()[1].draft, on_gitlab.pulls()[1].reviewers) == (True, ["bob"])


def test_a_token_of_the_project_is_enough_for_changes_of_it(on_gitlab: AcmeOnGitLab) -> None:
    with_token(on_gitlab, on_gitlab.gitlab.world.project_token(on_gitlab.repository("apps"), "api", level=30))

    assert on_gitlab.run("propose-change", PROPOSAL)["number"] == 1
    with pytest.raises(ScenedockError, match=r"no group 'acme/platform'|namespace is not valid"):
        on_gitlab.run("publish-repository", NEW)


@pytest.mark.parametrize("action", ["publish-repository", "propose-change", "commit-change"])
@pytest.mark.parametrize("wrong", ["unknown", "expired", "revoked"])
def test_a_token_that_is_no_longer_good_is_our_fault_and_not_the_callers(
    on_gitlab: AcmeOnGitLab, wrong: str, action: str
) -> None:
    world, token = on_gitlab.gitlab.world, on_gitlab.token
    ends: dict[str, Callable[[str], object]] = {"expired": world.expire, "revoked": world.revoke}
    ends.get(wrong, world.tokens.pop)(token)
    given = {"publish-repository": NEW, "propose-change": PROPOSAL, "commit-change": COMMIT}[action]

    with pytest.raises(NotAllowedError, match=r"doesn't accept the (credentials|token) that Scenedock has") as told:
        on_gitlab.run(action, given)

    assert token not in str(told.value)
    assert (on_gitlab.pulls(), list(on_gitlab.repository("apps").git.refs())) == ({}, ["refs/heads/main"])


def test_a_scope_that_a_token_lacks_is_told(on_gitlab: AcmeOnGitLab) -> None:
    with_token(on_gitlab, on_gitlab.gitlab.world.personal_token("ada", "read_api", "write_repository"))

    with pytest.raises(NotAllowedError, match="the token needs one of the scopes api"):
        on_gitlab.run("publish-repository", NEW)


def test_a_user_gets_projects_at_home(on_gitlab: AcmeOnGitLab) -> None:
    made = on_gitlab.run("publish-repository", {**NEW, "repoUrl": "HOST/ada/n"})

    assert made["repoUrl"].endswith("/ada/n")
    assert on_gitlab.gitlab.world.project("ada/n").visibility == "private"


def test_what_a_plan_lacks_is_told_before_there_is_half_a_project(on_gitlab: AcmeOnGitLab) -> None:
    on_gitlab.is_free()
    on_gitlab.calls()

    with pytest.raises(InputError, match="has the plan `free`, which can't require approvals"):
        on_gitlab.run("publish-repository", {**NEW, "branchProtection": {"approvals": 1}})

    assert on_gitlab.writes() == []
    on_gitlab.run("publish-repository", {**NEW, "branchProtection": {"approvals": 0}})
    assert on_gitlab.has("new").protected == ["main"]


def test_reviewers_that_gitlab_does_not_take_are_told_and_the_merge_request_stays(on_gitlab: AcmeOnGitLab) -> None:
    on_gitlab.is_free()
    on_gitlab.gitlab.world.user("eve")

    made = on_gitlab.run("propose-change", {**PROPOSAL, "reviewers": ["bob", "nobody", "eve"]})

    assert (made["number"], on_gitlab.pulls()[1].reviewers) == (1, ["bob"])
    (told,) = [line for line in on_gitlab.logged if "is open, but" in line]
    assert "no user 'nobody'" in told
    assert "didn't ask eve" in told


def test_groups_are_asked_for_an_approval_where_the_plan_has_rules(on_gitlab: AcmeOnGitLab) -> None:
    on_gitlab.run("propose-change", {**PROPOSAL, "teamReviewers": ["acme/payments"]})

    held = on_gitlab.repository("apps").merge_requests[1]
    assert [(each.name, each.required) for each in held.rules.values()] == [("acme/payments", 1)]


def test_the_branch_of_a_fork_is_not_taken_for_ours(on_gitlab: AcmeOnGitLab) -> None:
    on_gitlab.gitlab.world.user("eve")
    on_gitlab.gitlab.world.fork_merge_request(on_gitlab.repository("apps"), "feature", "eve")

    made = on_gitlab.run("propose-change", {**PROPOSAL, "branch": "feature"}, again=True)

    assert made["number"] == 2


def test_a_commit_that_gitlab_tells_later_is_known_all_the_same(on_gitlab: AcmeOnGitLab) -> None:
    on_gitlab.gitlab.world.late_shas = 3

    made = on_gitlab.run("propose-change", PROPOSAL)

    assert made["commitHash"] == on_gitlab.repository("apps").branch(made["branch"])
    assert on_gitlab.run("propose-change", PROPOSAL, again=True) == made


def test_a_branch_that_the_api_does_not_know_yet_is_waited_for(on_gitlab: AcmeOnGitLab) -> None:
    said = ['Source branch "x" does not exist']
    on_gitlab.struck.add("POST .*/merge_requests$", before=lambda: faults.RefusedError(422, said).answer, times=2)

    made = on_gitlab.run_to_the_end("propose-change", PROPOSAL)

    assert (made["number"], len(on_gitlab.pulls())) == (1, 1)


def test_a_project_that_was_renamed_is_not_followed_and_not_written_to(on_gitlab: AcmeOnGitLab) -> None:
    on_gitlab.rename("apps", "deployments")

    for action, given in (("propose-change", PROPOSAL), ("propose-change", {**PROPOSAL, "baseBranch": "main"})):
        with pytest.raises(NotFoundError, match="renamed"):
            on_gitlab.run(action, given)

    assert list(on_gitlab.repository("deployments").git.refs()) == ["refs/heads/main"]


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [(faults.rate_limit(70), 70, 70), (faults.unavailable(502), 1, 10), (faults.dropped, 1, 10)],
)
def test_what_passes_is_temporary_and_says_when_to_come_back(
    on_gitlab: AcmeOnGitLab, fault: faults.Act, least: int, most: int
) -> None:
    on_gitlab.struck.add("POST .*/merge_requests$", before=fault)

    with pytest.raises(TemporaryError) as temporary:
        on_gitlab.run("propose-change", PROPOSAL)

    assert least <= temporary.value.retry_after <= most
    on_gitlab.forget_pauses()
    assert on_gitlab.run("propose-change", PROPOSAL, again=True)["number"] == 1


def test_while_gitlab_asks_to_wait_its_api_is_not_asked(on_gitlab: AcmeOnGitLab) -> None:
    on_gitlab.struck.add("POST .*/merge_requests$", before=faults.rate_limit(70))
    with pytest.raises(TemporaryError):
        on_gitlab.run("propose-change", PROPOSAL)
    on_gitlab.calls()

    with pytest.raises(TemporaryError, match="rate limit is used up") as temporary:
        on_gitlab.run("propose-change", PROPOSAL, again=True)

    assert temporary.value.retry_after > 60
    assert [call for call in on_gitlab.calls() if "/api/v4/" in call] == []


def test_a_gitlab_below_a_path_of_its_host(tmp_path: Path) -> None:
    with acme_on_gitlab(tmp_path) as company:
        below = company.hosts.read_text("utf-8").replace("/api/v4", "/gitlab/api/v4")
        company.hosts.write_text(below, encoding="utf-8")
        company.restart()
        company.calls()

        made = company.run("propose-change", PROPOSAL)

        assert made["pullRequestUrl"] == f"{company.gitlab.url}/gitlab/acme/platform/apps/-/merge_requests/1"
        assert {call.split()[1].partition("/gitlab/")[0] for call in company.calls()} == {""}
