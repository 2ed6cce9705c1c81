"""A folder on disk is listed completely and safely, and a remote of git is an address without secrets."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scenedock.effects.git.commands import GitAddress
from scenedock.effects.git.repositories import MOST_BYTES, RepositoryFolder
from scenedock.errors import InputError, NotFoundError
from tests.scenarios.repositories import clone, git


def test_files_are_listed_sorted_by_their_paths_without_gits(tmp_path: Path) -> None:
    for name in ("b/x", "a", "b-c", ".git/config", "node_modules/m/Chart.yaml", ".hidden/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert RepositoryFolder(tmp_path).listing().files == (".hidden/y", "a", "b-c", "b/x")


def test_links_are_listed_and_told_apart_by_where_they_lead(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    (root / "folder").mkdir(parents=True)
    (root / ".git").mkdir()
    for path in (tmp_path / "elsewhere", root / "file", root / ".git/config"):
        path.touch()
    targets = {
        "inside": "file",
        "twice": "inside",
        "to-folder": "folder",
        "to-root": ".",
        "absolute": str(root / "file"),
        "out": "../elsewhere",
        "dangling": "nothing",
        "loop": "loop",
        "device": "/dev/null",
        "secrets": ".git/config",
    }
    for name, target in targets.items():
        (root / name).symlink_to(target)

    listing = RepositoryFolder(root).listing()

    assert listing.files == ("absolute", "dangling", "device", "file", "inside", "loop", "out", "secrets", "twice")
    assert sorted(listing.outside) == ["dangling", "device", "loop", "out", "secrets"]


def test_what_is_no_file_is_not_listed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Chart.yaml")
    (tmp_path / "values.yaml").mkdir()

    assert RepositoryFolder(tmp_path).listing().files == ()


def test_paths_that_are_not_unicode_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "caf\udce9").mkdir()
    (tmp_path / "caf\udce9/Chart.yaml").touch()

    listing = RepositoryFolder(tmp_path).listing()

    assert (listing.files, listing.unnameable) == ((), (r"caf\udce9/Chart.yaml",))


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NotFoundError, match="nothing: there is no such folder; pass the root of a repository"):
        RepositoryFolder(tmp_path / "nothing").listing()
    with pytest.raises(InputError, match="file: this is not a folder; pass the root of a repository"):
        RepositoryFolder(tmp_path / "file").listing()


def test_a_bare_repository_is_no_empty_folder(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", tmp_path], check=True)

    with pytest.raises(InputError, match="this is a bare git repository, without files; pass --ref to read a branch"):
        RepositoryFolder(tmp_path).listing()


@pytest.mark.parametrize("name", ["a" * 300, "nul\0", "loop"])
def test_what_can_be_no_folder_is_an_input_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(InputError, match="can't be read: "):
        RepositoryFolder(tmp_path / name).listing()


def test_half_a_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:  # root may read everything, so let the system call refuse
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(InputError, match="secret: can't be read: Permission denied; check its permissions"):
        RepositoryFolder(tmp_path).listing()


def test_what_vanishes_while_a_folder_is_read_has_no_wrong_permissions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(_path: str) -> object:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "scandir", vanish)

    with pytest.raises(InputError, match="vanished while it was read: No such file or directory; try again"):
        RepositoryFolder(tmp_path).signature()


def test_a_file_that_has_gone_or_may_not_be_read_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="can't be read: No such file or directory"):
        RepositoryFolder(tmp_path).read("gone")

    def refuse(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match="can't be read: Permission denied"):
        RepositoryFolder(tmp_path).read("secret")


def test_the_size_of_a_file_is_checked_before_it_is_read(tmp_path: Path) -> None:
    for name, size in (("huge", 1 << 40), ("largest", MOST_BYTES)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)

    with pytest.raises(InputError, match="has 1,099,511,627,776 bytes, and at most 16,777,216 of a file are read"):
        RepositoryFolder(tmp_path).read("huge")
    assert len(RepositoryFolder(tmp_path).read("largest")) == MOST_BYTES


def test_a_file_that_grows_while_it_is_read_ends_somewhere() -> None:
    with pytest.raises(InputError, match="at most 16,777,216 of a file are read"):
        RepositoryFolder(Path("/dev")).read("zero")  # says that it has no bytes


def test_the_signature_of_a_folder_changes_with_any_file_and_with_what_git_says(tmp_path: Path) -> None:
    folder = RepositoryFolder(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "dangling").symlink_to("nothing")
    signatures = [folder.signature()]
    for path, text in (("a", ""), ("a", "longer"), (".git/config", "[remote]"), ("b", ""), (".git/HEAD", "ref: x")):
        (tmp_path / path).write_text(text)
        signatures.append(folder.signature())
    os.utime(tmp_path / "a", (1, 1))

    assert folder.signature() not in signatures
    assert len(set(signatures)) == 6
    assert folder.signature() == folder.signature()


@pytest.mark.parametrize("where", ["clone", "folder", "worktree"])
def test_the_signature_of_a_folder_changes_with_the_commit_alone(tmp_path: Path, where: str) -> None:
    root = clone(tmp_path / "apps")
    if where == "worktree":
        git(root, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"))
        root = tmp_path / "tree"
    folder = RepositoryFolder(root / "billing" if where == "folder" else root)
    signatures = [folder.signature()]
    for message in ("second", "third"):
        git(root, "-c", "user.name=J", "-c", "user.email=j@a.test", "commit", "-q", "--allow-empty", "-m", message)
        signatures.append(folder.signature())
    git(root, "pack-refs", "--all")

    assert len(set(signatures)) == 3
    assert folder.signature() not in signatures


def test_of_a_folder_in_no_clone_git_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "apps" / "billing"
    folder.mkdir(parents=True)
    monkeypatch.setenv("PATH", "")

    assert RepositoryFolder(folder).address() == GitAddress()
    (folder / ".git").mkdir()
    assert RepositoryFolder(folder).address().problem.startswith("git isn't installed")
