"""Queries with the git command line. Nothing here changes a repository."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

from scenedock.effects.pipelines.variables import default_branch_of
from scenedock.errors import InputError, TemporaryError
from scenedock.structs import dataclass

NO_GIT = "git isn't installed, or doesn't answer"
_SECONDS = 60
_USUAL = ("main", "master")
_USUAL_REFS = tuple(f"{where}/{name}" for where in ("refs/remotes/origin", "refs/heads") for name in _USUAL)
"""The refs of the usual names of a default branch, the most certain one first."""
_COMMAND = re.compile(r"[a-z][a-z-]*")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SCP_ADDRESS = re.compile(r"(?:(?P<user>[^@/:\s]+)@)?(?P<host>[^@/:\s]+):(?P<path>[^\s@]+)")


@dataclass(frozen=True, slots=True)
class GitAddress:
    """Facts from git: the address for browsers (empty without a remote), the branch, the path inside the clone.

    `problem` says why git gave no address although there might be one, and what to do. Where nothing tells the default
    branch, the branch is a guess: the one that is checked out, or HEAD. `is_folder` says that the remote is one.
    """

    url: str = ""
    branch: str = ""
    prefix: str = ""
    problem: str = ""
    is_guess: bool = False
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class GitOutput:
    """The output of a git command; `complaint` is the first line of its errors, and empty if it succeeded."""

    output: bytes = b""
    complaint: str = ""

    @property
    def text(self) -> str:
        """The output as text, without white space around it."""
        return self.output.decode("utf-8", "replace").strip()


def ask_git(root: Path, *arguments: str, seconds: float = _SECONDS) -> GitOutput:
    """Run a git query in a folder or a bare repository, with the user's own configuration."""
    from scenedock.effects.git.runner import run_git, users_environment  # with subprocess

    try:
        done = run_git(root, arguments, users_environment(), seconds)
    except (OSError, ValueError, TemporaryError):
        return GitOutput(complaint=f"{NO_GIT}; install it (apt-get install git)")
    if done.returncode == 0:
        return GitOutput(done.stdout)
    errors = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if errors and "dubious ownership" in errors[0]:
        return GitOutput(complaint=_not_ours(root))
    command = next((each for each in arguments if _COMMAND.fullmatch(each)), "")
    return GitOutput(complaint=errors[0].removeprefix("fatal: ") if errors else f"git {command} failed")


def is_folder(path: Path) -> bool:
    """Whether there is a folder at a path.

    Raises
    ------
    InputError   a folder above may not be entered
    """
    try:
        return path.is_dir()
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}; check its permissions") from error


def is_ancestor(root: Path, older: str, newer: str) -> bool:
    """Whether a commit is in the history of another one, as far as the clone has it."""
    return not ask_git(root, "merge-base", "--is-ancestor", older, newer).complaint


def merge_base(root: Path, one: str, other: str) -> str:
    """The newest commit that two have in their histories; empty if the clone has none, or lacks one of the two."""
    revisions = [ask_git(root, "rev-parse", "--verify", "--quiet", f"{each}^{{commit}}").text for each in (one, other)]
    return ask_git(root, "merge-base", *revisions).text if all(revisions) else ""


def parents_of(root: Path, revision: str) -> tuple[str, ...]:
    """The parents of a commit as it names them, even if a shallow clone doesn't have them."""
    head, _, _ = ask_git(root, "cat-file", "commit", revision).text.partition("\n\n")
    return tuple(line.removeprefix("parent ") for line in head.splitlines() if line.startswith("parent "))


def is_in(root: Path, commit: str) -> bool:
    """Whether a commit has this folder of its clone."""
    return not ask_git(root, "cat-file", "-e", f"{commit}:{prefix_of(root)}").complaint


def address_of(root: Path) -> GitAddress:
    """The address of a folder's repository; empty if the folder is not a clone or git isn't installed."""
    if not _may_be_in_clone(root):
        return GitAddress()
    remote = ask_git(root, "config", "--get", "remote.origin.url").text
    url = browser_address(remote)
    if not url:
        return GitAddress(problem=_why_git_is_silent(root), is_folder=_names_folder(remote))
    branch = default_branch_of(url, os.environ) or _default_branch(root)
    here = "" if branch else ask_git(root, "symbolic-ref", "--short", "HEAD").text
    is_known = branch or here in _USUAL or _is_bare(root)  # of a bare clone, HEAD is the remote's
    return GitAddress(url, branch or here or "HEAD", prefix_of(root), is_guess=not is_known)


def _may_be_in_clone(root: Path) -> bool:
    """Whether git would find a clone from here, as far as the names of files tell: a bare one has a file HEAD."""
    folder = Path(os.path.realpath(root))
    return any(os.path.lexists(f"{each}/{name}") for each in (folder, *folder.parents) for name in (".git", "HEAD"))


def _default_branch(root: Path) -> str:
    """The remote's default branch as the clone notes it, else one with a usual name; never what is checked out."""
    if noted := ask_git(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").text:
        return noted.removeprefix("origin/")
    if _is_bare(root):
        return ""
    refs = ask_git(root, "for-each-ref", "--format=%(refname)", *_USUAL_REFS).text.splitlines()
    return next((ref.rpartition("/")[2] for ref in _USUAL_REFS if ref in refs), "")


def _is_bare(root: Path) -> bool:
    return ask_git(root, "rev-parse", "--is-bare-repository").text == "true"


def _why_git_is_silent(root: Path) -> str:
    complaint = ask_git(root, "rev-parse", "--git-dir").complaint
    is_told = complaint == _not_ours(root) or (complaint.startswith(NO_GIT) and (root / ".git").exists())
    return complaint if is_told else ""


def _not_ours(root: Path) -> str:
    """What to do where git refuses a clone for its owner."""
    return (
        "the clone belongs to another user, so git doesn't read it; "
        f"run: git config --global --add safe.directory {shlex.quote(str(root.resolve()))}"
    )


def prefix_of(root: Path) -> str:
    """The path of a folder inside its clone; empty for the clone itself and for a bare repository."""
    return ask_git(root, "rev-parse", "--show-prefix").text.strip("/")


def _names_folder(remote: str) -> bool:
    """Whether a remote is a folder of this machine, as git reads it: a path, or `file://`."""
    return remote.startswith(("/", ".", "~", "file://")) or (bool(remote) and ":" not in remote)


def browser_address(remote: str) -> str:
    """The address of a remote for browsers: over http(s), without credentials and `.git`; empty for anything else."""
    if "://" not in remote:
        scp = _SCP_ADDRESS.fullmatch(remote)
        # Without a user, `host:path` is an address only if the host can't be a drive or an alias of ssh.
        return _address("https", scp["host"], scp["path"]) if scp and (scp["user"] or "." in scp["host"]) else ""
    try:
        split = urlsplit(remote)
        port = f":{split.port}" if split.port and split.scheme in {"http", "https"} else ""
    except ValueError:
        return ""
    if split.scheme not in {"http", "https", "ssh"} or "@" in split.query + split.fragment:
        return ""
    return _address("http" if split.scheme == "http" else "https", split.hostname or "", split.path, port)


def _address(scheme: str, host: str, path: str, port: str = "") -> str:
    """The address, or nothing if it looks wrong: an `@` in its path may come from a password with a slash."""
    path = path.strip("/").removesuffix(".git").rstrip("/")
    if not _HOST.fullmatch(host) or not path or "@" in path or any(sign.isspace() for sign in path):
        return ""
    return f"{scheme}://{host}{port}/{path}"
