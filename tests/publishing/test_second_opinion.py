"""The main flow on somebody else's GitHub, npm's `emulate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenedock.effects.github.repository import GitHubRepository
from scenedock.errors import ConflictError
from scenedock.model.code_hosts.code_host import read_repository
from scenedock.runtime.settings import Settings
from tests.fakes.github.emulate import emulate
from tests.publishing.step import Step
from tests.tools.effects import effects_with

HOSTS = """hosts:
  - {{host: github.com, type: github, api: "{url}", owners: [acme], token_file: token, direct_commits: [acme/*]}}
"""


def test_a_repository_a_pull_request_and_a_commit_are_the_same_elsewhere(tmp_path: Path) -> None:
    with emulate(tmp_path, "acme", "ada", ["bob"]) as other:
        (tmp_path / "token").write_text(other.token, encoding="utf-8")
        (tmp_path / "hosts.yaml").write_text(HOSTS.format(url=other.url), encoding="utf-8")
        step = Step(effects_with(Settings(data=tmp_path / "data", code_hosts=tmp_path / "hosts.yaml")))
        where = {"repoUrl": "github.com/acme/billing"}
        values = {"path": "values.yaml", "content": "image: {tag: 1.0.0}\n"}
        files = [values, {"path": "logo", "content": "AAEC", "encoding": "base64"}]
        files.append({"path": "run.sh", "content": "#!/bin/sh\n", "executable": True})  # type: ignore[dict-item]

        first = step.run("publish-repository", {**where, "files": files, "topics": ["helm"], "description": "Bills"})
        tag = {**where, "title": "1.1.0", "edits": [{"path": "values.yaml", "set": {"image.tag": "1.1.0"}}]}
        pull = step.run("propose-change", {**tag, "labels": ["deploy"], "reviewers": ["bob"]}, task="propose")
        tidy = {**where, "commitMessage": "Tidy", "delete": ["logo"]}
        commit = step.run("commit-change", tidy, task="commit")

        assert step.run("publish-repository", {**where, "files": files}, again=True) == first
        assert step.run("propose-change", tag, again=True, task="propose") == pull
        assert step.run("commit-change", tidy, again=True, task="commit") == commit
        with pytest.raises(ConflictError, match=r"already a repository .*; it is not changed"):
            step.run("publish-repository", {**where, "files": files}, task="task-2")
        with step.effects.code_hosts.open(read_repository(where["repoUrl"])) as repository:
            assert isinstance(repository, GitHubRepository)
            head, proposed = repository.head("main"), repository.head(pull["branch"])
            assert head
            assert proposed
            listing = repository.listing(proposed, ())
            assert {path: file.mode for path, file in repository.listing(head, ()).items()} == {
                "run.sh": "100755",
                "values.yaml": "100644",
            }
            assert repository.read(listing["values.yaml"]) == b"image: {tag: 1.1.0}\n"
            assert repository.read(listing["logo"]) == b"\0\1\2"
            assert (head.commit, repository.settings and repository.settings.get().description) == (
                commit["commitHash"],
                "Bills",
            )
