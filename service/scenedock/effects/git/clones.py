"""Remote repositories: one branch of each, fetched into a bare clone, and read without a checkout."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scenedock.effects.git.commands import ask_git
from scenedock.effects.git.confined_git import (
    ConfinedGit,
    basic_authorization,
    default_branch_of,
    is_refused,
    last_line,
)
from scenedock.effects.git.git_files import read_head
from scenedock.effects.git.revisions import GitRevision
from scenedock.errors import NotAllowedError, NotFoundError, TemporaryError
from scenedock.model.code_hosts.code_host import RepositoryAddress, checked_branch, is_loopback, read_repository
from scenedock.structs import dataclass

_SECONDS_TO_TRY_AGAIN = 30
_DAMAGED = re.compile(
    rb"^(?:error|fatal): .*"
    rb"(?:bad object|corrupt|unable to read|object file|missing (?:blob|tree|commit)|all necessary objects)",
    re.MULTILINE,
)
"""What git says of a damaged repository: of ours, or of the host's, as both say the same."""


@dataclass(frozen=True, slots=True)
class RemoteBranch:
    """A branch of a repository at a `url`; an empty branch means the repository's default branch."""

    url: str
    repository: RepositoryAddress
    branch: str = ""

    @classmethod
    def read(cls, text: str) -> RemoteBranch:
        """Parse `https://HOST/OWNER/NAME`, with or without `#BRANCH`; on loopback, `http` is accepted, too.

        Raises
        ------
        InputError   it has another form
        """
        url, marked, branch = text.partition("#")
        scheme, _, rest = url.partition("://")
        scheme = "http" if scheme == "http" and is_loopback(rest.partition("/")[0]) else "https"
        repository = read_repository(f"https{url.removeprefix(scheme)}")
        return cls(f"{scheme}://{repository}", repository, checked_branch(branch) if marked else "")


@dataclass(frozen=True, slots=True)
class RepositoryClone:
    """A bare clone at `folder`, in the state of the last fetch; its HEAD is the branch that is read."""

    remote: RemoteBranch
    folder: Path

    @classmethod
    def below(cls, folder: Path, remote: RemoteBranch) -> RepositoryClone:
        """The clone of a branch below the folder of all clones; it may not exist yet."""
        digest = hashlib.sha256(f"{remote.url}#{remote.branch}".encode()).hexdigest()[:12]
        return cls(remote, folder / f"{remote.repository.name}-{digest}.git")

    def signature(self) -> str:
        """The commit that is read.

        Raises
        ------
        NotFoundError   it was never fetched
        """
        commit = read_head(self.folder) or ask_git(self.folder, "rev-parse", "--verify", "-q", "HEAD^{commit}").text
        if not commit:
            raise NotFoundError(
                f"{self.remote.url}: not fetched yet into {self.folder.parent}; the log of `scenedock serve` says why"
            )
        return commit

    def is_on(self, branch: str) -> bool:
        """Whether this branch is read."""
        return ask_git(self.folder, "symbolic-ref", "HEAD").text == f"refs/heads/{branch}"

    @contextmanager
    def opened(self) -> Iterator[GitRevision]:
        """The current state of the branch; later fetches don't change it."""
        with GitRevision(self.folder, self.signature()) as revision:
            yield revision


def fetch(clone: RepositoryClone, shown: tuple[str, str] | None, seconds: float = 120.0, *, history: int = 0) -> None:
    """Update a clone to the current commit of its branch; on errors it is not changed.

    `shown` is the user and the token for the host, None if anybody may read. Several processes may share the folder of
    the clone. One git command may take `seconds`. A clone has so many commits of `history` before the first one that
    was fetched with them; it keeps all later ones.

    Raises
    ------
    NotAllowedError   the host doesn't accept the token, or requires one
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
        wanted, kept = f"{history} {head}", folder / _DEPTH
        is_deep = history > 0 and kept.is_file() and kept.read_text("utf-8") == wanted
        deepen = () if is_deep else (f"--depth={history + 1}",)
        done = git.run(folder, *_FETCH, *deepen, "origin", f"+{head}:{head}", secrets=secrets)
        if done.returncode != 0:
            if _DAMAGED.search(done.stderr) and _is_damaged(git, folder):
                raise TemporaryError(
                    f"{remote.url}: the clone {clone.folder} is damaged: {last_line(done.stderr)}. Delete this folder, "
                    "and it is made again",
                    retry_after=_SECONDS_TO_TRY_AGAIN,
                )
            raise _refusal(remote.url, done.stderr)
        if not is_deep:
            kept.write_text(wanted, "utf-8")
        git.output(folder, "symbolic-ref", "HEAD", head)
        # Unreachable objects are deleted after a day: by then, no process still reads them.
        git.run(folder, "-c", "gc.autoDetach=false", "-c", "gc.pruneExpire=1.day.ago", "gc", "--auto", "--quiet")


_FETCH = (*("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc"),)
_DEPTH = "scenedock-depth"
"""A file in the clone: with how much history which branch was fetched. Later fetches only add commits."""


def _is_damaged(git: ConfinedGit, folder: Path) -> bool:
    """Whether something is missing in a clone; False where that takes too long to find out."""
    try:
        return git.run(folder, "fsck", "--connectivity-only", "--no-dangling", "--no-progress").returncode != 0
    except TemporaryError:
        return False


def _default_branch(git: ConfinedGit, folder: Path, url: str, secrets: Mapping[str, str]) -> str:
    listed = git.run(folder, "ls-remote", "--quiet", "--symref", "origin", "HEAD", secrets=secrets)
    if listed.returncode != 0:
        raise _refusal(url, listed.stderr)
    default = default_branch_of(listed.stdout)
    if default is None:
        raise NotFoundError(f"{url}: the repository has no default branch; add one to the address: {url}#BRANCH")
    return checked_branch(default)


def _refusal(url: str, errors: bytes) -> NotAllowedError | NotFoundError | TemporaryError:
    message = last_line(errors)
    if "couldn't find remote ref" in message:
        return NotFoundError(f"{url}: has no branch {message.rpartition('/')[2]!r}")
    if is_refused(errors):
        return NotAllowedError(
            f"{url}: the host doesn't accept our token, requires one, or has no such repository: {message}"
        )
    return TemporaryError(f"{url}: can't be fetched: {message}", retry_after=_SECONDS_TO_TRY_AGAIN)
