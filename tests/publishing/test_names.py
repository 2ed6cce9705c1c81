"""What names a host, owner, repository, branch or path is judged before anything is asked of anybody."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.errors import InputError, NotAllowedError
from scenedock.model.code_hosts.code_host import RepositoryAddress, checked_branch, checked_path, read_repository
from tests.publishing.acme import Acme
from tests.publishing.acme_gitlab import AcmeOnGitLab
from tests.publishing.company import Company

ADDRESSES = [
    "",
    "github.com",
    "github.com/acme",
    "acme/apps",
    "http://github.com/acme/apps",
    "file:///etc/passwd",
    "ssh://git@github.com/acme/apps",
    "git@github.com:acme/apps.git",
    "ext::sh -c id",
    "https://user:hunter2-secret@github.com/acme/apps",
    "https://github.com@evil.example/acme/apps",
    "https://github.com/acme/apps#x",
    "https://github.com/acme/apps?x=1",
    "https://github.com/acme/../apps",
    "https://github.com/acme/..",
    "https://github.com/acme/.git",
    "https://github.com/acme/-apps",
    "https://github.com/-acme/apps",
    "https://github.com/--upload-pack=id/apps",
    "https://github.com//apps",
    "https://github.com/acme/apps\n",
    "https://github.com/acme/ap ps",
    "https://github.com/acme/apps%2f..%2fother",
    "https://GITHUB.com/acme/apps",
    "https://gïthub.com/acme/apps",
    "https://-github.com/acme/apps",
    "github.com?owner=acme",
    "github.com?owner=acme&repo=apps&repo=other",
    "github.com?owner=acme&repo=apps&project=x",
    "github.com?owner=..&repo=apps",
    "github.com?owner=acme&repo=--x",
    "github.com?owner=acme%2Fevil%0a&repo=apps",
    f"github.com/acme/{'a' * 101}",
]
NOT_OURS = [
    "https://gitlab.example/acme/apps",
    "https://api.github.com/acme/apps",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost:1/acme/apps",
    "https://github.com:8443/acme/apps",
    "https://github.com/evil/apps",
    "github.com?owner=acme-evil&repo=apps",
]
BRANCHES = [
    "-x",
    "--force",
    "a..b",
    "a b",
    "a~1",
    "a^",
    "a:b",
    "a?b",
    "a*",
    "a[b",
    "a\\b",
    "/a",
    "a/",
    "a//b",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a.",
    "@",
    "a@{1}",
    "HEAD",
    "refs/heads/a",
    "a\nb",
    "a\x7f",
    "a" * 201,
]
PATHS = [
    "",
    ".",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a\\b",
    "C:/x",
    ".git/config",
    "a/.GIT/hooks/pre-commit",
    "git~1/config",
    ".git\u200c/config",
    "a\nb",
    "a\x00b",
    "-rf",
    "a/" + "b" * 256,
]
ACTIONS: dict[str, dict[str, Any]] = {
    "publish-repository": {"files": [{"path": "a", "content": "b"}]},
    "propose-change": {"title": "x", "files": [{"path": "a", "content": "b"}]},
    "commit-change": {"commitMessage": "x", "files": [{"path": "a", "content": "b"}]},
}


def refused(company: Company, error: type[Exception], action: str, given: dict[str, Any]) -> str:
    """What an action says when it refuses; nothing was asked of the host."""
    company.calls()
    with pytest.raises(error) as told:
        company.run(action, given)
    assert company.calls() == []
    return str(told.value)


def test_addresses_that_name_no_repository_are_refused_before_any_call(acme: Acme) -> None:
    for address in ADDRESSES:
        for action, given in ACTIONS.items():
            said = refused(acme, InputError, action, {"repoUrl": address, **given})
            assert "hunter2" not in said


def test_hosts_and_owners_that_are_not_listed_are_refused_before_any_call(acme: Acme) -> None:
    for address in NOT_OURS:
        for action, given in ACTIONS.items():
            refused(acme, NotAllowedError, action, {"repoUrl": address, **given})


def test_branches_that_git_or_a_command_would_misread_are_refused_before_any_call(company: Company) -> None:
    where = {"repoUrl": "apps"}
    for branch in BRANCHES:
        refused(company, InputError, "commit-change", {**where, **ACTIONS["commit-change"], "branch": branch})
        for key in ("branch", "baseBranch"):
            refused(company, InputError, "propose-change", {**where, **ACTIONS["propose-change"], key: branch})
        refused(
            company,
            InputError,
            "publish-repository",
            {**where, **ACTIONS["publish-repository"], "defaultBranch": branch},
        )


def test_paths_that_leave_the_repository_are_refused_before_any_call(company: Company) -> None:
    where = {"repoUrl": "apps", "title": "x"}
    for path in PATHS:
        changes: list[dict[str, Any]] = [
            {"files": [{"path": path, "content": ""}]},
            {"delete": [path]},
            {"rename": [{"from": "NOTES.md", "to": path}]},
            {"rename": [{"from": path, "to": "x"}]},
            {"edits": [{"path": path, "set": {"a": 1}}]},
            *([{"folder": "0" * 32, "targetPath": path}] if path not in {"", "."} else []),
        ]
        for more in changes:
            refused(company, InputError, "propose-change", {**where, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"topics": ["two words"]},
        {"topics": ["../x"]},
        {"teams": [{"team": "../../user", "permission": "push"}]},
        {"teams": [{"team": "payments", "permission": "owner"}]},
        {"variables": {"a/b": "x"}},
        {"secrets": {"../x": "hunter2-secret"}},
        {"homepage": "javascript:alert(1)"},
        {"description": "a\nb"},
        {"visibility": "secret"},
    ],
)
def test_settings_that_would_become_another_address_are_refused_before_any_call(
    company: Company, more: dict[str, Any]
) -> None:
    given = {"repoUrl": "new", **ACTIONS["publish-repository"], **more}

    assert "hunter2" not in refused(company, InputError, "publish-repository", given)


def test_a_visibility_that_is_not_listed_is_refused_before_any_call(company: Company) -> None:
    given = {"repoUrl": "new", **ACTIONS["publish-repository"], "visibility": "public"}

    assert "may not be public; allowed: private, internal" in refused(
        company, NotAllowedError, "publish-repository", given
    )


def test_a_result_folder_is_named_and_not_addressed(company: Company) -> None:
    for folder in ("..", "/etc", "../../etc", "0" * 31, "x" * 32):
        with pytest.raises(Exception, match="no such folder"):
            company.run("propose-change", {"repoUrl": "apps", "title": "x", "folder": folder})


@pytest.mark.parametrize(
    "more",
    [
        {"variables": {"GITHUB_TOKEN": "x"}},
        {"secrets": {"github_x": "hunter2-secret"}},
        {"teams": [{"team": "acme/payments"}]},
    ],
)
def test_what_only_github_has_no_place_for_is_refused_before_any_call(acme: Acme, more: dict[str, Any]) -> None:
    given = {"repoUrl": "new", **ACTIONS["publish-repository"], **more}

    assert "hunter2" not in refused(acme, InputError, "publish-repository", given)


@pytest.mark.parametrize(
    "more",
    [
        {"homepage": "https://acme.example"},
        {"secrets": {"SHORT": "hunter2"}},
        {"secrets": {"LINES": "hunter2-secret\nof two lines"}},
    ],
)
def test_what_only_gitlab_has_no_place_for_is_refused_before_any_call(
    on_gitlab: AcmeOnGitLab, more: dict[str, Any]
) -> None:
    given = {"repoUrl": "new", **ACTIONS["publish-repository"], **more}

    assert "hunter2" not in refused(on_gitlab, InputError, "publish-repository", given)


def test_addresses_on_gitlab_have_groups_and_only_those_of_the_list(on_gitlab: AcmeOnGitLab) -> None:
    for address in ("HOST/evil/apps", "HOST/evil/acme/apps", "HOST/acme-evil/apps", "HOST?owner=evil%2Facme&repo=x"):
        refused(on_gitlab, NotAllowedError, "propose-change", {"repoUrl": address, **ACTIONS["propose-change"]})
    for address in ("HOST/acme/../evil/apps", "HOST/acme//apps", "HOST?owner=acme%2F..&repo=x", "HOST?project=12"):
        refused(on_gitlab, InputError, "propose-change", {"repoUrl": address, **ACTIONS["propose-change"]})
    for address in (
        "HOST/ACME/platform/Apps",
        "HOST?owner=acme%2Fplatform&repo=apps",
        "HOST?project=acme/platform/apps",
    ):
        made = on_gitlab.run("propose-change", {"repoUrl": address, **ACTIONS["propose-change"]}, task=address)
        assert made["changed"] is True


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/apps",
        "https://github.com/acme/apps/",
        "https://github.com/acme/apps.git",
        "github.com/acme/apps",
        "github.com?owner=acme&repo=apps",
        "https://github.com?repo=apps&owner=acme",
    ],
)
def test_a_repository_has_several_addresses(text: str) -> None:
    assert read_repository(text) == RepositoryAddress("github.com", "acme", "apps")


def test_other_hosts_have_groups_and_ports() -> None:
    assert read_repository("git.acme.example:8443/a/b/c").path == "a/b/c"


@pytest.mark.parametrize("name", ["main", "feature/x-1", "release-1.2", "jane@work", "ä", "a" * 200])
def test_usual_branches_are_taken(name: str) -> None:
    assert checked_branch(name) == name


@pytest.mark.parametrize(("path", "clean"), [("a", "a"), ("./a//b", "a/b"), (".github/x.yaml", ".github/x.yaml")])
def test_usual_paths_are_taken(path: str, clean: str) -> None:
    assert checked_path(path) == clean
