"""The virtual environments of the tests' tools work where they are put, or there is an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.venv import venv


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "scenedock"


def a_lock(folder: Path, text: str) -> Path:
    lock = folder / "requirements.txt"
    lock.write_text(f"--no-index\n{text}", encoding="utf-8")
    return lock


def test_it_has_a_python_of_its_own_that_sees_none_of_our_packages(tmp_path: Path) -> None:
    python = venv(a_lock(tmp_path, "")) / "bin" / "python"
    program = "import importlib.util, sys; print(sys.version_info[:2], sys.prefix, importlib.util.find_spec('pytest'))"

    said = subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout

    assert said == f"{sys.version_info[:2]} {python.parent.parent} None\n"


def test_another_lock_makes_another_one(tmp_path: Path) -> None:
    assert venv(a_lock(tmp_path, "# one\n")) != venv(a_lock(tmp_path, "# other\n"))


def test_what_can_not_be_installed_is_an_error_with_the_command_to_try(cache: Path, tmp_path: Path) -> None:
    lock = a_lock(tmp_path, f"nothing-of-this-name==1.0 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(
        RuntimeError, match=f"(?s){lock}.*nothing-of-this-name.*To try it yourself: .* uv .*pip install"
    ):
        venv(lock)

    assert [path for path in cache.iterdir() if path.suffix != ".lock"] == []
