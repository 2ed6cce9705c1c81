"""A git repository at a ref: its files, read from the object store without a checkout. It may be bare.

Committed content is read unchanged: filters that a checkout would run (git-lfs, git-crypt, line endings) don't run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from scenedock.effects.git.commands import GitAddress, address_of, ask_git, is_folder, prefix_of
from scenedock.effects.git.directories import StatesIn
from scenedock.effects.git.objects import LIST_TREE, BlobReader, TreeEntry, tree_entries
from scenedock.effects.git.repositories import NOT_ENTERED
from scenedock.effects.git.snapshots import Changes, FileState, SeenTree, Snapshot, TreeState
from scenedock.errors import InputError, NotFoundError
from scenedock.model.helm import Listing
from scenedock.structs import dataclass, field

_MOST_LINKS = 40  # as many as Linux follows for one path
_LONGEST_PATH = 4096  # as for Linux; a tree may nest deeper, and each of its paths is as long as it is deep
_DEEPEST_TREE = 20_000
_MODIFIED = re.compile(r":100\d{3} 100\d{3} \w+ (\w+) M")
_ORDINARY = re.compile(r"[\w.@+=/-]+", re.ASCII)
"""A path that git takes in a request as it is; with `./` in it, it would be one from the folder where git runs."""
_HIDDEN = re.compile(rf"(?:^|/)(?:{'|'.join(map(re.escape, sorted(NOT_ENTERED)))})/")


@dataclass(frozen=True, slots=True)
class _Tree:
    """All entries of a tree by their paths in it; files whose paths aren't Unicode, escaped; and paths too long."""

    entries: Mapping[str, TreeEntry]
    unnameable: tuple[str, ...]
    too_deep: tuple[str, ...]


@dataclass(slots=True)
class GitRevision:
    """A repository from a commit of a git repository: `ref` is a branch, tag, commit or anything that git accepts.

    `root` is a clone, a folder inside one (then only that folder is read), or a bare repository. Use it in a `with`
    statement: the git process that reads the files ends with it.
    """

    root: Path
    ref: str
    _tree: _Tree | None = None
    _compared: str = ""
    """The tree that a comparison has shown to have no links; a few of its files are read without listing it."""
    _blobs: BlobReader = field(init=False)

    def __post_init__(self) -> None:
        self._blobs = BlobReader(self.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._blobs.__exit__(_kind, _error, _where)

    def listing(self) -> Listing:
        """Its files, sorted; links to folders are not entered.

        Raises
        ------
        NotFoundError   there is no such folder, or the repository has no such ref
        InputError      it is not a git repository, or git can't read it
        """
        read = self._read_tree()
        links = [path for path, entry in read.entries.items() if entry.is_link and not _is_hidden(path)]
        leads_to = {path: self._kind_behind(path) for path in links}
        files = [path for path, entry in read.entries.items() if _is_file(entry) and not _is_hidden(path)]
        to_files = frozenset(path for path, kind in leads_to.items() if kind != "folder")
        outside = frozenset(path for path, kind in leads_to.items() if kind == "outside")
        listed, to_folders = tuple(sorted({*files, *to_files})), frozenset(links) - to_files
        return Listing(listed, outside, read.unnameable, read.too_deep, to_files, to_folders)

    def read(self, path: str) -> bytes:
        """The bytes of a file of the listing.

        Raises
        ------
        InputError   it can't be read, or has more than `MOST_BYTES`
        """
        if self._tree is None and self._compared and _ORDINARY.fullmatch(path) and "./" not in path:
            with suppress(InputError):  # the tree tells more of what is wrong
                return self._blobs.read(f"{self._compared}:{path}")
        entries = self._read_tree().entries
        entry = entries.get(path)
        if entry is None or not _is_file(entry):
            entry = entries.get(self._resolve(path) or "")
        if entry is None or not _is_file(entry):
            raise InputError("can't be read: there is no such file")
        return self._blobs.read(entry.id)

    def real_path(self, path: str) -> str:
        """The path of what a path leads to through links; the same where that isn't in the repository."""
        return self._resolve(path) or path

    def is_executable(self, path: str) -> bool:
        """Whether a file of the listing is executable."""
        entry = self._read_tree().entries.get(self.real_path(path))
        return entry is not None and entry.mode == "100755"

    def snapshot(self) -> Snapshot:
        """The blobs of its files, and the tree that they are in.

        Raises
        ------
        NotFoundError, InputError   as `listing` does
        """
        entries = [entry for entry in self._read_tree().entries.values() if entry.path and entry.kind != "tree"]
        states = {entry.path: None if entry.is_link else entry.id for entry in entries}
        return Snapshot(states, self._tree_id(), any(entry.is_link for entry in entries))

    def changes(self, since: Snapshot) -> Changes | None:
        """The files that have changed, by git's comparison of two trees; None where there are others, or links."""
        if since.links or not since.tree:
            return None
        tree = self._tree_id()
        compared = ask_git(self.root, "diff-tree", "-r", "-z", "--no-renames", since.tree, tree)
        if compared.complaint:  # the tree is not here any more
            return None
        fields = compared.output.decode("utf-8", "surrogateescape").split("\0")
        states: dict[str, FileState] = {}
        for kind, path in zip(fields[:-1:2], fields[1::2], strict=True):
            if not (modified := _MODIFIED.fullmatch(kind)):
                return None
            states[path] = modified[1]
        self._compared = tree
        return Changes(states, Snapshot(tree=tree))

    def look(self, since: TreeState, states_in: StatesIn) -> SeenTree | None:  # noqa: ARG002 - git knows them
        """The files that have changed, as `changes` has them."""
        changes = self.changes(Snapshot(tree=since.tree))
        return SeenTree(changes.states, TreeState(changes.now.tree)) if changes else None

    def history_root(self) -> tuple[Path, str]:
        """The clone and its ref."""
        return self.root, self.ref

    def address(self) -> GitAddress:
        """The repository's address from git. It is the same for every ref, so that refs can be compared."""
        return address_of(self.root)

    def _read_tree(self) -> _Tree:
        """All that is in the tree; git is asked once."""
        if self._tree is None:
            self._tree = _read_tree(self.root, self._expression())
        return self._tree

    def _tree_id(self) -> str:
        return ask_git(self.root, "rev-parse", "--verify", "--quiet", self._expression()).text

    def _expression(self) -> str:
        """The tree that is read, as an expression for git."""
        if not is_folder(self.root):
            raise NotFoundError(f"{self.root}: there is no such folder; pass a git repository")
        if not self.ref or self.ref.startswith("-") or not self.ref.isprintable():
            raise InputError(f"{self.ref!r} is not a valid name of a branch, tag or commit")
        if complaint := ask_git(self.root, "rev-parse", "--git-dir").complaint:
            raise InputError(f"{self.root}: can't be read at a ref: {complaint}")
        commit = ask_git(self.root, "rev-parse", "--verify", "--quiet", f"{self.ref}^{{commit}}").text
        if not commit:
            raise NotFoundError(
                f"{self.root}: the repository has no commit {self.ref!r} here; "
                "check the name, or fetch it (a shallow clone lacks most)"
            )
        return f"{commit}:{prefix_of(self.root)}"

    def _kind_behind(self, link: str) -> Literal["file", "folder", "outside"]:
        """The target of a link."""
        path = self._resolve(link)
        entry = None if path is None else self._read_tree().entries.get(path)
        if path is None or entry is None:
            return "outside"
        if not _is_file(entry):
            return "folder"
        return "file" if NOT_ENTERED.isdisjoint(path.split("/")) else "outside"

    def _resolve(self, path: str) -> str | None:
        """The path after all links are followed; None if it leaves the tree, or is a circle."""
        steps, resolved, links = path.split("/")[::-1], list[str](), 0
        entries = self._read_tree().entries
        while steps:
            step = steps.pop()
            if step == ".." and not resolved:
                return None
            if step == "..":
                resolved.pop()
            elif step not in {"", "."}:
                resolved.append(step)
            entry = entries.get("/".join(resolved))
            if entry is None or (_is_file(entry) and steps):
                return None
            if entry.is_link:
                links += 1
                target = self._target(entry)
                if links > _MOST_LINKS or target.startswith("/"):
                    return None
                resolved.pop()
                steps += target.split("/")[::-1]
        return "/".join(resolved)

    def _target(self, link: TreeEntry) -> str:
        """What a link says; one that no system could follow says the root of the disk, which is outside of the tree."""
        try:
            return self._blobs.read(link.id).decode("utf-8", "surrogateescape")
        except InputError:
            return "/"


def _read_tree(root: Path, tree: str) -> _Tree:
    answer = ask_git(root, "-c", f"core.maxTreeDepth={_DEEPEST_TREE}", *LIST_TREE, tree)
    if answer.complaint:
        raise InputError(f"{root}: can't be read: {answer.complaint}")
    entries = {"": TreeEntry("", "040000", "tree", tree)}
    unnameable: list[str] = []
    too_deep: list[str] = []
    for entry in tree_entries(answer.output):
        if len(entry.path) >= _LONGEST_PATH:
            if not too_deep or not entry.path.startswith(f"{too_deep[-1]}/"):
                too_deep.append(entry.path)
        elif entry.is_text_named:
            entries[entry.path] = entry
        elif _is_file(entry):
            unnameable.append(entry.path.encode("utf-8", "backslashreplace").decode())
    return _Tree(entries, tuple(sorted(unnameable)), tuple(sorted(too_deep)))


def _is_file(entry: TreeEntry) -> bool:
    return entry.kind == "blob" and not entry.is_link


def _is_hidden(path: str) -> bool:
    """Whether a file lies in a folder that isn't entered."""
    return bool(_HIDDEN.search(path))
