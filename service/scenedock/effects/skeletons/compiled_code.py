"""The compiled code of skeletons in a private folder, so that a new process needn't compile them again."""

from __future__ import annotations

import hashlib
import marshal
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from types import CodeType
from typing import Final

from scenedock.effects.local.disk import new_file_beside
from scenedock.skeletons.sandbox.template_code import TemplateCode
from scenedock.skeletons.skeleton import Skeleton

_MOST: Final = 64
"""Files that are kept: as many versions as a process keeps compiled."""


@dataclass(frozen=True, slots=True)
class CompiledCodeFolder:
    """A folder of code, a file for each version of a skeleton. It is the only place from which such code is loaded.

    What is in it runs with our rights. So a folder or file that anybody else owns or may write to is not read, and a
    file that is damaged, or that other versions of Jinja, Python or Scenedock have written, is as good as none.
    """

    folder: Path

    def of(self, skeleton: Skeleton) -> TemplateCode:
        """The code of a skeleton, as far as it is here; what is compiled later is written here, too."""
        file = self.folder / hashlib.sha256(_rules() + skeleton.digest.encode()).hexdigest()
        return TemplateCode(self._load(file), partial(self._save, file))

    def _load(self, file: Path) -> Mapping[bytes, CodeType]:
        try:
            if not (_is_ours(self.folder.lstat(), stat.S_IFDIR) and _is_ours(file.lstat(), stat.S_IFREG)):
                return {}
            data = file.read_bytes()
        except OSError:
            return {}
        digest, body = data[:32], data[32:]
        if hashlib.sha256(body).digest() != digest:
            return {}
        codes: Mapping[bytes, CodeType] = marshal.loads(body)  # noqa: S302 - a private file that we have written
        return codes

    def _save(self, file: Path, codes: Mapping[bytes, CodeType]) -> None:
        """Write a file; a disk that can't is no error, for then it is compiled again."""
        body = marshal.dumps(dict(codes))
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _is_ours(self.folder.lstat(), stat.S_IFDIR):
                return
            with new_file_beside(file, hashlib.sha256(body).digest() + body, 0o600) as beside:
                beside.replace(file)
            self._remove_oldest()

    def _remove_oldest(self) -> None:
        kept = sorted(os.scandir(self.folder), key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
        for entry in kept[_MOST:]:
            Path(entry.path).unlink(missing_ok=True)


def _is_ours(state: os.stat_result, kind: int) -> bool:
    return stat.S_IFMT(state.st_mode) == kind and state.st_uid == os.geteuid() and not state.st_mode & 0o022


@cache
def _rules() -> bytes:
    """What decides which code a template is compiled to, besides the skeleton: our environment, Jinja, and Python."""
    environment = files("scenedock.skeletons.sandbox").joinpath("environment.py").read_bytes()
    return hashlib.sha256(f"{sys.version} {version('jinja2')}".encode() + environment).digest()
