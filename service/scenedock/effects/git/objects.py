"""Objects of a git repository, from git's plumbing commands: the entries of a tree, and the contents of blobs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from scenedock.effects.git.repositories import MOST_BYTES, check_size
from scenedock.effects.git.runner import start_git, users_environment
from scenedock.errors import InputError
from scenedock.model.file_paths import is_utf8
from scenedock.structs import dataclass, field

LIST_TREE: Final = ("ls-tree", "-r", "-t", "-z", "--full-tree")
"""The command whose output `tree_entries` reads; `--long` adds sizes."""


class TreeEntry(NamedTuple):
    """An entry of a tree. `mode` has six digits; `path` contains surrogates if its bytes aren't UTF-8.

    `size` is in bytes, and known for blobs that were listed with `--long`.
    """

    path: str
    mode: str
    kind: str
    id: str
    size: int = 0

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == "120000"

    @property
    def is_text_named(self) -> bool:
        """Whether its path is UTF-8."""
        return is_utf8(self.path)


def tree_entries(listed: bytes) -> Iterator[TreeEntry]:
    """The entries in git's output for `LIST_TREE`."""
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        about, tab, path = line.partition("\t")
        if tab:
            mode, kind, object_id, *size = about.split()
            yield TreeEntry(path, mode, kind, object_id, int(size[0]) if size and size[0].isdecimal() else 0)


@dataclass(slots=True)
class BlobReader:
    """Reads blobs of a repository with one git process, which starts on the first read and ends with the `with`.

    git says the size of a blob before its content, and hands a large one over without having it in memory.
    """

    root: Path
    environment: Mapping[str, str] = field(default_factory=users_environment)
    most: int = MOST_BYTES
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with suppress(OSError):
                        pipe.close()  # without reading what is left in it
            self._process.wait()
            self._process = None

    def read(self, blob: str) -> bytes:
        """The content of a blob, by its id, or by `TREE:PATH`.

        Raises
        ------
        InputError   the repository lacks it, it has more than `most` bytes, or git doesn't answer
        """
        try:
            if self._process is None:
                arguments = ("-c", f"core.bigFileThreshold={self.most}", "cat-file", "--batch")
                self._process = start_git(self.root, arguments, self.environment, errors=subprocess.DEVNULL)
            requests, answers = self._process.stdin, self._process.stdout
            if requests is None or answers is None:
                raise InputError("can't be read: git has no pipes")
            requests.write(f"{blob}\n".encode())
            requests.flush()
            header = answers.readline().split()
            if len(header) != 3:
                raise InputError("can't be read: the git repository lacks its contents")
            if header[1] != b"blob":
                self._end()
                raise InputError("can't be read: it isn't a file")
            size = int(header[2])
            if size > self.most:
                self._end()  # else it would send all of it
            check_size(size, self.most)
            return answers.read(size + 1)[:-1]
        except OSError as error:
            raise InputError(f"can't be read: git: {error.strerror or error}") from error
