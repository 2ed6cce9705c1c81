"""A skeleton in a working copy comes from a commit, if that has the same files and others can fetch it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scenedock.effects.skeletons.library import SkeletonLibrary
from scenedock.effects.skeletons.repositories import SkeletonRepositories
from scenedock.skeletons.rendering.provenance import Provenance
from scenedock.skeletons.sources import SkeletonSource

REMOTE = "https://reader:hunter2-secret@git.acme.example/platform/skeletons.git"
PROJECT = "{{cookiecutter.slug}}"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
    done = subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A working copy with a skeleton in `charts/demo`, which was pushed."""
    skeleton = tmp_path / "copy" / "charts" / "demo"
    (skeleton / PROJECT).mkdir(parents=True)
    (skeleton / "cookiecutter.json").write_text('{"slug": "s"}')
    (skeleton / PROJECT / "run.sh").write_text("#!/bin/sh\n")
    (skeleton / PROJECT / "run.sh").chmod(0o755)
    (skeleton / PROJECT / "copy").symlink_to("run.sh")
    root = tmp_path / "copy"
    (root / ".gitignore").write_text("*.log\n")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "remote", "add", "origin", REMOTE)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=Begin")
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    return root


def origin(root: Path) -> Provenance:
    """What a list that names the folder says of its origin."""
    source = SkeletonSource("demo", path=str(root / "charts"), directory="demo")
    library = SkeletonLibrary((source,), root, None, SkeletonRepositories(root.parent / "cache"))
    return library.open("demo").provenance


def test_a_pushed_commit_with_the_same_files_is_the_origin_without_credentials(copy: Path) -> None:
    made = origin(copy)

    assert (made.source, made.directory) == ("https://git.acme.example/platform/skeletons", "charts/demo")
    assert (made.commit, made.scenedock) == (git(copy, "rev-parse", "HEAD"), "")
    assert made.digest.startswith("sha256:")


def test_a_change_elsewhere_in_the_working_copy_doesnt_matter(copy: Path) -> None:
    (copy / "README.md").write_text("changed")

    assert origin(copy).commit


def changed(root: Path) -> None:
    (root / "charts" / "demo" / PROJECT / "run.sh").write_text("#!/bin/bash\n")


def added(root: Path) -> None:
    (root / "charts" / "demo" / PROJECT / "new").write_text("")


def ignored(root: Path) -> None:
    (root / "charts" / "demo" / PROJECT / "x.log").write_text("")


def no_longer_executable(root: Path) -> None:
    (root / "charts" / "demo" / PROJECT / "run.sh").chmod(0o644)


def not_pushed(root: Path) -> None:
    added(root)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=More")


def without_a_remote(root: Path) -> None:
    git(root, "remote", "remove", "origin")


@pytest.mark.parametrize("change", [changed, added, ignored, no_longer_executable, not_pushed, without_a_remote])
def test_what_others_cant_fetch_has_only_a_digest(copy: Path, change: Callable[[Path], None]) -> None:
    change(copy)

    made = origin(copy)

    assert (made.source, made.commit, made.directory) == ("", "", "")
    assert made.digest.startswith("sha256:")


def test_a_folder_outside_of_git_has_only_a_digest(copy: Path) -> None:
    (copy / ".git").rename(copy.parent / "elsewhere")

    assert origin(copy).commit == ""


def test_the_skeletons_of_a_release_name_it_and_others_in_their_place_dont(copy: Path) -> None:
    repositories = SkeletonRepositories(copy.parent / "cache")
    shipped = SkeletonLibrary((), copy, copy / "charts", repositories, release="0.9.0").open("demo").provenance
    listed = SkeletonSource("demo", path=str(copy / "charts" / "demo"))
    replaced = SkeletonLibrary((listed,), copy, copy / "charts", repositories, release="0.9.0").open("demo").provenance
    other = SkeletonLibrary((), copy, copy / "charts", repositories).open("demo").provenance

    assert (shipped.scenedock, shipped.commit) == ("0.9.0", "")
    assert [(each.scenedock, bool(each.commit)) for each in (replaced, other)] == [("", True), ("", True)]
    assert shipped.digest == replaced.digest == other.digest
