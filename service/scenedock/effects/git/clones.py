"""Repositories at addresses: one branch of each, fetched into a bare clone, and read without a checkout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scenedock.effects.git.commands import ask_git
from scenedock.effects.git.confined_git import (
    ConfinedGit,
    basic_authorization,
    default_branch_of,
    is_refused,
    last_line,
)
from scenedock.effects.git.revisions import GitRevision
from scenedock.errors import NotAllowedError, NotFoundError, TemporaryError
from scenedock.model.code_hosts.code_host import RepositoryAddress, checked_branch, is_loopback, read_repository

_SECONDS_TO_TRY_AGAIN = 30


@dataclass(frozen=True, slots=True)
class RemoteBranch:
    """A branch of a repository at a `url`; the branch is empty for the one that the repository calls its default."""

    url: str
    repository: RepositoryAddress
    branch: str = ""

    @classmethod
    def read(cls, text: str) -> RemoteBranch:
        """What `https://HOST/OWNER/NAME`, with `#BRANCH` or without, says; on loopback `http` is taken, too.

        Raises
        ------
        InputError   it says something else
        """
        url, marked, branch = text.partition("#")
        scheme, _, rest = url.partition("://")
        scheme = "http" if scheme == "http" and is_loopback(rest.partition("/")[0]) else "https"
        repository = read_repository(f"https{url.removeprefix(scheme)}")
        return cls(f"{scheme}://{repository}", repository, checked_branch(branch) if marked else "")


@dataclass(frozen=True, slots=True)
class RepositoryClone:
    """A bare clone at `folder` as it was fetched last; its HEAD is the branch that is read."""

    remote: RemoteBranch
    folder: Path

    @classmethod
    def below(cls, folder: Path, remote: RemoteBranch) -> RepositoryClone:
        """The clone of a branch among all those below a folder; it may not be there yet."""
        digest = hashlib.sha256(f"{remote.url}#{remote.branch}".encode()).hexdigest()[:12]
        return cls(remote, folder / f"{remote.repository.name}-{digest}.git")

    def signature(self) -> str:
        """The commit that is read.

        Raises
        ------
        NotFoundError   it was never fetched
        """
        commit = ask_git(self.folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").text
        if not commit:
            raise NotFoundError(
                f"{self.remote.url}: was never fetched into {self.folder.parent}; the log of `scenedock serve` says why"
            )
        return commit

    def is_at(self, repository: RepositoryAddress, branch: str) -> bool:
        """Whether it is this branch of a repository; the names of hosts, owners and repositories have no case here."""
        if str(repository).lower() != str(self.remote.repository).lower():
            return False
        return ask_git(self.folder, "symbolic-ref", "HEAD").text == f"refs/heads/{branch}"

    @contextmanager
    def opened(self) -> Iterator[GitRevision]:
        """The branch as it is now; what is fetched meanwhile is not seen."""
        with GitRevision(self.folder, self.signature()) as revision:
            yield revision


def fetch(clone: RepositoryClone, shown: tuple[str, str] | None, seconds: float = 120.0) -> None:
    """Bring a clone to the commit that its branch has now; on errors it stays what it was.

    `shown` is the user and the token that the host is shown, None where anybody may read. The folder of the clone may
    be shared by several processes. One git command may take so many seconds.

    Raises
    ------
    NotAllowedError   the host doesn't take the token, or wants one
    NotFoundError     there is no such branch
    TemporaryError    the repository can't be reached, or git took too long
    """
    remote = clone.remote
    git = ConfinedGit(clone.folder.parent, (remote.url.partition("://")[0],), seconds)
    secrets = basic_authorization(remote.url, *shown) if shown else {}
    with git.bare(clone.folder) as folder:
        git.output(folder, "config", "remote.origin.url", remote.url)
        branch = remote.branch or _default_branch(git, folder, remote.url, secrets)
        head = f"refs/heads/{branch}"
        done = git.run(folder, *_FETCH, f"+{head}:{head}", secrets=secrets)
        if done.returncode != 0:
            raise _refusal(remote.url, done.stderr)
        git.output(folder, "symbolic-ref", "HEAD", head)
        # What no commit needs any more goes after a day: whoever still reads it has ended by then.
        git.run(folder, "-c", "gc.autoDetach=false", "-c", "gc.pruneExpire=1.day.ago", "gc", "--auto", "--quiet")


_FETCH = (
    *("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"),
    *("--no-auto-gc", "origin"),
)


def _default_branch(git: ConfinedGit, folder: Path, url: str, secrets: Mapping[str, str]) -> str:
    listed = git.run(folder, "ls-remote", "--quiet", "--symref", "origin", "HEAD", secrets=secrets)
    if listed.returncode != 0:
        raise _refusal(url, listed.stderr)
    found = default_branch_of(listed.stdout)
    if found is None:
        raise NotFoundError(f"{url}: the repository says no default branch; name one, {url}#BRANCH")
    return checked_branch(found)


def _refusal(url: str, errors: bytes) -> NotAllowedError | NotFoundError | TemporaryError:
    said = last_line(errors)
    if "couldn't find remote ref" in said:
        return NotFoundError(f"{url}: has no branch {said.rpartition('/')[2]!r}")
    if is_refused(errors):
        return NotAllowedError(f"{url}: the host doesn't take our token, wants one, or has no such repository: {said}")
    return TemporaryError(f"{url}: can't be fetched: {said}", retry_after=_SECONDS_TO_TRY_AGAIN)
