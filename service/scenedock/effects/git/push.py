"""A repository on any git server, over https: plumbing in a temporary bare repository, and one push.

No work tree, no hook, no configuration but ours. The token reaches git by its environment, never by an argument or an
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
    """A repository on a git server, with a temporary place for its objects."""
    with tempfile.TemporaryDirectory(prefix="scenedock-git-") as folder:
        yield GitRepository(host, secrets, address, Path(folder))


class GitRepository:
    """A repository on a git server. Its commits name the host's `author`, or Scenedock."""

    def __init__(self, host: CodeHost, secrets: HostSecrets, address: RepositoryAddress, folder: Path) -> None:
        self.address = address
        self.pulls = None
        self.settings = None
        self._url = f"{host.api}/{address.path}.git"
        self._folder = folder
        self._author = host.author or Author("Scenedock", f"scenedock@{address.host.partition(':')[0]}")
        self._confined = ConfinedGit(folder, (host.api.partition("://")[0],))
        self._login = basic_authorization(f"{host.api}/", host.git_user, secrets.token)
        self._git("init", "--quiet", "--bare", str(folder))

    def default_branch(self) -> str:
        """The branch that others begin at."""
        return default_branch_of(self._remote("HEAD", "--symref")) or "main"

    def head(self, branch: str) -> Head | None:
        """The commit at which a branch stands; None where there is no such branch."""
        commit = self._tip(branch)
        if not commit:
            return None
        self._fetch(commit, branch, depth=1)
        return self._head(commit)

    def listing(self, head: Head, paths: Sequence[str] = ()) -> CommitListing:  # noqa: ARG002 - here all cost no more
        """All files of a commit."""
        entries = tree_entries(self._git(*LIST_TREE, head.tree))
        return {entry.path: RepositoryFile(entry.mode, entry.id) for entry in entries if entry.kind == "blob"}

    def read(self, file: RepositoryFile) -> bytes:
        """The content of a file."""
        return self._git("cat-file", "blob", file.blob)

    def write(self, base: Head | None, changes: Sequence[FileChange], listing: CommitListing, message: str) -> Head:
        """Make a commit after `base`, or one without a parent, which no branch has yet."""
        commands = [
            b"commit refs/scenedock/new\n",
            f"committer {self._author.name} <{self._author.email}> now\n".encode(),
            _data(message.encode()),
            f"from {base.commit}\n".encode() if base else b"",
        ]
        for change in sorted(changes, key=lambda each: not each.deletes):
            commands += _commands(change, listing)
        script = b"".join([b"feature done\n", *commands, b"\ndone\n"])
        self._git("fast-import", "--quiet", "--force", "--date-format=now", given=script)
        new = self._head("refs/scenedock/new")
        return base if base and base.tree == new.tree else new

    def create_branch(self, name: str, head: Head) -> bool:
        """Make a branch; False where there is one of this name."""
        return self._push(name, head, "")

    def move_branch(self, name: str, head: Head, *, expected: Head | None) -> bool:
        """Let a branch stand at a commit, if it still stands at the `expected` one; False where it doesn't."""
        return self._push(name, head, expected.commit if expected else None)

    def latest(self, branch: str, most: int, path: str = "") -> Sequence[Head]:
        """The latest commits of a branch, the newest first; with a path, those that changed it."""
        commit = self._tip(branch)
        if not commit:
            return []
        self._fetch(commit, branch, depth=HISTORY if path else min(most, HISTORY))
        below = ["--", f":(literal){path}"] if path else []
        listed = self._git("log", f"--max-count={most}", "-z", "--format=%H %T%n%B", commit, *below)
        return [_logged(entry) for entry in listed.decode("utf-8", "replace").split("\0") if entry.strip()]

    def find_marked(self, branch: str, mark: Mark) -> Head | None:
        """The latest commit that an earlier try has put on a branch; None where the last `HISTORY` have none."""
        return mark.latest_in(self.latest(branch, HISTORY))

    def _tip(self, branch: str) -> str:
        """The commit at which a branch stands; `ls-remote` lists longer names that end so, too."""
        ref = f"refs/heads/{branch}"
        lines = (line.partition("\t") for line in self._remote(ref).decode("utf-8", "replace").splitlines())
        return next((commit for commit, _, name in lines if name == ref), "")

    def _head(self, ref: str) -> Head:
        return _logged(self._git("log", "--max-count=1", "--format=%H %T%n%B", ref, "--").decode("utf-8", "replace"))

    def _remote(self, pattern: str, *options: str) -> bytes:
        """What `ls-remote` lists."""
        return self._git("ls-remote", "--quiet", *options, self._url, pattern)

    def _fetch(self, commit: str, branch: str, depth: int) -> None:
        quiet = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc")
        self._git(*quiet, f"--depth={depth}", self._url, f"+refs/heads/{branch}:refs/scenedock/fetched")
        if self._ran("cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
            raise TemporaryError(f"{self.address}: the branch {branch!r} moves just now", retry_after=2)

    def _push(self, branch: str, head: Head, expected: str | None) -> bool:
        """Push a commit to a branch, if it stands where it is expected: nowhere if that is empty."""
        ref = f"refs/heads/{branch}"
        lease = ["--force"] if expected is None else [f"--force-with-lease={ref}:{expected}"]
        done = self._ran("push", "--porcelain", "--quiet", *lease, self._url, f"{head.commit}:{ref}")
        if done.returncode == 0:
            return True
        said = done.stdout.decode("utf-8", "replace")
        if "[rejected]" in said or ("[remote rejected]" in said and _MOVED.search(said)):
            return False
        if "[remote rejected]" in said:
            reason = re.search(r"\[remote rejected\] \((.*)\)", said)
            raise NotAllowedError(f"{self.address} refuses a push to {branch!r}: {reason[1] if reason else said[:200]}")
        raise self._failure("push", done.stderr)

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        """What git prints, where it succeeds."""
        done = self._ran(*arguments, given=given)
        if done.returncode != 0:
            raise self._failure(arguments[0], done.stderr)
        return done.stdout

    def _ran(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return self._confined.run(self._folder, *arguments, given=given, secrets=self._login)

    def _failure(self, command: str, errors: bytes) -> ScenedockError:
        """What git complains of, as an error; no line of it has our token in it, which git never sees as an address."""
        said = errors.decode("utf-8", "replace")
        if is_refused(errors):
            return NotAllowedError(
                f"{self.address.host} doesn't take the credentials that Scenedock has for it, or they don't suffice "
                f"for {self.address}; whoever runs Scenedock has to renew them in the list of code hosts"
            )
        if re.search(r"repository '.*' not found|error: 404", said):
            return NotFoundError(f"{self.address} isn't there, or our credentials don't reach it")
        return TemporaryError(
            f"{self.address} can't be reached (git {command}): {last_line(errors)[:200]}", retry_after=10
        )


_MOVED: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|already exists|failed to update ref"
)


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _commands(change: FileChange, listing: Mapping[str, RepositoryFile]) -> Iterator[bytes]:
    """What `git fast-import` is told for a change."""
    if change.renamed_from:
        yield f"D {_quoted(change.renamed_from)}\n".encode("utf-8", "surrogateescape")
    if change.deletes:
        yield f"D {_quoted(change.path)}\n".encode("utf-8", "surrogateescape")
        return
    existing = listing.get(change.renamed_from or change.path)
    mode = existing.mode if existing and change.executable is None else "100755" if change.executable else "100644"
    blob = "inline" if change.content is not None else existing.blob if existing else ""
    yield f"M {mode} {blob} {_quoted(change.path)}\n".encode("utf-8", "surrogateescape")
    if change.content is not None:
        yield _data(change.content)


def _quoted(path: str) -> str:
    """The path as a C string, as fast-import takes it."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _logged(entry: str) -> Head:
    """A commit as our format of `git log` writes it."""
    first, _, message = entry.strip("\n").partition("\n")
    commit, tree = first.split()
    return Head(commit, tree, message)
