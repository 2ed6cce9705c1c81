"""An archive that a caller sends becomes a folder, whatever made it, and nothing else."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.effects.bakes import archives
from scenedock.effects.bakes.archives import read_archive
from scenedock.errors import InputError
from scenedock.skeletons.rendering.output import BakedTree
from tests.tools.archives import tar, zipped


def paths(tree: BakedTree) -> list[str]:
    return [file.path.removeprefix(f"{tree.root}/") for file in tree.files]


PACKERS = pytest.mark.parametrize("pack", [tar, zipped])


@PACKERS
def test_files_and_folders_come_out_as_they_went_in(pack: Callable[..., bytes]) -> None:
    tree = read_archive(pack({"./": None, "./README.md": b"# x\n", "bin/logo": b"\0\1", "empty": None}))

    assert [(file.content, file.mode) for file in tree.files] == [(b"# x\n", 0o644), (b"\0\1", 0o644)]
    assert (paths(tree), sorted(tree.folders)) == (["README.md", "bin/logo"], ["folder", "folder/bin", "folder/empty"])


def test_of_the_mode_only_the_executable_bit_is_kept() -> None:
    for packed in (tar({"run": b"#!"}, 0o4750), zipped({"run": b"#!"}, 0o104750)):
        assert [file.mode for file in read_archive(packed).files] == [0o755]


def test_what_tar_has_written_twice_is_there_once() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for content in (b"old", b"new"):
            member = tarfile.TarInfo("a")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))

    assert [file.content for file in read_archive(packed.getvalue()).files] == [b"new"]


@PACKERS
@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a/../../x", "a\\b", "C:x", ".git/config", "a/.GIT/hooks/x", "a\nb"]
)
def test_a_path_that_leaves_the_folder_is_refused(pack: Callable[..., bytes], path: str) -> None:
    with pytest.raises(InputError, match="in the archive can't be used"):
        read_archive(pack({"a": b"", path: b"x"}))


@pytest.mark.parametrize(
    "packed",
    [
        tar({"a": b""}, type=tarfile.LNKTYPE, linkname="b"),
        tar({"a": b""}, type=tarfile.CHRTYPE),
        tar({"a": b""}, type=tarfile.FIFOTYPE),
        zipped({"a": b""}, 0o020644),
    ],
)
def test_hard_links_and_devices_are_refused(packed: bytes) -> None:
    with pytest.raises(InputError, match="'a' in the archive is neither a file, a folder nor a symbolic link"):
        read_archive(packed)


def linked(link: str, target: str, *, in_zip: bool) -> bytes:
    """An archive with the files `a` and `docs/b`, and a link."""
    packed = io.BytesIO()
    if in_zip:
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content, mode in (("a", "", 0o100644), ("docs/b", "", 0o100644), (link, target, 0o120777)):
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                archive.writestr(info, content)
        return packed.getvalue()
    with tarfile.open(fileobj=packed, mode="w:gz") as tarred:
        for name in ("a", "docs/b"):
            tarred.addfile(tarfile.TarInfo(name))
        member = tarfile.TarInfo(link)
        member.type, member.linkname = tarfile.SYMTYPE, target
        tarred.addfile(member)
    return packed.getvalue()


@pytest.mark.parametrize("in_zip", [False, True])
@pytest.mark.parametrize(("link", "target"), [("x", "a"), ("docs/x", "../a"), ("x", "docs")])
def test_a_link_that_stays_in_the_folder_stays_a_link(link: str, target: str, *, in_zip: bool) -> None:
    tree = read_archive(linked(link, target, in_zip=in_zip))

    assert [(file.path, file.content) for file in tree.files if file.link] == [(f"folder/{link}", target.encode())]
    assert paths(tree) == sorted(["a", "docs/b", link])


@pytest.mark.parametrize("in_zip", [False, True])
@pytest.mark.parametrize(
    ("link", "target", "words"),
    [
        ("x", "/etc/passwd", "'/etc/passwd' can't be used: 'x' leaves"),
        ("docs/x", "../../a", "'../../a' can't be used: 'docs/x' leaves"),
        ("x", "../folder/a", "leaves the"),
        ("x", "nothing", "doesn't exist"),
        ("x", "x", "in a circle"),
        ("docs/x", "../docs", "never ends"),
        ("x", "\udcff", "doesn't exist"),
        ("docs", "/", "'docs' is both a file and a folder"),
        ("../x", "a", "contains `..`"),
    ],
)
def test_a_link_that_leaves_the_folder_or_leads_to_nothing_is_refused(
    link: str, target: str, words: str, *, in_zip: bool
) -> None:
    packed = linked(link, target if not in_zip else target.replace("\udcff", "none"), in_zip=in_zip)

    with pytest.raises(InputError) as refused:
        read_archive(packed)

    assert words in str(refused.value)


def test_a_mode_that_lies_makes_no_link_of_a_file() -> None:
    assert [file.link for file in read_archive(tar({"a": b"/etc/passwd"}, 0o120777)).files] == [False]


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (b"", "neither a gzipped tar archive"),
        (b"hello", "neither a gzipped tar archive"),
        (b"\x1f\x8b", "ended before the end"),
        (b"\x1f\x8bxxxxxxxxxxxxxxxxx", "can't be read"),
        (tar({"a": b"x" * 9_000})[:-20], "ended before the end"),
        (gzip.compress(b"not a tar archive at all", mtime=0), "can't be read"),
        (b"PK\x03\x04 and no more", "can't be read"),
        (tar({"a": None}), "contains no file"),
        (tar({"a": b"", "a/b": b""}), "'a' is both a file and a folder"),
        (tar({".": b"x"}), "'folder' is both a file and a folder"),
    ],
)
def test_what_is_no_archive_is_refused_with_the_reason(packed: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_archive(packed)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_of_compression_are_refused(method: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a", b"x")

    with pytest.raises(InputError, match="not compressed with `deflate`"):
        read_archive(packed.getvalue())


@PACKERS
@given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_archive_is_read_or_refused(
    pack: Callable[..., bytes],
    where: float,
    byte: int,
    cut: bool,  # noqa: FBT001 - drawn
) -> None:
    packed = bytearray(pack({"a/b": b"text" * 9, "c": None}))
    at = int(where * len(packed))
    packed[at] = byte

    with suppress(InputError):
        assert read_archive(bytes(packed[:at] if cut else packed)).root == "folder"


@given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_damaged_tar_in_sound_gzip_is_read_or_refused(where: float, byte: int) -> None:
    raw = bytearray(zlib.decompress(tar({"a/b": b"text" * 9, "c": None}), wbits=31))
    raw[int(where * 2_000)] = byte

    with suppress(InputError):
        assert read_archive(gzip.compress(bytes(raw), 1)).root == "folder"


def test_an_encrypted_archive_is_refused() -> None:
    packed = bytearray(zipped({"a": b"x"}))
    packed[6] |= 1  # the flag in the file's own header, and in the list at the end
    packed[packed.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(InputError, match="encrypted"):
        read_archive(bytes(packed))


def test_an_archive_that_is_large_when_unpacked_is_refused_before_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 1_000_000)
    zeros = bytes(10_000_000)

    for packed in (tar({"a": zeros}), zipped({"a": zeros}), gzip.compress(zeros) * 2):
        assert len(packed) < 50_000
        with pytest.raises(InputError, match="when unpacked"):
            read_archive(packed)


def test_a_file_with_holes_doesnt_take_the_memory_that_it_claims() -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a")
        member.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.map": "0,1", "GNU.sparse.size": str(10**12)}
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))

    with pytest.raises(InputError, match="when unpacked"):
        read_archive(gzip.compress(raw.getvalue()))


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 10)

    with pytest.raises(InputError, match="more than 10 files"):
        read_archive(tar({str(number): b"" for number in range(12)}))


def test_a_gzip_of_several_parts_is_read_to_the_end() -> None:
    raw = zlib.decompress(tar({"a": b"x" * 2_000}), wbits=31)

    assert paths(read_archive(gzip.compress(raw[:700]) + gzip.compress(raw[700:]) + bytes(8))) == ["a"]


def test_a_gzip_of_many_empty_parts_takes_time_in_proportion_to_its_size() -> None:
    def seconds(parts: int) -> float:
        before = time.thread_time()
        assert paths(read_archive(gzip.compress(b"") * parts + tar({"a": b"x"}))) == ["a"]
        return time.thread_time() - before

    assert seconds(80_000) < 30 * seconds(10_000)  # 64 times, if each part copied the rest


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.REGTYPE])
def test_a_header_that_claims_more_than_a_machine_can_count_is_refused(kind: bytes) -> None:
    member = tarfile.TarInfo("a")
    member.type, member.size = kind, 2**80

    with pytest.raises(InputError, match=r"can't be read|when unpacked"):
        read_archive(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(1_024)))
