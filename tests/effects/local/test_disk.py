"""Reading a file says in a person's words why it could not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scenedock.effects.local.disk import cache_folder, read_file, write_file
from scenedock.errors import ConflictError, InputError, NotFoundError


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
        (".", "this is a folder; pass a file in it"),
        ("loop", "can't be read: .*symbolic links"),
        ("file/below", "can't be read: Not a directory"),
        ("a" * 300, "can't be read: File name too long"),
        ("nul\0", "this is not a valid file name"),
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

    with pytest.raises(InputError, match="secret: permission denied; check the permissions"):
        read_file(path)


def _refuse(path: Path) -> bytes:
    raise PermissionError(path)


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_file(tmp_path / "new", "x")
    finally:
        os.umask(mask)
    (tmp_path / "old").touch(mode=0o600)
    write_file(tmp_path / "old", "x")

    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "old")] == [0o640, 0o600]


def test_the_same_text_is_not_written_again(tmp_path: Path) -> None:
    assert write_file(tmp_path / "a", "é\r\n")
    before = (tmp_path / "a").stat()

    assert not write_file(tmp_path / "a", "é\r\n")
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "a").stat()) == ("é\r\n".encode(), before)


def test_nothing_is_left_behind_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("old")

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(InputError, match="a: can't be written: No space left on device"):
        write_file(tmp_path / "a", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


def test_a_folder_that_may_not_be_written_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(InputError, match="a: can't be written: Read-only file system"):
        write_file(tmp_path / "a", "new")


def test_only_what_may_be_replaced_is(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("ours")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "folder").mkdir()

    assert write_file(tmp_path / "ours", "new", may_replace=lambda data: data == b"ours")
    assert write_file(tmp_path / "new", "new", may_replace=lambda _: False)
    for name in ("theirs", "link", "dangling", "folder"):
        with pytest.raises(ConflictError, match=f"{name}: Scenedock did not write this file"):
            write_file(tmp_path / name, "new", may_replace=lambda data: data == b"ours")
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_halves_of_surrogate_pairs_are_written_as_json_escapes(tmp_path: Path) -> None:
    write_file(tmp_path / "a", '"\udcff"')

    assert (tmp_path / "a").read_bytes() == b'"\\udcff"'


def test_who_has_no_home_folder_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31)  # nobody whom the system knows

    with pytest.raises(InputError, match="set HOME or XDG_CACHE_HOME"):
        cache_folder()

    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/scenedock")
