"""Tokens that are wrong, too weak or too old are told for what they are; an App's token is renewed in time."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.github.auth import InstallationAuth
from scenedock.errors import NotAllowedError, TemporaryError
from scenedock.runtime.settings import Settings
from tests.fakes.github import faults
from tests.fakes.github.model import App
from tests.publishing.acme import Acme, acme_with
from tests.tools.effects import effects_with

PROPOSAL = {"repoUrl": "github.com/acme/apps", "title": "x", "files": [{"path": "a", "content": "b"}]}
PERMISSIONS = {
    "administration": "write",
    "contents": "write",
    "pull_requests": "write",
    "workflows": "write",
    "actions_variables": "write",
    "secrets": "write",
    "members": "read",
    "metadata": "read",
}


def with_app(acme: Acme, permissions: dict[str, str], *, installed: bool = True) -> App:
    """The company uses a GitHub App instead of the token."""
    app = acme.github.world.app("scenedock", "acme", permissions)
    if installed:
        acme.github.world.install(app, "acme")
    (acme.folder / "app.pem").write_text(app.private_key, encoding="utf-8")
    hosts = acme.folder / "hosts.yaml"
    credential = f"app: {{id: {app.id}, private_key_file: app.pem}}"
    hosts.write_text(hosts.read_text("utf-8").replace("token_file: token", credential), encoding="utf-8")
    acme.effects = effects_with(Settings(data=acme.folder / "data", code_hosts=hosts))
    return app


def auth(acme: Acme) -> InstallationAuth:
    ((made, _),) = acme.effects.code_hosts._credentials.values()
    assert isinstance(made, InstallationAuth)
    return made


def test_an_app_does_it_all_with_the_documented_permissions_and_one_token(acme: Acme) -> None:
    with_app(acme, PERMISSIONS)
    wanted: dict[str, Any] = {
        "repoUrl": "github.com/acme/new",
        "files": [{"path": ".github/workflows/ci.yaml", "content": "on: push\n"}],
        "topics": ["new"],
        "teams": [{"team": "payments"}],
        "variables": {"A": "b"},
        "secrets": {"S": "hush"},
        "branchProtection": {},
        "defaultBranch": "trunk",
    }

    acme.run("publish-repository", wanted)
    acme.run("propose-change", {**PROPOSAL, "labels": ["x"], "reviewers": ["bob"], "teamReviewers": ["payments"]})
    acme.run("commit-change", {"repoUrl": "github.com/acme/apps", "commitMessage": "x", "delete": ["NOTES.md"]})

    assert acme.github.called("/installation$") == ["GET /orgs/acme/installation"]
    assert len(acme.github.called("POST /app/installations/.*/access_tokens")) == 1
    assert acme.repository("new").git.commits("trunk")[0].author.name == "scenedock[bot]"


def test_many_threads_share_one_token(acme: Acme) -> None:
    with_app(acme, PERMISSIONS)
    failed: list[BaseException] = []

    def propose(number: int) -> None:
        try:
            acme.run("propose-change", {**PROPOSAL, "title": f"x {number}"}, task=f"task-{number}")
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=propose, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    apps = acme.repository("apps")
    assert failed == []
    assert len(acme.github.called("POST /app/installations/.*/access_tokens")) == 1
    assert sorted(pull.title for pull in apps.pulls.values()) == [f"x {number}" for number in range(8)]
    assert {str(pull.body)[-13:] for pull in apps.pulls.values()} == {
        f"task-{number}/step-1"[-13:] for number in range(8)
    }


def test_a_token_is_renewed_before_it_ends(acme: Acme) -> None:
    with_app(acme, PERMISSIONS)
    acme.run("propose-change", PROPOSAL)
    made = auth(acme)
    first = made.token

    made._clock = lambda: time.time() + 3_000
    assert made.token == first
    made._clock = lambda: time.time() + 3_400

    assert made.token != first
    assert len(acme.github.called("POST /app/installations/.*/access_tokens")) == 2


def test_a_token_that_ends_too_early_is_taken_anew_at_the_next_try(acme: Acme) -> None:
    with_app(acme, PERMISSIONS)
    acme.run("propose-change", PROPOSAL)
    acme.github.world.expire(auth(acme).token)
    auth(acme)._since -= 100

    with pytest.raises(TemporaryError, match="no longer accepts the App's token"):
        acme.run("propose-change", {**PROPOSAL, "title": "y"})

    assert acme.run("propose-change", {**PROPOSAL, "title": "y"}, again=True)["number"] == 2


def test_new_tokens_that_github_never_knows_are_no_reason_to_try_for_ever(acme: Acme) -> None:
    with_app(acme, PERMISSIONS)
    acme.github.faults.add(".*/repos/", before=faults.bad_credentials, times=None)

    with pytest.raises(NotAllowedError, match="doesn't accept the credentials that Scenedock has"):
        acme.run("propose-change", PROPOSAL)


def test_an_app_that_is_not_installed_is_told(acme: Acme) -> None:
    with_app(acme, PERMISSIONS, installed=False)

    with pytest.raises(NotAllowedError, match=r"the App \d+ is not installed for acme on github.com"):
        acme.run("propose-change", PROPOSAL)


@pytest.mark.parametrize(
    ("lacking", "action"), [("contents", "propose-change"), ("administration", "publish-repository")]
)
def test_a_permission_that_an_app_lacks_is_told(acme: Acme, lacking: str, action: str) -> None:
    with_app(acme, {**PERMISSIONS, lacking: "read"})
    given = {**PROPOSAL} if action == "propose-change" else {"repoUrl": "github.com/acme/n", "files": PROPOSAL["files"]}

    with pytest.raises(NotAllowedError, match=r"github\.com refuses POST .*not accessible by integration"):
        acme.run(action, given)


WRONG = "ghp_wrong0123456789"


def test_an_unknown_token_is_our_fault_and_not_the_callers(tmp_path: Path) -> None:
    with acme_with(tmp_path, token=WRONG) as acme:
        with pytest.raises(
            NotAllowedError, match=r"github\.com doesn't accept the credentials that Scenedock has"
        ) as told:
            acme.run("propose-change", PROPOSAL)
        assert "ghp_wrong" not in str(told.value)


def test_a_scope_that_a_token_lacks_is_told(acme: Acme) -> None:
    token = acme.github.world.personal_token("ada", "read:org")
    (acme.folder / "token").write_text(token, encoding="utf-8")
    acme.restart()

    with pytest.raises(NotAllowedError, match="refuses POST /orgs/acme/repos"):
        acme.run("publish-repository", {"repoUrl": "github.com/acme/n", "files": PROPOSAL["files"]})


def test_a_user_gets_repositories_at_home_and_nobody_elses_does(acme: Acme) -> None:
    made = acme.run("publish-repository", {"repoUrl": "github.com/ada/n", "files": PROPOSAL["files"]})

    assert made["repoUrl"].endswith("/ada/n")
    assert acme.github.world.repository("ada/n").private is True
