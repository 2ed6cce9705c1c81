"""Reading a file says in a person's words why it could not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scenedock.effects.disk import read_file
from scenedock.errors import InputError, NotFoundError


def test_a_file_is_read_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\r\n")

    assert read_file(tmp_path / "a") == b"\xff\r\n"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nothing: there is no such file"):
        read_file(tmp_path / "nothing")


def test_a_dangling_link_is_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")

    with pytest.raises(NotFoundError, match="link: there is no such file"):
        read_file(tmp_path / "link")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "this is a folder; name a file in it"),
        ("loop", "can't be read: .*symbolic links"),
        ("file/below", "can't be read: Not a directory"),
        ("a" * 300, "can't be read: File name too long"),
        ("nul\0", "this can't be a file name"),
    ],
)
def test_what_is_no_readable_file_is_an_input_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()

    with pytest.raises(InputError, match=message):
        read_file(tmp_path / name)


def test_a_forbidden_file_names_the_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0o000)
    if os.geteuid() == 0:  # root may read everything, so let the system call refuse
        monkeypatch.setattr(Path, "read_bytes", _refuse)

    with pytest.raises(InputError, match="secret: may not be read; check the permissions"):
        read_file(path)


def _refuse(path: Path) -> bytes:
    raise PermissionError(path)
