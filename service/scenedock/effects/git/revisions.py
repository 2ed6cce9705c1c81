"""A git repository at a ref: its files, read from the object store without a checkout. A bare one will do.

What is committed is read as it is: filters that a checkout would run (git-lfs, git-crypt, line endings) don't run.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from scenedock.effects.git.commands import GitAddress, address_of, ask_git, git_command, git_environment, prefix_of
from scenedock.effects.git.repositories import MOST_BYTES, NOT_ENTERED
from scenedock.errors import InputError, NotFoundError
from scenedock.model.helm import Listing

_MOST_LINKS = 40  # as many as Linux follows for one path
_BLOB, _LINK = "100", "120"


@dataclass(frozen=True, slots=True)
class _Object:
    """An entry of a tree: the first digits of its mode, and the id of its contents."""

    mode: str
    id: str


@dataclass(slots=True)
class GitRevision:
    """A repository as a commit of a git repository: `ref` is a branch, a tag, a commit or what else git understands.

    `root` is a clone, a folder inside one (then only that folder is seen), or a bare repository. Use it in a `with`
    statement: the git process that reads the files ends with it.
    """

    root: Path
    ref: str
    _objects: dict[str, _Object] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def listing(self) -> Listing:
        """Its files, sorted; links to folders are not entered.

        Raises
        ------
        NotFoundError   there is no such folder, or the repository has no such ref
        InputError      it is no git repository, or git can't read it
        """
        self._objects, unnameable = _read_tree(self.root, self._tree())
        entered = [(path, found.mode) for path, found in self._objects.items() if not _is_hidden(path)]
        leads_to = {path: self._kind_behind(path) for path, mode in entered if mode == _LINK}
        files = [path for path, mode in entered if mode == _BLOB or (mode == _LINK and leads_to[path] != "folder")]
        outside = frozenset(path for path, kind in leads_to.items() if kind == "outside")
        return Listing(tuple(sorted(files)), outside, unnameable)

    def read(self, path: str) -> bytes:
        """The bytes of a file of the listing, at most `MOST_BYTES` of them.

        Raises
        ------
        InputError   it can't be read
        """
        found = self._objects.get(path)
        if found is None or found.mode != _BLOB:
            found = self._objects.get(self._resolve(path) or "")
        if found is None or found.mode != _BLOB:
            raise InputError("can't be read: there is no such file")
        return self._contents(found.id)[:MOST_BYTES]

    def address(self) -> GitAddress:
        """What git says of the repository. It is the same for every ref, so that refs can be compared."""
        return address_of(self.root)

    def _tree(self) -> str:
        """The tree that is read, as git names it."""
        if not self.root.is_dir():
            raise NotFoundError(f"{self.root}: there is no such folder; name a git repository")
        if not self.ref or self.ref.startswith("-") or not self.ref.isprintable():
            raise InputError(f"{self.ref!r} can't be the name of a branch, tag or commit")
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
        """What a link leads to."""
        path = self._resolve(link)
        found = None if path is None else self._objects.get(path)
        if path is None or found is None:
            return "outside"
        if found.mode != _BLOB:
            return "folder"
        return "file" if NOT_ENTERED.isdisjoint(path.split("/")) else "outside"

    def _resolve(self, path: str) -> str | None:
        """The path that a path leads to once links are followed; None where it leaves the tree, or goes in a circle."""
        steps, resolved, links = path.split("/")[::-1], list[str](), 0
        while steps:
            step = steps.pop()
            if step == ".." and not resolved:
                return None
            if step == "..":
                resolved.pop()
            elif step not in {"", "."}:
                resolved.append(step)
            found = self._objects.get("/".join(resolved))
            if found is None or (found.mode == _BLOB and steps):
                return None
            if found.mode == _LINK:
                links += 1
                target = self._contents(found.id).decode("utf-8", "surrogateescape")
                if links > _MOST_LINKS or target.startswith("/"):
                    return None
                resolved.pop()
                steps += target.split("/")[::-1]
        return "/".join(resolved)

    def _contents(self, blob: str) -> bytes:
        """The whole of a blob, from a git process that stays for the next one."""
        requests, answers = self._pipes()
        try:
            requests.write(f"{blob}\n".encode())
            requests.flush()
            header = answers.readline().split()
            if len(header) != 3:
                raise InputError("can't be read: the git repository lacks its contents")
            return answers.read(int(header[2]) + 1)[:-1]
        except OSError as error:
            raise InputError(f"can't be read: git: {error.strerror or error}") from error

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - no shell, and the words are ours
                git_command(self.root, "cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=git_environment(),
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise InputError("can't be read: git has no pipes")
        return self._process.stdin, self._process.stdout


def _read_tree(root: Path, tree: str) -> tuple[dict[str, _Object], tuple[str, ...]]:
    """All entries of a tree by their paths in it, and the paths of files that aren't Unicode, escaped."""
    answer = ask_git(root, "ls-tree", "-r", "-t", "-z", "--full-tree", tree)
    if answer.complaint:
        raise InputError(f"{root}: can't be read: {answer.complaint}")
    objects = {"": _Object("040", tree)}
    unnameable: list[str] = []
    for line in answer.output.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _kind, object_id = about.decode().split()
        try:
            objects[path.decode()] = _Object(mode[:3], object_id)
        except UnicodeDecodeError:
            if mode[:3] == _BLOB:
                unnameable.append(path.decode("utf-8", "surrogateescape").encode("utf-8", "backslashreplace").decode())
    return objects, tuple(sorted(unnameable))


def _is_hidden(path: str) -> bool:
    """Whether a file lies in a folder that isn't entered."""
    return not NOT_ENTERED.isdisjoint(path.split("/")[:-1])
