"""Result folders, kept for a limited time so that Backstage or a person can fetch them."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import shutil
import tarfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scenedock.effects.bakes.baked_trees import write_tree
from scenedock.effects.local.disk import read_file
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.gitops.changes import NewFile
from scenedock.model.code_hosts.code_host import checked_path
from scenedock.skeletons.rendering.output import BakedFile, BakedTree

if TYPE_CHECKING:
    from scenedock.effects.backstage.signing_keys import SigningKey

OWNER = "scenedock"
"""The first part of a result's address, in the place of the repository owner in Gitea."""
_NAME = re.compile(r"^[0-9a-f]{32}$")
_REF = re.compile(r"^(?P<until>[0-9]{1,12})-(?P<signature>[0-9a-f]{32})$")


@dataclass(frozen=True, slots=True)
class ResultFolders:
    """Folders below `root`, each named after its content, kept for `seconds` after they were last used.

    `address` is the base address at which Backstage fetches them, empty if it can't; `key` signs the addresses.
    """

    root: Path
    address: str
    key: SigningKey
    seconds: int
    clock: Callable[[], float] = time.time

    def keep(self, tree: BakedTree) -> str:
        """Keep a tree and return its name; the same tree has the same name.

        Raises
        ------
        InputError   it can't be written
        """
        name = _name_of(tree)
        self._forget_old()
        folder = self.root / name
        if not folder.is_dir():
            with suppress(ConflictError):  # another call with the same result was faster
                write_tree(BakedTree(name, *_below(tree, name)), self.root)
        if folder.is_dir():
            folder.touch()
        return name

    def url(self, name: str) -> str | None:
        """The address for Backstage's `fetch:plain`, signed and valid for `seconds`."""
        if not self.address:
            return None
        until = int(self.clock()) + self.seconds
        return f"{self.address}/{OWNER}/{name}/src/branch/{until}-{self._signature(name, until)}/"

    def signed(self, name: str, ref: str) -> Path:
        """The folder of an address, if its signature is valid and it hasn't expired.

        Raises
        ------
        NotFoundError   the signature is invalid, or the address has expired; the message doesn't say which
        """
        match = _REF.match(ref)
        until = int(match["until"]) if match else 0
        signed = match is not None and hmac.compare_digest(match["signature"], self._signature(name, until))
        if signed and self.clock() <= until:
            return self.folder(name)
        raise NotFoundError("there is no such folder; its address may have expired: run the action again")

    def folder(self, name: str) -> Path:
        """The folder of a result.

        Raises
        ------
        NotFoundError   there is no result with this name, or it is no longer kept
        """
        folder = self.root / name
        if not _NAME.match(name) or not folder.is_dir():
            raise NotFoundError("there is no such folder; it may have expired: run the action again")
        return folder

    def files(self, name: str) -> tuple[NewFile, ...]:
        """The files of a result, sorted by their paths in it.

        Raises
        ------
        NotFoundError   there is no such result
        InputError      it contains something other than files and folders
        """
        folder = self.folder(name)
        files: list[NewFile] = []
        for path in sorted(folder.rglob("*")):
            below = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise InputError(f"{below!r} in the folder is not a regular file; it can't be published")
            if path.is_file():
                files.append(NewFile(checked_path(below), read_file(path), bool(path.stat().st_mode & 0o100)))
        return tuple(files)

    def _signature(self, name: str, until: int) -> str:
        return hmac.new(self.key.secret("folders"), f"{name}:{until}".encode(), hashlib.sha256).hexdigest()[:32]

    def _forget_old(self) -> None:
        if not self.root.is_dir():
            return
        for folder in self.root.iterdir():
            try:
                if folder.stat().st_mtime < self.clock() - self.seconds - 60:
                    shutil.rmtree(folder, ignore_errors=True)
            except FileNotFoundError:  # another replica has removed it, too
                continue


def archive(folder: Path) -> bytes:
    """A gzipped tar archive of a folder, in one directory of its name; the same bytes for the same folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            about = tar.gettarinfo(str(path), f"{folder.name}/{path.relative_to(folder).as_posix()}")
            about.mtime, about.uid, about.gid, about.uname, about.gname = 0, 0, 0, "", ""
            if about.isreg():
                with path.open("rb") as file:
                    tar.addfile(about, file)
            elif about.isdir():
                tar.addfile(about)
    return packed.getvalue()


def read_below(folder: Path, path: str) -> bytes:
    """The bytes of a file of a result.

    Raises
    ------
    NotFoundError   there is no such file in it
    """
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()) or not target.is_file():
        raise NotFoundError(f"the folder has no file {path!r}")
    return target.read_bytes()


def _name_of(tree: BakedTree) -> str:
    digest = hashlib.sha256()
    for path, mode in tree.folders.items():
        digest.update(f"{path}\0{mode}\0".encode("utf-8", "surrogateescape"))
    for file in tree.files:
        digest.update(f"{file.path}\0{file.mode}\0{len(file.content)}\0".encode("utf-8", "surrogateescape"))
        digest.update(file.content)
    return digest.hexdigest()[:32]


def _below(tree: BakedTree, root: str) -> tuple[tuple[BakedFile, ...], dict[str, int | None]]:
    """The files and folders of a tree with another root."""
    files = tuple(replace(file, path=root + file.path.removeprefix(tree.root)) for file in tree.files)
    return files, {root + path.removeprefix(tree.root): mode for path, mode in tree.folders.items()}
