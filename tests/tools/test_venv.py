"""The virtual environments of the tests' tools are whole, or there is an error."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tools.venv import venv


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "scenedock"


def a_lock(folder: Path, text: str) -> Path:
    lock = folder / "requirements.txt"
    lock.write_text(f"--no-index\n{text}", encoding="utf-8")
    return lock


def test_one_that_was_left_half_made_is_made_anew(cache: Path, tmp_path: Path) -> None:
    lock = a_lock(tmp_path, "")
    made = venv(lock)
    (made / "whole").unlink()
    (made / "bin" / "python").unlink()

    assert venv(lock) == made

    subprocess.run([made / "bin" / "python", "-c", ""], check=True)


def test_one_that_is_whole_is_left_alone(cache: Path, tmp_path: Path) -> None:
    lock = a_lock(tmp_path, "")
    made = venv(lock)
    (made / "mark").touch()

    assert (venv(lock) / "mark").exists()


def test_another_lock_makes_another_one(cache: Path, tmp_path: Path) -> None:
    assert venv(a_lock(tmp_path, "# one\n")) != venv(a_lock(tmp_path, "# other\n"))


def test_what_can_not_be_installed_is_an_error_with_the_command_to_try(cache: Path, tmp_path: Path) -> None:
    lock = a_lock(tmp_path, f"nothing-of-this-name==1.0 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(
        RuntimeError, match=f"(?s){lock}.*nothing-of-this-name.*To try by hand: .*-m pip --python .* install"
    ):
        venv(lock)

    assert list(cache.glob("*/whole")) == []
