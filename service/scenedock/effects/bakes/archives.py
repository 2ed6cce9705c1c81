"""Archives that callers send: a gzipped tar or a zip archive, read in memory, as the tree of a result folder."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above, refusal, without_dots
from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from scenedock.skeletons.rendering.result_links import wrong_link

MOST_FILES = 10_000
MOST_BYTES = 64 * 1024 * 1024
"""The maximum size of an unpacked archive."""
_ROOT = "folder"
_UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,  # gzip.BadGzipFile is one
    OverflowError,
    ValueError,
)
"""What the libraries raise for a damaged archive; all of it is in memory, so no file of ours is meant."""

_Entry = tuple[str, int, bytes | None]
"""The path of an entry, its mode with the type of a file as Unix has it, and its content; None for a folder."""


def read_archive(data: bytes) -> BakedTree:
    """The files and folders of an archive. Its root has another name than the archive's: only what is in it counts.

    If a path occurs twice, the last one counts, as for `tar`. Of the modes, only the executable bit is kept.

    Raises
    ------
    InputError   it is neither a gzipped tar nor a zip archive, is damaged or too large, or contains a device, no file
                 at all, or a path or a link that leaves the folder
    """
    files: dict[str, BakedFile] = {}
    folders: dict[str, None] = {_ROOT: None}
    try:
        for name, mode, content in _entries(data):
            path = _checked(name)
            full = f"{_ROOT}/{path}" if path else _ROOT
            if content is None:
                folders[full] = None
            else:
                link = stat.S_ISLNK(mode)
                files[full] = BakedFile(full, content, 0o755 if mode & 0o111 and not link else 0o644, link)
                folders |= dict.fromkeys(folders_above(full))
            if len(files) + len(folders) > MOST_FILES:
                raise InputError(f"the archive has more than {MOST_FILES} files and folders")
    except _UNREADABLE as error:
        raise InputError(f"the archive can't be read: {error}") from None
    if not files:
        raise InputError("the archive contains no file")
    if both := sorted(files.keys() & folders.keys()):
        raise InputError(f"{both[0].removeprefix(f'{_ROOT}/')!r} is both a file and a folder in the archive")
    texts = {path: file.content.decode("utf-8", "surrogateescape") for path, file in files.items() if file.link}
    inside = len(_ROOT) + 1
    links = {path[inside:]: text for path, text in texts.items()}
    if said := wrong_link(links, {path[inside:] for path in files.keys() - texts.keys()}):
        raise InputError(f"the archive can't be used: {said}")
    return BakedTree(_ROOT, tuple(sorted(files.values())), dict(sorted(folders.items())))


def _entries(data: bytes) -> Iterator[_Entry]:
    if data[:2] == b"\x1f\x8b":
        yield from _tar_entries(_decompressed(data))
    elif data[:4] == b"PK\x03\x04":
        yield from _zip_entries(data)
    else:
        raise InputError("the body is neither a gzipped tar archive (`tar -czf`) nor a zip archive")


def _decompressed(data: bytes) -> bytes:
    """The tar archive in gzipped data, without ever holding more than a byte over `MOST_BYTES` of it."""
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        unpacked = stream.read(MOST_BYTES + 1)
    if len(unpacked) > MOST_BYTES:
        raise _too_large()
    return unpacked


def _tar_entries(data: bytes) -> Iterator[_Entry]:
    left = MOST_BYTES
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for member in tar:
            left -= member.size  # more than the archive has, in a file with holes
            if left < 0:
                raise _too_large()
            if member.isreg():
                stream = tar.extractfile(member)
                content = stream.read() if stream else b""
                if len(content) != member.size:
                    raise EOFError("it ends too early")
                yield member.name, stat.S_IMODE(member.mode), content
            elif member.isdir():
                yield member.name, member.mode, None
            elif member.issym():
                yield member.name, stat.S_IFLNK, member.linkname.encode("utf-8", "surrogateescape")
            else:
                raise _special(member.name)


def _zip_entries(data: bytes) -> Iterator[_Entry]:
    left = MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
                raise _special(info.filename)
            if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise InputError(f"{info.filename!r} in the archive is not compressed with `deflate`; use that")
            if info.flag_bits & 1:
                raise InputError(f"{info.filename!r} in the archive is encrypted; send it without a password")
            if info.filename.endswith("/"):
                yield info.filename, mode, None
                continue
            with archive.open(info) as stream:
                content = stream.read(left + 1)
            left -= len(content)
            if left < 0:
                raise _too_large()
            yield info.filename, mode, content


def _checked(name: str) -> str:
    """The path of an entry in the folder; empty for the folder itself."""
    if refused := refusal(name):
        raise InputError(f"the path {name[:200]!r} in the archive can't be used: {refused.reason}")
    return without_dots(name)


def _special(name: str) -> InputError:
    return InputError(f"{name[:200]!r} in the archive is neither a file, a folder nor a symbolic link; leave it out")


def _too_large() -> InputError:
    return InputError(f"the archive has more than {MOST_BYTES // 1_048_576} MiB when unpacked")
