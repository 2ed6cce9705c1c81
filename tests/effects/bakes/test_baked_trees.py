"""A bake on disk is whole or not there."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from scenedock.effects.bakes import baked_trees
from scenedock.effects.bakes.baked_trees import write_tree
from scenedock.errors import ConflictError, InputError
from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from scenedock.structs import replace

TREE = BakedTree(
    "p",
    (BakedFile("p/a.sh", b"a", 0o755), BakedFile("p/sub/b.txt", b"b", 0o640)),
    {"p": None, "p/empty": 0o750, "p/sub": None},
)


def listed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_files_and_folders_are_written_with_their_modes(tmp_path: Path) -> None:
    assert write_tree(TREE, tmp_path / "new" / "out") == tmp_path / "new" / "out" / "p"

    project = tmp_path / "new" / "out" / "p"
    assert listed(project) == ["a.sh", "empty", "sub", "sub/b.txt"]
    assert (project / "a.sh").stat().st_mode & 0o777 == 0o755
    assert (project / "sub" / "b.txt").stat().st_mode & 0o777 == 0o640
    assert (project / "empty").stat().st_mode & 0o777 == 0o750
    assert listed(tmp_path) == ["new", "new/out", "new/out/p", *(f"new/out/p/{name}" for name in listed(project))]


def test_a_link_is_written_as_it_is_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    links = (BakedFile("p/latest", b"sub", link=True), BakedFile("p/sub/run", b"../a.sh", link=True))

    project = write_tree(replace(TREE, files=tuple(sorted((*TREE.files, *links)))), tmp_path)

    assert {path.name: str(path.readlink()) for path in project.rglob("*") if path.is_symlink()} == {
        "latest": "sub",
        "run": "../a.sh",
    }
    assert (project / "latest" / "run").read_bytes() == b"a"
    assert (project / "a.sh").stat().st_mode & 0o777 == 0o755


def test_what_exists_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "mine.txt").write_text("mine")

    with pytest.raises(ConflictError, match="exists already"):
        write_tree(TREE, tmp_path)

    assert listed(tmp_path) == ["p", "p/mine.txt"]


def test_what_is_overwritten_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "p" / "sub").mkdir(parents=True)
    (tmp_path / "p" / "sub" / "mine.txt").write_text("mine")

    write_tree(TREE, tmp_path, overwrite=True)

    assert listed(tmp_path) == ["p", "p/a.sh", "p/empty", "p/sub", "p/sub/b.txt"]


@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_on_the_way_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, exists: bool
) -> None:
    if exists:
        (tmp_path / "out" / "p").mkdir(parents=True)
        (tmp_path / "out" / "p" / "mine.txt").write_text("mine")
    before = listed(tmp_path)

    def full(path: str, content: bytes, mode: int, withheld: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(baked_trees, "_write", full)

    with pytest.raises(InputError, match="No space left on device"):
        write_tree(TREE, tmp_path / "out", overwrite=True)
    assert listed(tmp_path) == before


def test_the_old_project_is_put_back_where_the_new_one_cannot_be_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "mine.txt").write_text("mine")
    rename = Path.rename

    def fail_for_the_new_one(path: Path, target: Path) -> Path:
        if path.suffix == ".tmp":
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new_one)

    with pytest.raises(InputError, match="Input/output error"):
        write_tree(TREE, tmp_path, overwrite=True)
    assert listed(tmp_path) == ["p", "p/mine.txt"]


def test_what_somebody_else_puts_there_meanwhile_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = baked_trees.fill_folder

    def fill_slowly(tree: BakedTree, folder: Path) -> None:
        fill(tree, folder)
        (tmp_path / "p").mkdir()
        (tmp_path / "p" / "theirs.txt").write_text("theirs")

    monkeypatch.setattr(baked_trees, "fill_folder", fill_slowly)

    with pytest.raises(ConflictError, match="exists already"):
        write_tree(TREE, tmp_path)
    assert listed(tmp_path) == ["p", "p/theirs.txt"]


def test_a_disk_that_takes_only_a_part_of_a_file_is_an_error(tmp_path: Path) -> None:
    tree = BakedTree("p", (BakedFile("p/a.txt", b"x" * 5000),), {"p": None})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        with pytest.raises(InputError, match="File too large"):
            write_tree(tree, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert listed(tmp_path) == []


def test_a_link_or_a_file_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "p").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="is not a folder"):
        write_tree(TREE, tmp_path / "out", overwrite=True)
    (tmp_path / "out" / "p").unlink()
    (tmp_path / "out" / "p").write_text("a file")
    with pytest.raises(InputError, match="is not a folder"):
        write_tree(TREE, tmp_path / "out", overwrite=True)

    assert listed(tmp_path / "elsewhere") == []
