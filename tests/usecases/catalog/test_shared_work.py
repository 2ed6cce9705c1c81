"""What a fork doesn't give is read, and mapped, by the process itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.local import forked
from scenedock.usecases.catalog.export_catalog import map_catalog, read_repositories
from tests.scenarios.repositories import plant


@pytest.mark.parametrize("given", [[], [None], ["nonsense", ([], {})]])
def test_what_a_fork_lost_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[object]) -> None:
    names = ("billing", "checkout", "search", "shipping")
    root = plant(tmp_path / "apps", {f"{name}/Chart.yaml": f"name: {name}\nversion: 1.0.0\n" for name in names})

    @contextmanager
    def lost(_work: Callable[[], Iterable[object]]) -> Iterator[Callable[[], Iterator[object]]]:
        yield lambda: iter(given)

    alone = map_catalog(read_repositories({"apps": RepositoryFolder(root)}))
    monkeypatch.setattr(forked, "forked", lost)
    monkeypatch.setattr(forked, "can_fork", lambda: True)
    together = map_catalog(read_repositories({"apps": RepositoryFolder(root)}, jobs=2), jobs=2)

    assert together.repositories[0].folders == alone.repositories[0].folders
    assert together.findings == alone.findings
    assert together.entities == alone.entities
    assert [each.path for each in together.repositories[0].folders] == list(names)


def test_a_small_repository_is_read_by_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = plant(tmp_path / "apps", {"billing/Chart.yaml": "name: billing\nversion: 1.0.0\n"})
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("it forked"))

    assert map_catalog(read_repositories({"apps": RepositoryFolder(root)}, jobs=None), jobs=None).entities
