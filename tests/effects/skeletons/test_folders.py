"""Skeletons in local folders: what is part of one, and when it has changed."""

from __future__ import annotations

import compileall
from itertools import pairwise
from pathlib import Path

import pytest

from scenedock.effects.skeletons.folders import folder_version, read_skeleton
from scenedock.skeletons.rendering.bake import bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton

ROOT = "{{cookiecutter.slug}}"


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    folder = tmp_path / "skeleton"
    (folder / ROOT / "src").mkdir(parents=True)
    (folder / "cookiecutter.json").write_text('{"slug": "s", "_copy_without_render": ["copied"]}')
    (folder / ROOT / "src" / "app.py").write_text("print()\n")
    (folder / ROOT / "copied").mkdir()
    (folder / ROOT / "copied" / "as_it_is.py").write_text("print()\n")
    return folder


def compile_python(folder: Path) -> None:
    """Leave byte code beside every Python file, in both places that Python knows."""
    assert compileall.compile_dir(folder, quiet=1)
    assert compileall.compile_dir(folder, quiet=1, legacy=True)
    assert len(list(folder.rglob("*.pyc"))) == 4


def test_byte_code_is_no_part_of_it(skeleton: Path) -> None:
    before = read_skeleton(skeleton, "demo")
    compile_python(skeleton)
    after = read_skeleton(skeleton, "demo")

    assert after == before
    assert after.digest == before.digest
    tree, _ = bake(CompiledSkeleton(after), {})
    assert [file.path for file in tree.files] == ["s/copied/as_it_is.py", "s/src/app.py"]


def test_byte_code_that_appears_makes_no_new_version_of_it(skeleton: Path) -> None:
    version = folder_version(skeleton)
    compile_python(skeleton)

    assert folder_version(skeleton) == version


def test_a_change_makes_a_new_version_of_it(skeleton: Path) -> None:
    file, empty = skeleton / ROOT / "src" / "app.py", skeleton / ROOT / "empty"
    versions = [folder_version(skeleton)]
    for change in (
        lambda: file.write_text("print(1)\n"),
        lambda: file.chmod(0o755),
        lambda: file.rename(file.with_name("main.py")),
        empty.mkdir,
        lambda: empty.chmod(0o700),
        empty.rmdir,
    ):
        change()
        versions.append(folder_version(skeleton))

    assert [now == then for then, now in pairwise(versions)] == [False] * 6
