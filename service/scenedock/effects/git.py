"""The git command line, asked questions. Nothing here changes a repository."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 60
# A hook is run with these set to *its* repository, which need not be the one that is asked about.
_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"})
_SSH_ADDRESS = re.compile(r"^(?:ssh://)?(?:[^@/]+@)?(?P<host>[^:/]+)(?::\d+/|[:/])(?P<path>.+)$")
_WEB_ADDRESS = re.compile(r"^https?://(?:[^@/]*@)?(?P<rest>.+)$")


@dataclass(frozen=True, slots=True)
class GitAddress:
    """What git knows: the address a browser opens (empty without a remote), the branch, the path inside the clone."""

    url: str = ""
    branch: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git command printed; `complaint` is the first line of its errors, and empty where it succeeded."""

    output: bytes = b""
    complaint: str = ""

    @property
    def text(self) -> str:
        """The output as text, without white space around it."""
        return self.output.decode("utf-8", "replace").strip()


def ask_git(root: Path, *arguments: str) -> Answer:
    """Run git in a folder, or in a bare repository."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and what others give is checked or stands behind our words
            git_command(root, *arguments), capture_output=True, timeout=_SECONDS, check=False, env=git_environment()
        )
    except FileNotFoundError:
        return Answer(complaint="git is missing; install it (apt-get install git)")
    except subprocess.TimeoutExpired:
        return Answer(complaint=f"git {arguments[0]} gave no answer for {_SECONDS} s")
    except OSError as error:
        return Answer(complaint=f"git can't be run: {error.strerror or error}")
    if done.returncode == 0:
        return Answer(done.stdout)
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return Answer(complaint=said[0].removeprefix("fatal: ") if said else f"git {arguments[0]} failed")


def git_command(root: Path, *arguments: str) -> list[str]:
    """The command line of git in a folder."""
    return ["git", "-C", str(root), *arguments]


def git_environment() -> Mapping[str, str]:
    """The environment of this process, as git shall see it."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    return {**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def address_of(root: Path) -> GitAddress:
    """Where the repository of a folder lives; nothing where the folder is no clone or git isn't there."""
    url = browser_address(ask_git(root, "config", "--get", "remote.origin.url").text)
    if not url:
        return GitAddress()
    branch = ask_git(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").text.removeprefix("origin/")
    branch = branch or ask_git(root, "symbolic-ref", "--short", "HEAD").text
    return GitAddress(url, branch or "HEAD", prefix_of(root))


def prefix_of(root: Path) -> str:
    """The path of a folder inside its clone; empty for the clone itself and for a bare repository."""
    return ask_git(root, "rev-parse", "--show-prefix").text.strip("/")


def browser_address(remote: str) -> str:
    """A remote as a browser opens it: over https, without credentials and `.git`; empty for a mere path."""
    if web := _WEB_ADDRESS.match(remote):
        scheme, rest = remote.partition("://")[0], web["rest"]
    elif "://" in remote and not remote.startswith("ssh://"):
        return ""
    elif (ssh := _SSH_ADDRESS.match(remote)) and ("@" in remote or remote.startswith("ssh://")):
        scheme, rest = "https", f"{ssh['host']}/{ssh['path']}"
    else:
        return ""
    return f"{scheme}://{rest.rstrip('/').removesuffix('.git').rstrip('/')}"
