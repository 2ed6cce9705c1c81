"""Result folders: kept once, found by their name or signed address alone."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scenedock.effects.backstage.signing_keys import shared_signing_key
from scenedock.effects.bakes.result_folders import ResultFolders
from scenedock.effects.tasks.effects import milliseconds_now
from scenedock.effects.tasks.storage.database import Database, database_address
from scenedock.effects.tasks.storage.folder_table import FolderTable
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.errors import InputError, NotFoundError
from scenedock.gitops.changes import NewFile
from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from scenedock.structs import replace

NOW = 1_000_000.0
TREE = BakedTree(
    "billing",
    (BakedFile("billing/README.md", b"# Billing\n"), BakedFile("billing/bin/run", b"#!/bin/sh\n", 0o755)),
    {"billing": None, "billing/bin": None, "billing/empty": 0o700},
)


@pytest.fixture
def results(tmp_path: Path) -> Iterator[ResultFolders]:
    key = shared_signing_key(tmp_path / "key.pem")
    with closing(Database(database_address("", tmp_path))) as database:
        database.write(migrate)
        table = FolderTable(database, milliseconds_now)
        yield ResultFolders(lambda: table, "http://folders", key, 100, 5_000, tmp_path / "former", lambda: NOW)


def reference(results: ResultFolders, name: str) -> str:
    return str(results.url(name)).rstrip("/").rpartition("/")[2]


def test_the_files_of_a_result_are_those_of_its_tree_under_whatever_name_it_had(results: ResultFolders) -> None:
    files = (NewFile("README.md", b"# Billing\n", False), NewFile("bin/run", b"#!/bin/sh\n", True))  # noqa: FBT003

    assert results.files(results.keep(TREE)) == files


def test_results_that_differ_in_anything_have_names_of_their_own(results: ResultFolders) -> None:
    readme, run = TREE.files
    others = [
        replace(TREE, folders={**TREE.folders, "billing/other": None}),
        replace(TREE, folders={**TREE.folders, "billing/bin": 0o700}),
        replace(TREE, files=(readme, replace(run, mode=0o644))),
        replace(TREE, files=(readme, replace(run, content=b""))),
        replace(TREE, files=(readme, replace(run, path="billing/bin/ran"))),
        replace(TREE, files=(readme,)),
        replace(TREE, files=(readme, replace(run, link=True))),
    ]

    assert len({results.keep(tree) for tree in (TREE, *others)}) == 8
    assert results.keep(TREE) == results.keep(TREE)


def test_a_result_that_is_too_large_is_refused_with_the_setting_to_raise(results: ResultFolders) -> None:
    large = replace(TREE, files=(BakedFile("billing/noise", os.urandom(6_000)),))

    with pytest.raises(InputError, match=r"billing has 6,\d{3} bytes when compressed; at most 5,000 .*FOLDERS_BYTES"):
        results.keep(large)
    assert results.keep(replace(TREE, files=(BakedFile("billing/nothing", bytes(6_000)),)))


def test_an_address_is_valid_for_as_long_as_it_says(results: ResultFolders) -> None:
    name = results.keep(TREE)
    ref = reference(results, name)

    for later in (0, 100):
        replace(results, clock=lambda: NOW + later).check(name, ref)  # noqa: B023
    with pytest.raises(NotFoundError, match="may have expired"):
        replace(results, clock=lambda: NOW + 101).check(name, ref)


def test_only_an_address_that_we_have_signed_leads_to_a_folder(results: ResultFolders) -> None:
    name = results.keep(TREE)
    until, signature = reference(results, name).split("-")

    results.check(name, f"{until}-{signature}")
    for ref in (f"{until}-{'0' * 32}", f"{int(until) + 1}-{signature}", f"{until}-{signature}0", "main", ""):
        with pytest.raises(NotFoundError):
            results.check(name, ref)


def test_a_signed_address_of_nothing_leads_nowhere(results: ResultFolders) -> None:
    with pytest.raises(NotFoundError):
        results.check("0" * 32, reference(results, "0" * 32))


def test_without_an_address_of_ours_there_is_none_of_a_result(results: ResultFolders) -> None:
    assert replace(results, address="").url("0" * 32) is None


@pytest.mark.parametrize("name", ["..", ".", "", "0" * 31, "0" * 32, "0" * 33, "A" * 32, "../results"])
def test_no_other_name_finds_a_folder(results: ResultFolders, name: str) -> None:
    if name != "0" * 32:
        (results.former / name).mkdir(parents=True, exist_ok=True)

    for find in (results.archive, results.files, lambda name: results.read_below(name, "README.md")):
        with pytest.raises(NotFoundError, match="there is no such folder"):
            find(name)


def test_what_is_below_a_result_is_read_and_nothing_else(results: ResultFolders) -> None:
    name = results.keep(TREE)

    for path in ("README.md", "./bin/../README.md"):
        assert results.read_below(name, path) == b"# Billing\n"
    for path in ("../../secret", "/etc/passwd", "bin", "nope", "", f"../{name}x/f"):
        with pytest.raises(NotFoundError, match="the folder has no file"):
            results.read_below(name, path)


def test_links_of_a_result_are_kept_and_followed(results: ResultFolders) -> None:
    links = (BakedFile("billing/about", b"bin/../README.md", link=True), BakedFile("billing/tools", b"bin", link=True))
    name = results.keep(replace(TREE, files=tuple(sorted((*TREE.files, *links)))))

    assert [(each.path, each.content) for each in results.files(name) if each.link] == [
        ("about", b"bin/../README.md"),
        ("tools", b"bin"),
    ]
    assert results.read_below(name, "about") == b"# Billing\n"
    assert results.read_below(name, "tools/run") == b"#!/bin/sh\n"
    with tarfile.open(fileobj=io.BytesIO(results.archive(name))) as tar:
        assert {each.name: each.linkname for each in tar if each.issym()} == {
            f"{name}/about": "bin/../README.md",
            f"{name}/tools": "bin",
        }


def test_an_archive_is_one_directory_with_the_permissions_of_the_tree(results: ResultFolders) -> None:
    name = results.keep(TREE)

    with tarfile.open(fileobj=io.BytesIO(results.archive(name))) as tar:
        members = {each.name: oct(each.mode) for each in tar}
    assert members == {
        name: "0o755",
        f"{name}/bin": "0o755",
        f"{name}/empty": "0o700",
        f"{name}/README.md": "0o644",
        f"{name}/bin/run": "0o755",
    }


def test_what_an_earlier_release_has_left_on_the_disk_is_read_without_its_links(
    results: ResultFolders, tmp_path: Path
) -> None:
    name = "0123456789abcdef" * 2
    (tmp_path / "secret").write_text("secret")
    (results.former / name / "bin").mkdir(parents=True)
    (results.former / name / "bin" / "run").write_bytes(b"#!/bin/sh\n")
    (results.former / name / "bin" / "run").chmod(0o755)
    (results.former / name / "link").symlink_to(tmp_path / "secret")
    (results.former / name / "above").symlink_to(tmp_path)
    os.mkfifo(results.former / name / "pipe")

    results.check(name, reference(results, name))
    assert results.files(name) == (NewFile("bin/run", b"#!/bin/sh\n", True),)  # noqa: FBT003
    assert results.archive(name) == results.archive(name)
