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
            ["the data folder {data} can't be written, so nothing is kept: the user 7 has no permission"],
        ),
        ({"data"}, True, ["the data folder {data} can't be written: the user 7 has no permission"]),
        ({"sessions"}, False, ["{data}/sessions, in the data folder, can't be written: the user 7 has no permission"]),
        ({"tasks.db"}, False, ["{data}/tasks.db, in the data folder, can't be written: the user 7 has no permission"]),
    ],
)
def test_only_what_is_ours_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unwritable: set[str], *, has_database: bool, said: list[str]
) -> None:
    data = tmp_path / "data"
    for name in ("lost+found", "sessions"):
        (data / name).mkdir(parents=True)
    (data / "usr").symlink_to("/usr")
    (data / "tasks.db").touch()
    monkeypatch.setattr(os, "access", lambda path, *_, **__: path.name not in unwritable)
    monkeypatch.setattr(os, "geteuid", lambda: 7)

    expected = [f"{each.format(data=data)}. {MAKE_WRITABLE}" for each in said]
    assert [str(each) for each in DataFolder(data, has_database=has_database).reasons()] == expected


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
