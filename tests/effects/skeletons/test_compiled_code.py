"""Compiled templates on disk: they save time, change nothing, and come from nobody else."""

from __future__ import annotations

import hashlib
import importlib.metadata
import marshal
import os
import runpy
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from scenedock.effects.skeletons import compiled_code
from scenedock.effects.skeletons.compiled_code import CompiledCodeFolder
from scenedock.skeletons.rendering.bake import bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.output import BakedTree
from scenedock.skeletons.sandbox.environment import MeteredCode
from tests.skeletons.in_memory import skeleton_of

QUESTIONS = {"name": "shop", "title": "{{ cookiecutter.name|upper }}"}
FILES = {
    "{{cookiecutter.name}}.txt": "{% for i in range(3) %}{{ cookiecutter.title }}{{ i }} {% endfor %}\n",
    "b.txt": "{% import 'b/macros.txt' as m %}{{ m.twice(cookiecutter.name) }}",
    "b/macros.txt": "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}",
}
SKELETON = skeleton_of(QUESTIONS, FILES)


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The names of the templates that are compiled."""
    names: list[str | None] = []
    visit = MeteredCode.visit_Template

    def noted(self: MeteredCode, node: Any, frame: Any = None) -> None:
        names.append(self.name)
        visit(self, node, frame)

    monkeypatch.setattr(MeteredCode, "visit_Template", noted)
    return names


def baked_with(folder: Path, answers: Mapping[str, str] | None = None) -> BakedTree:
    """A bake as a new process does it."""
    compiled = CompiledSkeleton(SKELETON, code=CompiledCodeFolder(folder).of(SKELETON))
    tree, _ = bake(compiled, dict(answers or {}))
    compiled.code.keep()
    return tree


def test_what_one_process_has_compiled_the_next_one_does_not(tmp_path: Path, compilations: list[str | None]) -> None:
    first = baked_with(tmp_path / "code")
    assert "b.txt" in compilations
    compilations.clear()

    again = baked_with(tmp_path / "code", {"name": "till"})

    assert compilations == []
    assert again == bake(CompiledSkeleton(SKELETON), {"name": "till"})[0]
    assert first == bake(CompiledSkeleton(SKELETON), {})[0]


def test_the_folder_and_its_files_are_for_their_owner(tmp_path: Path) -> None:
    baked_with(tmp_path / "code")

    (file,) = (tmp_path / "code").iterdir()
    assert (tmp_path / "code").stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600


def _writable_folder(file: Path) -> None:
    file.parent.chmod(0o777)


def _writable_file(file: Path) -> None:
    file.chmod(0o666)


def _link(file: Path) -> None:
    file.rename(file.parent.parent / "elsewhere")
    file.symlink_to(file.parent.parent / "elsewhere")


def _damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"x")


def _cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20])


def _make_evil(file: Path) -> None:
    evil: dict[bytes, CodeType] = dict.fromkeys(
        marshal.loads(file.read_bytes()[32:]),  # noqa: S302 - our own file
        compile("raise SystemExit('loaded')", "evil", "exec"),
    )
    body = marshal.dumps(evil)
    file.write_bytes(hashlib.sha256(body).digest() + body)


@pytest.mark.parametrize("spoil", [_writable_folder, _writable_file, _link, _damaged, _cut_off])
def test_what_somebody_else_may_have_written_is_not_loaded(
    tmp_path: Path, compilations: list[str | None], spoil: Any
) -> None:
    baked_with(tmp_path / "code")
    (file,) = (tmp_path / "code").iterdir()
    _make_evil(file)
    spoil(file)
    compilations.clear()

    assert baked_with(tmp_path / "code") == bake(CompiledSkeleton(SKELETON), {})[0]
    assert "b.txt" in compilations


def test_nor_is_what_another_user_owns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    baked_with(tmp_path / "code")
    (file,) = (tmp_path / "code").iterdir()
    _make_evil(file)
    with pytest.raises(SystemExit, match="loaded"):
        baked_with(tmp_path / "code")

    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    assert baked_with(tmp_path / "code") == bake(CompiledSkeleton(SKELETON), {})[0]


def test_another_version_of_the_skeleton_has_code_of_its_own(tmp_path: Path) -> None:
    baked_with(tmp_path / "code")
    other = skeleton_of(QUESTIONS, {**FILES, "b.txt": "{{ cookiecutter.title }}"})
    compiled = CompiledSkeleton(other, code=CompiledCodeFolder(tmp_path / "code").of(other))

    assert bake(compiled, {})[0] == bake(CompiledSkeleton(other), {})[0]


def test_a_disk_that_cannot_keep_it_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "code").write_text("a file")

    assert baked_with(tmp_path / "code") == bake(CompiledSkeleton(SKELETON), {})[0]


def test_only_the_newest_versions_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir(mode=0o700)
    for number in range(80):
        (folder / f"{number:02}").touch()
        os.utime(folder / f"{number:02}", (number, number))

    baked_with(folder)

    kept = {each.name for each in folder.iterdir()}
    assert len(kept) == 64
    assert kept.issuperset(map(str, range(17, 80)))


def test_a_folder_that_takes_its_place_while_it_is_looked_at_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = baked_with(tmp_path / "code")
    shutil.copytree(tmp_path / "code", tmp_path / "evil")
    (file,) = (tmp_path / "evil").iterdir()
    _make_evil(file)
    fstat = os.fstat

    def exchanging(opened: int) -> os.stat_result:
        if (tmp_path / "evil").exists():
            (tmp_path / "code").rename(tmp_path / "good")
            (tmp_path / "evil").rename(tmp_path / "code")
        return fstat(opened)

    monkeypatch.setattr(os, "fstat", exchanging)

    assert baked_with(tmp_path / "code") == expected
    assert (tmp_path / "good").exists()


def test_what_is_no_file_of_ours_does_not_stop_the_cleaning(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir(mode=0o700)
    (folder / "a-folder").mkdir()
    (folder / "a-link").symlink_to("/nonexistent")
    (folder / ".scenedock-0123456789abcdef").touch()
    os.utime(folder / ".scenedock-0123456789abcdef", (1, 1))
    (folder / ".scenedock-fedcba9876543210").touch()
    for number in range(80):
        (folder / f"{number:02}").touch()
        os.utime(folder / f"{number:02}", (number, number))

    baked_with(folder)

    kept = {each.name for each in folder.iterdir()}
    assert {"a-folder", ".scenedock-fedcba9876543210"} < kept
    assert ".scenedock-0123456789abcdef" not in kept
    assert len(kept) == 64 + 2


@pytest.mark.parametrize("package", ["jinja2", "python-slugify"])
def test_what_filters_are_made_with_tells_code_from_other_code(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    version = importlib.metadata.version
    before = runpy.run_path(compiled_code.__file__)["_RULES"]

    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1" if name == package else version(name))

    assert runpy.run_path(compiled_code.__file__)["_RULES"] != before
