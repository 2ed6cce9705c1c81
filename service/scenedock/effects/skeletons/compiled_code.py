"""The compiled code of skeletons in a private folder, so that a new process needn't compile them again."""

from __future__ import annotations

import errno
import hashlib
import marshal
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from secrets import token_hex
from types import CodeType
from typing import IO, Final

from scenedock.effects.local.disk import BESIDE, is_left_over
from scenedock.skeletons.sandbox.template_code import TemplateCode
from scenedock.skeletons.skeleton import Skeleton
from scenedock.structs import dataclass

_MOST: Final = 64
"""Files that are kept: as many versions as a process keeps compiled."""


@dataclass(frozen=True, slots=True)
class CompiledCodeFolder:
    """A folder of code, a file for each version of a skeleton. It is the only place from which such code is loaded.

    What is in it runs with our rights. So a folder or file that anybody else owns or may write to is not read, whoever
    owns the folders above it: what is looked at is what is open. A file that is damaged, or that other versions of
    Jinja, Python, Scenedock or of what it compiles with have written, is as good as none.
    """

    folder: Path

    def of(self, skeleton: Skeleton) -> TemplateCode:
        """The code of a skeleton, as far as it is here; what is compiled later is written here, too."""
        file = hashlib.sha256(_RULES + skeleton.digest.encode()).hexdigest()
        return TemplateCode(self._load(file), partial(self._save, file))

    def _load(self, file: str) -> Mapping[bytes, CodeType]:
        try:
            with self._opened() as folder, _opened_file(file, os.O_RDONLY, folder) as stream:
                data = stream.read() if _is_ours(os.fstat(stream.fileno()), stat.S_IFREG) else b""
        except OSError:
            return {}
        digest, body = data[:32], data[32:]
        if hashlib.sha256(body).digest() != digest:
            return {}
        codes: Mapping[bytes, CodeType] = marshal.loads(body)  # noqa: S302 - a private file that we have written
        return codes

    def _save(self, file: str, codes: Mapping[bytes, CodeType]) -> None:
        """Write a file; a disk that can't is no error, for then it is compiled again."""
        body = marshal.dumps(dict(codes))
        beside = f"{BESIDE}{token_hex(8)}"
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._opened() as folder:
                try:
                    with _opened_file(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, folder) as stream:
                        stream.write(hashlib.sha256(body).digest() + body)
                    os.replace(beside, file, src_dir_fd=folder, dst_dir_fd=folder)
                finally:
                    with suppress(FileNotFoundError):
                        os.unlink(beside, dir_fd=folder)
                _remove_oldest(folder)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """The folder itself, not what has its name later; nobody else owns it, or may write to it."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if not _is_ours(os.fstat(folder), stat.S_IFDIR):
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(self.folder))
            yield folder
        finally:
            os.close(folder)


def _opened_file(name: str, flags: int, folder: int) -> IO[bytes]:
    """A file in an open folder, not one that a link leads to; a pipe or the like isn't waited for."""
    file = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600, dir_fd=folder)
    return os.fdopen(file, "rb" if flags == os.O_RDONLY else "wb")


def _remove_oldest(folder: int) -> None:
    """Remove all files but the newest, and what a process left that was killed while it wrote; no folder goes."""
    with os.scandir(folder) as entries:
        files = [(each.stat(follow_symlinks=False), each.name) for each in entries if not each.is_dir()]
    files.sort(key=lambda file: file[0].st_mtime_ns, reverse=True)
    whole = [name for _, name in files if not name.startswith(BESIDE)]
    left = [name for facts, name in files if name.startswith(BESIDE) and is_left_over(facts)]
    for name in (*whole[_MOST:], *left):
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)


def _is_ours(state: os.stat_result, kind: int) -> bool:
    return stat.S_IFMT(state.st_mode) == kind and state.st_uid == os.geteuid() and not state.st_mode & 0o022


def _rules() -> bytes:
    """What decides which code a template is compiled to, besides the skeleton: our sandbox, and what it is made with.

    Jinja calls filters of constants when it compiles, so what these make of them is in the code.
    """
    digest = hashlib.sha256(sys.version.encode())
    for name in ("jinja2", "markupsafe", "python-slugify"):
        digest.update(f" {name} {version(name)}".encode())
    for file in sorted(files("scenedock.skeletons.sandbox").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    return digest.digest()


_RULES: Final = _rules()
"""As of the import: the code that runs is as old as that, whatever an upgrade in place has written since."""
