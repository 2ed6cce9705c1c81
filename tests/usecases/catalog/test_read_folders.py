"""What a fork doesn't give is read by the process itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.usecases.catalog.export_catalog import read_repositories
from scenedock.usecases.catalog.reading import read_folders
from tests.scenarios.repositories import plant


@pytest.mark.parametrize("given", [[], [None], ["nonsense", ([], {})]])
def test_folders_that_a_fork_lost_are_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[object]
) -> None:
    names = ("billing", "checkout", "search", "shipping")
    root = plant(tmp_path / "apps", {f"{name}/Chart.yaml": f"name: {name}\nversion: 1.0.0\n" for name in names})

    @contextmanager
    def lost(_work: Callable[[], Iterable[object]]) -> Iterator[Callable[[], Iterator[object]]]:
        yield lambda: iter(given)

    alone = read_repositories({"apps": RepositoryFolder(root)})
    monkeypatch.setattr(read_folders, "forked", lost)
    monkeypatch.setattr(read_folders, "can_fork", lambda: True)
    together = read_repositories({"apps": RepositoryFolder(root)}, jobs=2)

    assert together.contents[0].folders == alone.contents[0].folders
    assert together.findings == alone.findings
    assert [each.path for each in together.contents[0].folders] == list(names)


def test_a_small_repository_is_read_by_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = plant(tmp_path / "apps", {"billing/Chart.yaml": "name: billing\nversion: 1.0.0\n"})
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("it forked"))

    assert read_repositories({"apps": RepositoryFolder(root)}, jobs=None).contents
