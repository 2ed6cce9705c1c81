"""A key file is made once, whole, and read by all."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scenedock.effects.local.key_files import shared_key
from scenedock.errors import InputError


def test_the_first_to_come_makes_the_key_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "our.key"

    assert shared_key(path, lambda: b"first", "our key") == shared_key(path, lambda: b"second", "our key") == b"first"
    assert {each.name for each in path.parent.iterdir()} == {"our.key", ".gitignore"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_hard_links_who_has_the_lock_makes_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", unsupported)
    path = tmp_path / "our.key"

    with ThreadPoolExecutor() as threads, (tmp_path / ".our.key.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        late = threads.submit(shared_key, path, lambda: b"second", "our key")
        with pytest.raises(TimeoutError):
            late.result(timeout=0.2)
        path.write_bytes(b"first")
        fcntl.flock(lock, fcntl.LOCK_UN)

        assert late.result(timeout=60) == b"first"


def test_a_folder_that_cannot_be_written_is_named_with_the_key(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(InputError, match=r"data/our\.key: our key can't be written here: "):
        shared_key(tmp_path / "data" / "our.key", lambda: b"key", "our key")
