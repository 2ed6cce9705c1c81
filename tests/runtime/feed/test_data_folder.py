"""What readiness says of the data folder: of what is ours in it, and without waiting for a look that hangs."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from scenedock.effects.local.disk import MAKE_WRITABLE
from scenedock.runtime.feed import data_folder
from scenedock.runtime.feed.data_folder import DataFolder


@pytest.mark.parametrize(
    ("unwritable", "has_database", "said"),
    [
        ({"lost+found", "usr"}, False, []),
        (
            {"data"},
            False,
            ["the data folder (SCENEDOCK_DATA) can't be written, so nothing is kept: the user 7 has no permission"],
        ),
        ({"data"}, True, ["the data folder (SCENEDOCK_DATA) can't be written: the user 7 has no permission"]),
        (
            {"sessions"},
            False,
            ["sessions, in the data folder (SCENEDOCK_DATA), can't be written: the user 7 has no permission"],
        ),
        (
            {"tasks.db"},
            False,
            ["tasks.db, in the data folder (SCENEDOCK_DATA), can't be written: the user 7 has no permission"],
        ),
    ],
)
def test_only_what_is_ours_counts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    unwritable: set[str],
    *,
    has_database: bool,
    said: list[str],
) -> None:
    data = tmp_path / "data"
    for name in ("lost+found", "sessions"):
        (data / name).mkdir(parents=True)
    (data / "usr").symlink_to("/usr")
    (data / "tasks.db").touch()
    monkeypatch.setattr(os, "access", lambda path, *_, **__: path.name not in unwritable)
    monkeypatch.setattr(os, "geteuid", lambda: 7)

    expected = [f"{each}. {MAKE_WRITABLE}" for each in said]
    folder = DataFolder(data, has_database=has_database)
    assert [[str(each) for each in folder.reasons()] for _ in range(2)] == [expected] * 2
    assert [str(data) in line for line in caplog.messages] == [True] * len(said), "the log alone names it, once"


def test_a_folder_above_is_told_without_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    monkeypatch.setattr(os, "geteuid", lambda: 7)
    why = "the user 7 has no permission (of a folder above it)"

    (said,) = DataFolder(tmp_path / "a" / "data", has_database=True).reasons()

    assert str(said) == f"the data folder (SCENEDOCK_DATA) can't be written: {why}. {MAKE_WRITABLE}"


def test_while_a_look_hangs_the_last_one_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, looks = threading.Event(), threading.Event()

    def look(folder: Path, _: object) -> tuple[Path, str]:
        looks.set()
        hangs.wait(10)
        return folder, "gone"

    monkeypatch.setattr(data_folder, "why_unwritable", look)
    data = DataFolder(tmp_path, has_database=True)
    hung = threading.Thread(target=data.reasons)
    hung.start()
    try:
        assert looks.wait(10)
        assert data.reasons() == ()
    finally:
        hangs.set()
        hung.join()
    assert [each.code for each in data.reasons()] == ["data-unwritable"]
