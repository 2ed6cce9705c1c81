"""Result folders of actions, each one archive in the database, so that every replica and worker has them."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import io
import re
import tarfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scenedock.effects.local.disk import read_file
from scenedock.errors import InputError, NotFoundError
from scenedock.model.code_hosts.code_host import checked_path
from scenedock.model.tasks.right_of_way import RIGHT_OF_WAY
from scenedock.skeletons.rendering.result_links import LeadsNowhereError, LinkedFolder
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.effects.backstage.signing_keys import SigningKey
    from scenedock.effects.tasks.storage.folder_table import FolderTable
    from scenedock.gitops.changes import NewFile
    from scenedock.skeletons.rendering.output import BakedTree

OWNER = "scenedock"
"""The first part of a result's address, in the place of the repository owner in Gitea."""
_NAME = re.compile(r"^[0-9a-f]{32}$")
_REF = re.compile(r"^(?P<until>[0-9]{1,12})-(?P<signature>[0-9a-f]{32})$")
_COMPRESSION = 3
_FOLDER_MODE = 0o755
_LINK_MODE = 0o777


@dataclass(frozen=True, slots=True)
class ResultFolders:
    """Folders in a table, each named after its content: a gzipped tar archive with one directory of that name.

    `address` is the base address at which Backstage fetches them, empty if it can't; `key` signs the addresses, which
    are valid for `seconds`. An archive may have `most_bytes`. In `former`, release 0.1 has kept folders as they are.
    """

    table: Callable[[], FolderTable]
    address: str
    key: SigningKey
    seconds: int
    most_bytes: int
    former: Path
    clock: Callable[[], float] = time.time

    def keep(self, tree: BakedTree, task_id: str = "") -> str:
        """Keep a tree and return its name; the same tree has the same name.

        It is kept as long as the task, if one is named, or any later task that names the folder.

        Raises
        ------
        InputError       it is too large
        TemporaryError   the database can't be reached
        """
        name = name_of(tree)
        packed = archive_of(tree, name)
        if len(packed) > self.most_bytes:
            raise InputError(
                f"the folder {tree.root} has {len(packed):,} bytes when compressed; at most {self.most_bytes:,} are "
                "kept (SCENEDOCK_FOLDERS_BYTES)"
            )
        self.table().keep(name, packed, task_id)
        return name

    def url(self, name: str) -> str | None:
        """The address for Backstage's `fetch:plain`, signed and valid for `seconds`."""
        if not self.address:
            return None
        until = int(self.clock()) + self.seconds
        return f"{self.address}/{OWNER}/{name}/src/branch/{until}-{self._signature(name, until)}/"

    def check(self, name: str, ref: str) -> None:
        """Refuse an address whose signature is invalid, that has expired, or whose folder isn't kept.

        Raises
        ------
        NotFoundError   the message doesn't say which
        """
        match = _REF.match(ref)
        until = int(match["until"]) if match else 0
        signed = match is not None and hmac.compare_digest(match["signature"], self._signature(name, until))
        if not signed or self.clock() > until or not self._has(name):
            raise NotFoundError("there is no such folder; its address may have expired: run the action again")

    def archive(self, name: str) -> bytes:
        """The gzipped tar archive of a result, in one directory of its name.

        Raises
        ------
        NotFoundError   there is no result with this name, or it is no longer kept
        """
        if _NAME.match(name):
            if packed := self.table().load(name):
                return packed
            if (self.former / name).is_dir():
                return _compressed(partial(_add_folder, folder=self.former / name))
        raise NotFoundError("there is no such folder; it may have been deleted with its task: run the action again")

    def files(self, name: str) -> tuple[NewFile, ...]:
        """The files and links of a result, sorted by their paths in it.

        Raises
        ------
        NotFoundError   there is no such result
        InputError      the path of a file can't be published
        """
        with tarfile.open(fileobj=io.BytesIO(self.archive(name)), mode="r:gz") as tar:
            return tuple(_new_file(tar, member) for member in tar if member.isreg() or member.issym())

    def read_below(self, name: str, path: str) -> bytes:
        """The bytes of a file of a result; links are followed.

        Raises
        ------
        NotFoundError   there is no such file in it
        """
        with tarfile.open(fileobj=io.BytesIO(self.archive(name)), mode="r:gz") as tar:
            members = {member.name.partition("/")[2]: member for member in tar}
            links = {path: member.linkname for path, member in members.items() if member.issym()}
            folders = {path for path, member in members.items() if member.isdir()}
            with suppress(LeadsNowhereError):
                found = LinkedFolder(links, members.keys() - folders - links.keys(), folders).find(path)
                if found not in folders:
                    return _content(tar, members[found])
        raise NotFoundError(f"the folder has no file {path!r}")

    def _has(self, name: str) -> bool:
        return bool(_NAME.match(name)) and (self.table().has(name) or (self.former / name).is_dir())

    def _signature(self, name: str, until: int) -> str:
        return hmac.new(self.key.secret("folders"), f"{name}:{until}".encode(), hashlib.sha256).hexdigest()[:32]


def archive_of(tree: BakedTree, name: str) -> bytes:
    """The gzipped tar archive of a tree, in one directory of that name."""
    return _compressed(partial(_add_tree, tree=tree, name=name))


def name_of(tree: BakedTree) -> str:
    """A name that is another whenever the tree is."""
    digest = hashlib.sha256()
    for path, mode in tree.folders.items():
        digest.update(f"{path}\0{mode}\0".encode("utf-8", "surrogateescape"))
    for file in tree.files:
        kind = "link" if file.link else file.mode
        digest.update(f"{file.path}\0{kind}\0{len(file.content)}\0".encode("utf-8", "surrogateescape"))
        digest.update(file.content)
    return digest.hexdigest()[:32]


def _compressed(fill: Callable[[tarfile.TarFile], None]) -> bytes:
    """The archive that is filled by a function; the same bytes for the same members."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
        fill(tar)
    return gzip.compress(written.getvalue(), _COMPRESSION, mtime=0)


def _add_tree(tar: tarfile.TarFile, tree: BakedTree, name: str) -> None:
    for path, mode in tree.folders.items():
        about = tarfile.TarInfo(name + path.removeprefix(tree.root))
        about.type, about.mode = tarfile.DIRTYPE, _FOLDER_MODE if mode is None else mode
        tar.addfile(about)
    for file in tree.files:
        RIGHT_OF_WAY.give_way()
        about = tarfile.TarInfo(name + file.path.removeprefix(tree.root))
        if file.link:
            about.type, about.mode, about.linkname = tarfile.SYMTYPE, _LINK_MODE, file.content.decode()
            tar.addfile(about)
            continue
        about.size, about.mode = len(file.content), file.mode
        tar.addfile(about, io.BytesIO(file.content))


def _add_folder(tar: tarfile.TarFile, folder: Path) -> None:
    """Add the files and folders of a folder on disk, and no links."""
    for path in sorted(folder.rglob("*")):
        about = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
        about.mode = path.lstat().st_mode & 0o777
        if path.is_dir() and not path.is_symlink():
            about.type = tarfile.DIRTYPE
            tar.addfile(about)
        elif path.is_file() and not path.is_symlink():
            content = read_file(path)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))


def _new_file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> NewFile:
    from scenedock.gitops.changes import NewFile

    path = checked_path(member.name.partition("/")[2])
    if member.issym():
        return NewFile(path, member.linkname.encode(), link=True)
    return NewFile(path, _content(tar, member), bool(member.mode & 0o100))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    return stream.read() if stream else b""
