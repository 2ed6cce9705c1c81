"""Results that are folders: kept once, for a while, found by their name alone, and nothing beside them is ever read."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from scenedock.effects.backstage.signing_keys import shared_signing_key
from scenedock.effects.bakes.result_folders import ResultFolders, archive, read_below
from scenedock.errors import InputError, NotFoundError
from scenedock.gitops.changes import NewFile
from scenedock.skeletons.rendering.output import BakedFile, BakedTree

NOW = 1_000_000.0
TREE = BakedTree(
    "billing",
    (BakedFile("billing/README.md", b"# Billing\n"), BakedFile("billing/bin/run", b"#!/bin/sh\n", 0o755)),
    {"billing": None, "billing/bin": None},
)


@pytest.fixture
def results(tmp_path: Path) -> ResultFolders:
    key = shared_signing_key(tmp_path / "key.pem")
    return ResultFolders(tmp_path / "results", "http://folders", key, 100, lambda: NOW)


def test_the_files_of_a_result_are_those_of_its_tree_under_whatever_name_it_had(results: ResultFolders) -> None:
    files = (NewFile("README.md", b"# Billing\n", False), NewFile("bin/run", b"#!/bin/sh\n", True))  # noqa: FBT003

    assert results.files(results.keep(TREE)) == files


def test_results_that_differ_in_anything_have_names_of_their_own(results: ResultFolders) -> None:
    readme, run = TREE.files
    others = [
        replace(TREE, folders={**TREE.folders, "billing/empty": None}),
        replace(TREE, folders={**TREE.folders, "billing/bin": 0o700}),
        replace(TREE, files=(readme, replace(run, mode=0o644))),
        replace(TREE, files=(readme, replace(run, content=b""))),
        replace(TREE, files=(readme, replace(run, path="billing/bin/ran"))),
        replace(TREE, files=(readme,)),
    ]

    assert len({results.keep(tree) for tree in (TREE, *others)}) == 7


def test_a_result_that_is_kept_again_is_kept_for_longer(results: ResultFolders) -> None:
    name = results.keep(TREE)
    os.utime(results.root / name, (NOW - 100, NOW - 100))

    assert results.keep(TREE) == name
    assert (results.root / name).stat().st_mtime > NOW


def test_a_result_is_forgotten_a_minute_after_its_last_address_has_expired(results: ResultFolders) -> None:
    folder = results.folder(results.keep(TREE))

    os.utime(folder, (NOW - 160, NOW - 160))
    results.keep(replace(TREE, files=()))
    assert folder.is_dir()

    os.utime(folder, (NOW - 161, NOW - 161))
    results.keep(replace(TREE, files=()))
    assert not folder.exists()


def test_what_another_replica_forgets_meanwhile_and_what_can_not_be_removed_keep_nobody_waiting(
    results: ResultFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        results.keep(replace(TREE, files=(BakedFile("billing/f", bytes([number])),)))
    names = os.listdir(results.root)  # noqa: PTH208 - in the order in which they are looked at
    for name in names:
        os.utime(results.root / name, (1, 1))

    def clock() -> float:
        shutil.rmtree(results.root / names[1], ignore_errors=True)
        return NOW

    kept = replace(results, clock=clock).keep(TREE)
    assert os.listdir(results.root) == [kept]  # noqa: PTH208

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    os.utime(results.root / kept, (1, 1))
    monkeypatch.setattr("os.rmdir", refuse)
    assert results.folder(results.keep(replace(TREE, files=()))).is_dir()


def test_an_address_is_valid_for_as_long_as_it_says(results: ResultFolders) -> None:
    url = results.url(results.keep(TREE))
    assert url
    name, _, _, ref = url.removeprefix("http://folders/scenedock/").rstrip("/").split("/")

    for later in (0, 100):
        assert replace(results, clock=lambda: NOW + later).signed(name, ref) == results.root / name  # noqa: B023
    with pytest.raises(NotFoundError):
        replace(results, clock=lambda: NOW + 101).signed(name, ref)


def test_only_an_address_that_we_have_signed_leads_to_a_folder(results: ResultFolders) -> None:
    name = results.keep(TREE)
    url = results.url(name)
    assert url
    until, signature = url.rstrip("/").rpartition("/")[2].split("-")

    assert results.signed(name, f"{until}-{signature}") == results.root / name
    for ref in (f"{until}-{'0' * 32}", f"{int(until) + 1}-{signature}", f"{until}-{signature}0", "main", ""):
        with pytest.raises(NotFoundError):
            results.signed(name, ref)


def test_without_an_address_of_ours_there_is_none_of_a_result(results: ResultFolders) -> None:
    assert replace(results, address="").url("0" * 32) is None


@pytest.mark.parametrize("name", ["..", ".", "", "0" * 31, "0" * 33, "A" * 32, "../results"])
def test_no_other_name_finds_a_folder(results: ResultFolders, name: str) -> None:
    results.root.mkdir()

    with pytest.raises(NotFoundError, match="there is no such folder"):
        results.folder(name)


@pytest.mark.parametrize("name", ["A" * 32, "..", "0" * 31])
def test_a_folder_that_is_none_of_ours_is_not_found_though_it_is_there(results: ResultFolders, name: str) -> None:
    (results.root / name).mkdir(parents=True, exist_ok=True)

    with pytest.raises(NotFoundError):
        results.folder(name)


def test_a_link_or_a_pipe_in_a_result_is_not_published(results: ResultFolders, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    name = results.keep(TREE)
    link = results.folder(name) / "link"

    for target in (tmp_path / "secret", "bin", None):
        if target:
            link.symlink_to(target)
        else:
            os.mkfifo(link)
        with pytest.raises(InputError, match="'link' in the folder is no regular file; it can't be published"):
            results.files(name)
        link.unlink()


def test_what_is_below_a_result_is_read_and_nothing_else(results: ResultFolders, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = results.folder(results.keep(TREE))
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "in").symlink_to("README.md")
    (folder.with_name(f"{folder.name}x")).mkdir()
    (folder.with_name(f"{folder.name}x") / "f").touch()

    for path in ("README.md", "./bin/../README.md", "in"):
        assert read_below(folder, path) == b"# Billing\n"
    for path in ("out", "../../secret", str(tmp_path / "secret"), "bin", "nope", f"../{folder.name}x/f"):
        with pytest.raises(NotFoundError):
            read_below(folder, path)


def test_an_archive_of_the_same_files_has_the_same_bytes_and_no_links_or_pipes(results: ResultFolders) -> None:
    folder = results.folder(results.keep(TREE))
    packed = archive(folder)
    os.utime(folder / "README.md", (1, 1))
    os.mkfifo(folder / "pipe")

    assert archive(folder) == packed
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert [name.partition("/")[2] for name in tar.getnames()] == ["README.md", "bin", "bin/run"]
