"""A git server without an API gets branches and commits by one push; the token is in no argument and no address."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from scenedock.runtime.settings import Settings
from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from tests.publishing.company import APPS
from tests.publishing.step import Step
from tests.scenarios.repositories import ENVIRONMENT, plant
from tests.tools.command import run_scenedock
from tests.tools.effects import effects_with
from tests.tools.git_server import GitServer, git, git_server

TOKEN = "glpat-canary-0123456789"  # noqa: S105 - it opens nothing
HOST = """hosts:
  - host: git.acme.example
    type: git
    api: {address}
    owners: [platform/charts]
    username: robot
    token_file: token
    direct_commits: [platform/charts/*]
    author: {{name: Scenedock, email: scenedock@acme.example}}
"""
URL = "git.acme.example/platform/charts/apps"
TAG: dict[str, Any] = {"edits": [{"path": "billing/values.yaml", "set": {"image.tag": "1.4.0"}}]}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "git") as running:
        running.token = TOKEN
        (tmp_path / "git" / "platform" / "charts").mkdir(parents=True)
        commit(running, APPS)
        yield running


@pytest.fixture
def step(server: GitServer, tmp_path: Path) -> Step:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    (tmp_path / "hosts.yaml").write_text(HOST.format(address=server.address), encoding="utf-8")
    return Step(effects_with(Settings(data=tmp_path / "data", code_hosts=tmp_path / "hosts.yaml")))


def commit(server: GitServer, files: dict[str, str]) -> None:
    """Somebody else's next commit of apps."""
    server.commit("platform/charts/apps.git", files)
    git(server.root / "platform" / "charts" / "apps.git", "config", "http.receivepack", "true")


def shown(server: GitServer, revision: str, name: str = "apps") -> str:
    return git(server.root / "platform" / "charts" / f"{name}.git", "show", revision)


def refs(server: GitServer, name: str = "apps") -> list[str]:
    return git(server.root / "platform" / "charts" / f"{name}.git", "for-each-ref", "--format=%(refname)").split()


def test_a_change_is_pushed_as_a_branch_and_found_again(server: GitServer, step: Step) -> None:
    files = [
        {"path": "bin/x", "content": "AAEC", "encoding": "base64", "executable": True},
        {"path": 'a "b" ü', "content": ""},
    ]
    given = {
        "repoUrl": URL,
        "title": "billing 1.4.0",
        **TAG,
        "files": files,
        "delete": ["NOTES.md"],
        "rename": [{"from": "billing/run.sh", "to": "bin/run.sh"}],
    }

    made = step.run("propose-change", given)

    assert (made["changed"], made["pullRequestUrl"], made["state"]) == (True, None, None)
    assert "tag: '1.4.0'" in shown(server, f"{made['branch']}:billing/values.yaml")
    listed = git(server.root / "platform/charts/apps.git", "ls-tree", "-r", "-z", made["branch"]).split("\0")
    kept = {line.partition("\t")[2]: line[:6] for line in listed if line}
    assert kept == {
        "README.md": "100644",
        'a "b" ü': "100644",
        "billing/qa.yaml": "100644",
        "billing/values.yaml": "100644",
        "bin/run.sh": "100755",
        "bin/x": "100755",
    }
    about = shown(server, made["branch"])
    assert "Author: Scenedock <scenedock@acme.example>" in about
    assert "Requested-by: user:default/jane\n    Scenedock-Task: task-1/step-1" in about
    assert step.run("propose-change", given, again=True)["commitHash"] == made["commitHash"]
    assert len(refs(server)) == 2


def test_links_of_a_baked_folder_are_links_in_the_commit(server: GitServer, step: Step) -> None:
    files = (BakedFile("ledger/bin/run", b"#!/bin/sh\n", 0o755), BakedFile("ledger/tools", b"bin", link=True))
    folder = step.effects.results.keep(BakedTree("ledger", files, {"ledger": None, "ledger/bin": None}))

    made = step.run("propose-change", {"repoUrl": URL, "title": "Add", "folder": folder, "targetPath": "ledger"})

    listed = git(server.root / "platform/charts/apps.git", "ls-tree", "-r", made["branch"], "ledger").splitlines()
    assert [(line[:6], line.partition("\t")[2]) for line in listed] == [
        ("100755", "ledger/bin/run"),
        ("120000", "ledger/tools"),
    ]
    assert shown(server, f"{made['branch']}:ledger/tools") == "bin"


@pytest.mark.usefixtures("step")
def test_the_catalog_files_are_one_branch_that_is_pushed_only_if_something_changed(
    server: GitServer, tmp_path: Path
) -> None:
    apps = plant(tmp_path / "apps", {"billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n"})
    git(apps, "init", "--quiet", "--initial-branch=main")
    git(apps, "remote", "add", "origin", f"https://{URL}.git")
    command = ["catalog", "export", str(apps), "--in-place", "--propose", "--quiet"]
    environment = {**ENVIRONMENT, "SCENEDOCK_CODE_HOSTS": str(tmp_path / "hosts.yaml")}
    commits = []
    for name in ("billing", "billing", "cart"):
        plant(apps, {f"{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n"})
        done = run_scenedock(command, environment)
        assert done.returncode == 0, done.stderr
        commits.append(shown(server, "scenedock/catalog").splitlines()[0])

    assert (commits[0] == commits[1], commits[1] == commits[2]) == (True, False)
    assert refs(server) == ["refs/heads/main", "refs/heads/scenedock/catalog"]
    assert "name: cart" in shown(server, "scenedock/catalog:cart/catalog-info.yaml")
    assert shown(server, "scenedock/catalog^").splitlines()[0] == shown(server, "main").splitlines()[0]


def test_a_branch_of_somebody_else_stays(server: GitServer, step: Step) -> None:
    git(server.root / "platform" / "charts" / "apps.git", "branch", "feature", "main")

    for again in (False, True):
        with pytest.raises(ConflictError, match="'feature' that isn't only an earlier change of"):
            step.run("propose-change", {"repoUrl": URL, "title": "x", "branch": "feature", **TAG}, again=again)


def test_a_commit_goes_to_the_branch_once_and_after_what_came_meanwhile(server: GitServer, step: Step) -> None:
    given = {"repoUrl": URL, "commitMessage": "billing 1.4.0", **TAG}
    moved: list[str] = []

    def move(path: str) -> None:
        if path.endswith("git-receive-pack") and not moved:
            moved.append(path)
            commit(server, {**APPS, "other": "x\n"})

    server.before = move
    made = step.run("commit-change", given)
    again = step.run("commit-change", given, again=True)

    assert (moved != [], again) == (True, made)
    log = git(server.root / "platform" / "charts" / "apps.git", "log", "--format=%s", "main")
    assert log.split("\n") == ["billing 1.4.0", "x", "x"]
    assert shown(server, "main:other") == "x"


def test_the_same_change_by_somebody_else_is_a_conflict(server: GitServer, step: Step) -> None:
    changed: list[str] = []

    def move(path: str) -> None:
        if path.endswith("git-receive-pack"):
            files = {**APPS, "billing/values.yaml": "image: {tag: 9}\n"}
            changed.append(server.commit("platform/charts/apps.git", files))
            commit(server, {**files, "other": "x\n"})

    server.before = move
    with pytest.raises(
        ConflictError, match=r"changed the same on main: billing/values.yaml \([0-9a-f]{12} x\)"
    ) as told:
        step.run("commit-change", {"repoUrl": URL, "commitMessage": "x", **TAG})

    assert changed[0][:12] in str(told.value)


def test_an_empty_repository_is_filled_once_and_another_never(server: GitServer, step: Step) -> None:
    server.create("platform/charts/new.git")
    given = {"repoUrl": "git.acme.example/platform/charts/new", "files": [{"path": "a", "content": "b"}]}

    first = step.run("publish-repository", given)

    assert step.run("publish-repository", given, again=True) == first
    assert (refs(server, "new"), shown(server, "main:a", "new")) == (["refs/heads/main"], "b")
    with pytest.raises(ConflictError, match="isn't empty; it is not changed"):
        step.run("publish-repository", {**given, "repoUrl": URL})
    with pytest.raises(InputError, match="a plain git server: it supports files, not topics"):
        step.run("publish-repository", {**given, "topics": ["x"]})


def test_a_push_that_a_hook_refuses_is_told_in_its_words(server: GitServer, step: Step) -> None:
    hook = server.root / "platform" / "charts" / "apps.git" / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)

    with pytest.raises(NotAllowedError, match=r"refuses a push to 'main': hook declined"):
        step.run("commit-change", {"repoUrl": URL, "commitMessage": "x", **TAG})


def test_wrong_tokens_missing_repositories_and_silent_servers_are_told(server: GitServer, step: Step) -> None:
    with pytest.raises(NotFoundError, match="doesn't exist, or our credentials"):
        step.run("commit-change", {"repoUrl": "git.acme.example/platform/charts/none", "commitMessage": "x", **TAG})
    server.token = "other"  # noqa: S105
    with pytest.raises(NotAllowedError, match=r"doesn't accept the credentials") as told:
        step.run("commit-change", {"repoUrl": URL, "commitMessage": "x", **TAG})
    assert TOKEN not in str(told.value)
    server.redirect_to = "http://169.254.169.254"
    with pytest.raises(NotFoundError, match="has another address"):
        step.run("commit-change", {"repoUrl": URL, "commitMessage": "x", **TAG})


def test_the_token_is_in_no_argument_and_left_nowhere(
    server: GitServer, step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    popen = subprocess.Popen

    def noted(command: list[str], **options: Any) -> Any:
        started.append(repr(command))
        return popen(command, **options)

    monkeypatch.setattr("scenedock.effects.git.confined_git.subprocess.Popen", noted)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)

    step.run("propose-change", {"repoUrl": URL, "title": "x", **TAG})

    assert len(started) > 5
    assert [command for command in started if TOKEN in command or "Authorization" in command] == []
    assert list((tmp_path / "temporary").iterdir()) == []
