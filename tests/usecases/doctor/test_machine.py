"""What the doctor says of this machine: helm, clones without history, and a wrong letter in scenedock.yaml."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.clones import RemoteBranch, RepositoryClone
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.helm.program import HelmProgram
from scenedock.usecases.doctor.machine import (
    check_data,
    check_disk,
    check_git,
    check_helm,
    check_history,
    check_remote,
    check_settings_file,
)
from tests.tools.authority import Authority
from tests.tools.helm import helm
from tests.tools.server import free_port


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example", "-c", "init.defaultBranch=main")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = tmp_path / "apps"
    made.mkdir()
    git(made, "init")
    for number in range(3):
        (made / "values.yaml").write_text(f"tag: 1.0.{number}\n")
        git(made, "add", ".")
        git(made, "commit", "--message", f"Release {number}")
    return made


def test_a_helm_that_can_be_used_is_fine_and_one_that_is_missing_or_no_helm_is_not() -> None:
    good = check_helm(HelmProgram(str(helm("4"))), needed=True)
    missing = check_helm(HelmProgram("/nowhere/helm"), needed=True)
    another = check_helm(HelmProgram("true"), needed=False)

    assert [each.verdict for each in (good, missing, another)] == ["ok", "problem", "problem"]
    assert "SCENEDOCK_HELM" in missing.remedy


def test_a_helm_that_nobody_has_named_may_be_missing() -> None:
    missing = check_helm(HelmProgram("/nowhere/helm"), needed=False)

    assert (missing.verdict, "SCENEDOCK_HELM" in missing.remedy) == ("note", True)


def test_a_machine_without_git_is_told_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = check_git()
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = check_git()

    assert [each.verdict for each in (there, missing)] == ["ok", "problem"]
    assert "Install git" in missing.remedy


def test_a_disk_with_little_space_is_told(tmp_path: Path) -> None:
    enough = check_disk(tmp_path / "not" / "there", least=1)
    full = check_disk(tmp_path, least=1 << 62)

    assert [each.verdict for each in (enough, full)] == ["ok", "problem"]
    assert f"{tmp_path} is on a disk with " in full.evidence
    assert "docs/incidents.md" in full.remedy


def test_a_data_folder_that_cannot_be_looked_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: Path) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(Path, "lstat", lost)
    found = check_data(tmp_path), check_disk(tmp_path)

    assert [each.verdict for each in found] == ["problem", "unknown"]
    assert found[0].evidence == f"{tmp_path} can't be written: it can't be read: Stale file handle"
    assert found[1].evidence == f"{tmp_path} can't be read: Stale file handle"


def test_a_shallow_clone_lacks_history_where_it_is_asked_for(repository: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--depth=1", repository.as_uri(), str(shallow))
    whole = check_history("apps", repository, asked=None)
    lacking = check_history("apps", shallow, asked=None)
    of_the_service = check_history("apps", shallow, asked=1_000)
    not_asked = check_history("apps", shallow, asked=0)
    no_clone = check_history("apps", tmp_path, asked=None)

    assert [each.verdict for each in (whole, lacking, of_the_service)] == ["ok", "problem", "problem"]
    assert "git fetch --unshallow" in lacking.remedy
    assert "fetch-depth: 0" in lacking.remedy
    assert [each.verdict for each in (not_asked, no_clone)] == ["ok", "unknown"]


def test_a_clone_of_the_service_with_some_history_is_fine(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--bare", "--depth=2", repository.as_uri(), "clone.git")

    found = check_history("apps", tmp_path / "clone.git", asked=1)

    assert (found.verdict, "has 2 commits" in found.evidence) == ("ok", True)


def test_a_wrong_letter_in_scenedock_yaml_is_shown_with_its_line(repository: Path) -> None:
    absent = check_settings_file("apps", RepositoryFolder(repository))
    (repository / "scenedock.yaml").write_text("branch: main\n")
    right = check_settings_file("apps", RepositoryFolder(repository))
    (repository / "scenedock.yaml").write_text("repository: https://github.com/acme/apps\nbrunch: main\n")
    wrong = check_settings_file("apps", RepositoryFolder(repository))
    gone = check_settings_file("apps", RepositoryFolder(repository / "nowhere"))

    assert [each.verdict for each in (absent, right, wrong, gone)] == ["ok", "ok", "problem", "problem"]
    assert "apps/scenedock.yaml:2" in wrong.evidence
    assert "brunch: there is no such key" in wrong.evidence


def remote(url: str, folder: Path) -> RepositoryClone:
    return RepositoryClone.below(folder, RemoteBranch.read(url))


def test_a_repository_that_git_cannot_reach_is_told(tmp_path: Path) -> None:
    found = check_remote("apps", remote(f"https://127.0.0.1:{free_port()}/acme/apps", tmp_path), CodeHosts())

    assert (found.verdict, bool(found.remedy)) == ("problem", True)


def test_git_meets_a_certificate_of_an_unknown_authority(tmp_path: Path) -> None:
    with Authority.make().served(lambda _environ, _start: [], tmp_path) as url:
        found = check_remote("apps", remote(f"{url}/acme/apps", tmp_path), CodeHosts())

    assert (found.verdict, "SCENEDOCK_CA_FILE" in found.remedy) == ("problem", True), found
