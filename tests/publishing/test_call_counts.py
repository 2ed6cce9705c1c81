"""However many files a change has, it is one commit in few calls; each binary file adds one."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from tests.publishing.acme import Acme
from tests.publishing.acme_gitlab import AcmeOnGitLab

PROPOSED = {"API": 2, "git": 7}
PUBLISHED = {"API": 5, "git": 2}
COMMITTED = {"API": 1, "git": 7}
"""What GitLab is asked, of its API and of git's server."""


def files(texts: int, binaries: int) -> list[dict[str, Any]]:
    text = [{"path": f"new/{number}.txt", "content": f"{number}\n", "executable": False} for number in range(texts)]
    return text + [
        {
            "path": f"bin/{n}",
            "content": base64.b64encode(bytes([0, n])).decode(),
            "encoding": "base64",
            "executable": False,
        }
        for n in range(binaries)
    ]


@pytest.mark.parametrize(("texts", "binaries"), [(1, 0), (30, 0), (300, 0), (1, 1), (30, 3), (300, 30)])
def test_a_pull_request_takes_six_calls_and_one_for_each_binary_file(acme: Acme, texts: int, binaries: int) -> None:
    acme.calls()
    given = {"repoUrl": "github.com/acme/apps", "title": "Add", "files": files(texts, binaries)}

    made = acme.run("propose-change", given)

    apps = "/repos/acme/apps"
    assert acme.calls() == [
        f"GET {apps}",
        f"GET {apps}/branches/main",
        *([f"POST {apps}/git/blobs"] * binaries),
        f"POST {apps}/git/trees",
        f"POST {apps}/git/commits",
        f"POST {apps}/git/refs",
        f"POST {apps}/pulls",
    ]
    assert len(acme.repository("apps").files(made["branch"])) == 5 + texts + binaries
    assert len(acme.repository("apps").git.commits(made["branch"])) == 2


def test_files_that_shall_stay_executable_if_they_were_take_one_call_more(acme: Acme) -> None:
    text = [{"path": f"new/{number}.txt", "content": "x"} for number in range(30)]
    acme.calls()

    acme.run("propose-change", {"repoUrl": "github.com/acme/apps", "title": "Add", "files": text})

    made = acme.calls()
    assert (len(made), made[2].startswith("GET /repos/acme/apps/git/trees/")) == (7, True)


def test_a_folder_for_a_named_branch_takes_six_calls_too_though_nothing_may_be_replaced(acme: Acme) -> None:
    baked = tuple(BakedFile(f"x/{number:02}.txt", b"text\n") for number in range(30))
    folder = acme.effects.results.keep(BakedTree("x", baked, {"x": None}))
    acme.calls()

    acme.run(
        "propose-change",
        {"repoUrl": "github.com/acme/apps", "title": "Add", "folder": folder, "targetPath": "x", "baseBranch": "main"},
    )

    assert [call.split()[0] for call in acme.calls()] == ["GET", "GET", "POST", "POST", "POST", "POST"]


@pytest.mark.parametrize(("texts", "binaries"), [(1, 0), (30, 0), (300, 0), (30, 3)])
def test_a_repository_takes_six_calls_and_one_for_each_binary_file(acme: Acme, texts: int, binaries: int) -> None:
    acme.calls()

    acme.run("publish-repository", {"repoUrl": "github.com/acme/new", "files": files(texts, binaries)})

    made = acme.calls()
    assert len(made) == 6 + binaries, made
    assert len(acme.repository("new").git.commits("main")) == 1


@pytest.mark.parametrize(("texts", "binaries"), [(1, 0), (30, 0), (300, 0), (30, 3)])
def test_a_commit_takes_six_calls_and_one_for_each_binary_file(acme: Acme, texts: int, binaries: int) -> None:
    acme.calls()

    given = {"repoUrl": "github.com/acme/apps", "commitMessage": "Add", "files": files(texts, binaries)}
    acme.run("commit-change", given)

    made = acme.calls()
    assert len(made) == 6 + binaries, made


def test_equal_binaries_are_uploaded_once(acme: Acme) -> None:
    same = {"content": base64.b64encode(b"\0same").decode(), "encoding": "base64"}
    given = [{"path": name, **same} for name in "abc"]

    acme.run("commit-change", {"repoUrl": "github.com/acme/apps", "commitMessage": "Add", "files": given})

    assert len([call for call in acme.calls() if call.endswith("/git/blobs")]) == 1


def test_more_than_one_call_takes_is_written_in_portions_to_one_commit(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenedock.effects.github.repository.ENTRIES_PER_TREE", 10)
    given = {"repoUrl": "github.com/acme/apps", "commitMessage": "Add", "files": files(25, 0), "delete": ["billing"]}

    acme.run("commit-change", given)

    assert len([call for call in acme.calls() if call == "POST /repos/acme/apps/git/trees"]) == 3
    assert len(acme.repository("apps").files("main")) == 27
    assert len(acme.repository("apps").git.commits("main")) == 2


@pytest.mark.parametrize(("texts", "binaries"), [(1, 0), (300, 0), (300, 30)])
def test_on_gitlab_a_merge_request_takes_two_calls_and_git_the_same_whatever_the_change(
    on_gitlab: AcmeOnGitLab, texts: int, binaries: int
) -> None:
    on_gitlab.calls()

    on_gitlab.run("propose-change", {"repoUrl": "apps", "title": "Add", "files": files(texts, binaries)})

    assert counted(on_gitlab) == PROPOSED


@pytest.mark.parametrize(("texts", "binaries"), [(1, 0), (300, 30)])
def test_on_gitlab_a_project_takes_as_many_calls_whatever_is_in_it(
    on_gitlab: AcmeOnGitLab, texts: int, binaries: int
) -> None:
    on_gitlab.calls()

    on_gitlab.run("publish-repository", {"repoUrl": "new", "files": files(texts, binaries)})

    assert counted(on_gitlab) == PUBLISHED
    assert len(on_gitlab.repository("new").git.commits("main")) == 1


@pytest.mark.parametrize(("texts", "binaries"), [(1, 0), (300, 30)])
def test_on_gitlab_a_commit_takes_one_call_and_git(on_gitlab: AcmeOnGitLab, texts: int, binaries: int) -> None:
    on_gitlab.calls()

    given = {"repoUrl": "apps", "commitMessage": "Add", "files": files(texts, binaries)}
    on_gitlab.run("commit-change", given)

    assert counted(on_gitlab) == COMMITTED


def counted(company: AcmeOnGitLab) -> dict[str, int]:
    """How often the API was called, and git's server."""
    calls = company.calls()
    api = [call for call in calls if "/api/v4/" in call]
    return {"API": len(api), "git": len(calls) - len(api)}
