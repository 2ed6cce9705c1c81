"""A repository on any git server, over https: plumbing in a temporary bare repository, and one push.

No work tree, no hooks, only our configuration. git gets the token from its environment, never from an argument or an
address.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scenedock.effects.git.confined_git import (
    ConfinedGit,
    basic_authorization,
    default_branch_of,
    is_refused,
    last_line,
)
from scenedock.effects.git.objects import LIST_TREE, tree_entries
from scenedock.effects.local.host_secrets import HostSecrets
from scenedock.errors import NotAllowedError, NotFoundError, ScenedockError, TemporaryError
from scenedock.model.code_hosts.code_host import Author, CodeHost, RepositoryAddress
from scenedock.model.code_hosts.commit import HISTORY, CommitListing, FileChange, Head, Mark, RepositoryFile


@contextmanager
def open_git_repository(host: CodeHost, secrets: HostSecrets, address: RepositoryAddress) -> Iterator[GitRepository]:
    """Open a repository on a git server, with a temporary folder for its objects."""
    with tempfile.TemporaryDirectory(prefix="scenedock-git-") as folder:
        yield GitRepository(host, secrets, address, Path(folder))


class GitBranches:
    """The branches of a repository, over git. Its commits name the host's `author`, or Scenedock."""

    def __init__(self, host: CodeHost, secrets: HostSecrets, address: RepositoryAddress, folder: Path) -> None:
        self.address = address
        self._url = f"{host.web}/{address.path}.git"
        self._folder = folder
        self._author = host.author or Author("Scenedock", f"scenedock@{address.host.partition(':')[0]}")
        self._confined = ConfinedGit(folder, (host.web.partition("://")[0],))
        self._login = basic_authorization(f"{host.web}/", host.git_user, secrets.token)

    @property
    def is_new(self) -> bool:
        """Whether it was just created: only people create repositories here, and git finds them at once."""
        return False

    def check_place(self) -> None:
        """Check before anything is read or written that the repository is where its address says, as far as git won't.

        Raises
        ------
        NotFoundError   it isn't, or it doesn't exist
        """

    def default_branch(self) -> str:
        """The default branch."""
        return default_branch_of(self._remote("HEAD", "--symref")) or "main"

    def head(self, branch: str) -> Head | None:
        """The commit that a branch points to; None if there is no such branch."""
        commit = self.tip(branch)
        if not commit:
            return None
        self._fetch(commit, branch, depth=1)
        return self._head(commit)

    def listing(self, head: Head, paths: Sequence[str] = ()) -> CommitListing:  # noqa: ARG002 - listing all costs no more
        """All files of a commit."""
        entries = tree_entries(self._git(*LIST_TREE, head.tree))
        return {entry.path: RepositoryFile(entry.mode, entry.id) for entry in entries if entry.kind == "blob"}

    def read(self, file: RepositoryFile) -> bytes:
        """The content of a file."""
        return self._git("cat-file", "blob", file.blob)

    def write(self, base: Head | None, changes: Sequence[FileChange], listing: CommitListing, message: str) -> Head:
        """Create a commit after `base`, or one without a parent, which no branch contains yet."""
        commands = [
            b"commit refs/scenedock/new\n",
            f"committer {self._author.name} <{self._author.email}> now\n".encode(),
            _data(message.encode()),
            f"from {base.commit}\n".encode() if base else b"",
        ]
        for change in sorted(changes, key=lambda each: not each.deletes):
            commands += _commands(change, listing)
        script = b"".join([b"feature done\n", *commands, b"\ndone\n"])
        self._git("fast-import", "--quiet", "--force", "--date-format=now", stdin=script)
        new = self._head("refs/scenedock/new")
        return base if base and base.tree == new.tree else new

    def create_branch(self, name: str, head: Head) -> bool:
        """Create a branch; False if there is already one of this name."""
        return self._push(name, head.commit, "")

    def move_branch(self, name: str, head: Head, *, expected: Head | None) -> bool:
        """Move a branch to a commit, if it still points to the `expected` one; False if it doesn't."""
        return self._push(name, head.commit, expected.commit if expected else None)

    def replace_branch(self, name: str, head: Head, *, expected: Head) -> bool:
        """Move a branch to any commit, if it still points to the `expected` one; False if it doesn't."""
        return self._push(name, head.commit, expected.commit)

    def delete_branch(self, name: str, *, expected: Head) -> bool:
        """Delete a branch that points to the `expected` commit, also if it is gone already; False if to another one."""
        return self._push(name, "", expected.commit) or self.head(name) is None

    def ahead(self, branch: str, base: str) -> Sequence[Head]:
        """The commits of a branch that another branch hasn't, the newest first; of very many, the latest `HISTORY`.

        The latest commits of both tell that if theirs is one line that begins at a commit of the other branch; else all
        are fetched.
        """
        commit, known = self.tip(branch), self.tip(base)
        if not (commit and known):
            return self.latest(branch, HISTORY)
        only = f"{known}..{commit}"
        for depth in (HISTORY, _ALL):
            self._fetch(known, base, depth)
            self._fetch(commit, branch, depth)
            lines = self._git("rev-list", "--parents", only).splitlines()
            if all(len(line.split()) == _WITH_ONE_PARENT for line in lines):
                break
        return self._logged(only, HISTORY)

    def latest(self, branch: str, most: int, path: str = "") -> Sequence[Head]:
        """The latest commits of a branch, the newest first; with a path, those that changed it."""
        commit = self.tip(branch)
        if not commit:
            return []
        self._fetch(commit, branch, depth=HISTORY if path else min(most, HISTORY))
        below = ["--", f":(literal){path}"] if path else []
        return self._logged(commit, most, *below)

    def find_marked(self, branch: str, mark: Mark) -> Head | None:
        """The latest commit of an earlier attempt on a branch; None if it is not among the last `HISTORY`."""
        return mark.latest_in(self.latest(branch, HISTORY))

    def tip(self, branch: str) -> str:
        """The commit that a branch points to, empty if there is none; `ls-remote` also lists longer names."""
        ref = f"refs/heads/{branch}"
        lines = (line.partition("\t") for line in self._remote(ref).decode("utf-8", "replace").splitlines())
        return next((commit for commit, _, name in lines if name == ref), "")

    def _logged(self, revisions: str, most: int, *below: str) -> Sequence[Head]:
        listed = self._git("log", f"--max-count={most}", "-z", "--format=%H %T%n%B", revisions, *below)
        return [_logged(entry) for entry in listed.decode("utf-8", "replace").split("\0") if entry.strip()]

    def _head(self, ref: str) -> Head:
        return _logged(self._git("log", "--max-count=1", "--format=%H %T%n%B", ref, "--").decode("utf-8", "replace"))

    def _remote(self, pattern: str, *options: str) -> bytes:
        """The output of `ls-remote`."""
        self.check_place()
        return self._git("ls-remote", "--quiet", *options, self._url, pattern)

    def _fetch(self, commit: str, branch: str, depth: int) -> None:
        self.check_place()
        quiet = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc")
        self._git(*quiet, f"--depth={depth}", self._url, f"+refs/heads/{branch}:refs/scenedock/fetched")
        if self._ran("cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
            raise TemporaryError(f"{self.address}: the branch {branch!r} is moving", retry_after=2)

    def _push(self, branch: str, commit: str, expected: str | None) -> bool:
        """Push a commit to a branch that points to the expected commit; if that is empty, the branch must not exist.

        Without a commit, the branch is deleted.
        """
        self.check_place()
        ref = f"refs/heads/{branch}"
        lease = ["--force"] if expected is None else [f"--force-with-lease={ref}:{expected}"]
        done = self._ran("push", "--porcelain", "--quiet", *lease, self._url, f"{commit}:{ref}")
        if done.returncode == 0:
            return True
        printed = done.stdout.decode("utf-8", "replace")
        if "[rejected]" in printed or ("[remote rejected]" in printed and _MOVED.search(printed)):
            return False
        if "[remote rejected]" in printed:
            match = re.search(r"\[remote rejected\] .*\((.*)\)", printed)
            said = _SAID.findall(done.stderr.decode("utf-8", "replace"))
            why = " ".join([match[1] if match else printed[:200], *(f"({line})" for line in said)])
            raise NotAllowedError(f"{self.address} refuses a push to {branch!r}: {why[:400]}")
        raise self._failure("push", done.stderr)

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """The output of a git command that must succeed."""
        done = self._ran(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise self._failure(arguments[0], done.stderr)
        return done.stdout

    def _ran(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        if not (self._folder / "HEAD").is_file():
            self._confined.output(self._folder, "init", "--quiet", "--bare", str(self._folder))
        return self._confined.run(self._folder, *arguments, stdin=stdin, secrets=self._login)

    def _failure(self, command: str, errors: bytes) -> ScenedockError:
        """The error for git's messages; they never contain our token, because git doesn't get it in an address."""
        messages = errors.decode("utf-8", "replace")
        if is_refused(errors):
            return NotAllowedError(
                f"{self.address.host} doesn't accept the credentials that Scenedock has for it, or they don't suffice "
                f"for {self.address}; an operator of Scenedock has to renew them in the list of code hosts"
            )
        if re.search(r"repository '.*' not found|error: 404", messages):
            return NotFoundError(f"{self.address} doesn't exist, or our credentials give no access to it")
        if re.search(r"error: 30[1278]|unable to update url base from redirection", messages):
            return NotFoundError(
                f"{self.address.host} has another address for {self.address}: if it was renamed, use its new address"
            )
        return TemporaryError(
            f"{self.address} can't be reached (git {command}): {last_line(errors)[:200]}", retry_after=10
        )


class GitRepository(GitBranches):
    """A repository on a plain git server, which has nothing but branches."""

    pulls = None
    settings = None


_ALL: Final = 2**31 - 1
"""The depth that git takes for a whole history."""
_WITH_ONE_PARENT: Final = 2
_SAID: Final = re.compile(r"^remote: (?:GitLab|GL-HOOK-ERR): *(.+?) *$", re.MULTILINE)
"""Why GitLab refuses a push, which it says only to people."""
_MOVED: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|already exists|failed to update ref"
)


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _commands(change: FileChange, listing: Mapping[str, RepositoryFile]) -> Iterator[bytes]:
    """The input of `git fast-import` for a change."""
    if change.renamed_from:
        yield f"D {_quoted(change.renamed_from)}\n".encode("utf-8", "surrogateescape")
    if change.deletes:
        yield f"D {_quoted(change.path)}\n".encode("utf-8", "surrogateescape")
        return
    existing = listing.get(change.renamed_from or change.path)
    blob = "inline" if change.content is not None else existing.blob if existing else ""
    yield f"M {change.mode(existing)} {blob} {_quoted(change.path)}\n".encode("utf-8", "surrogateescape")
    if change.content is not None:
        yield _data(change.content)


def _quoted(path: str) -> str:
    """The path as a C string, as fast-import requires it."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _logged(entry: str) -> Head:
    """The commit in a line of our `git log` format."""
    first, _, message = entry.strip("\n").partition("\n")
    commit, tree = first.split()
    return Head(commit, tree, message)
