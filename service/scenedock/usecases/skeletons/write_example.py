"""Write the example repository, with a history of some weeks, to try the commands and the pages on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from scenedock.effects.git.commands import NO_GIT
from scenedock.effects.git.runner import run_git, users_environment
from scenedock.errors import ConflictError, InputError
from scenedock.structs import dataclass

_SECONDS = 60
_TAG = re.compile(r'(?<=tag: ")[^"]*')


@dataclass(frozen=True, slots=True)
class _Commit:
    """A commit of the example: how many days ago, by whom, and the tags of values files that differ from today's."""

    message: str
    days_ago: int
    author: str
    tags: Mapping[str, str]


_AT_FIRST = {
    "billing/values-qa.yaml": "2.7.1",
    "billing/values-production.yaml": "2.7.0",
    "checkout/values-qa.yaml": "5.0.3",
    "checkout/values-production.yaml": "5.0.2",
    "search/values-qa.yaml": "1.11.0",
    "search/values-production.yaml": "1.10.2",
}
_PROMOTED = {
    "billing/values-production.yaml": "2.7.1",
    "checkout/values-production.yaml": "5.0.3",
    "search/values-qa.yaml": "1.12.0",
    "search/values-production.yaml": "1.11.0",
}
_HISTORY = (
    _Commit("The services of Acme", 41, "Ada", _AT_FIRST),
    _Commit("Promote to production what QA has", 12, "Jane", _AT_FIRST | _PROMOTED),
    _Commit("New versions for QA, search 1.12.0 for production", 2, "Ada", {}),
)


def write_example(example: Path, target: Path, now: datetime) -> None:
    """Copy the example into a new folder that is a git repository, whose last commit is the example as it ships.

    Raises
    ------
    ConflictError   there is such a folder or file already
    InputError      the folder can't be written, or git isn't installed
    """
    if target.exists():
        raise ConflictError(f"{target}: this is there already; name a new folder")
    try:
        shutil.copytree(example, target)
        _git(target, "init", "--quiet", "--initial-branch=main")
        for commit in _HISTORY:
            for path in _AT_FIRST:
                shipped = (example / path).read_text(encoding="utf-8")
                older = commit.tags.get(path)
                (target / path).write_text(_TAG.sub(older, shipped) if older else shipped, encoding="utf-8")
            _commit(target, commit, now)
    except OSError as error:
        raise InputError(f"{target}: can't be written: {error.strerror or error}") from error


def _commit(target: Path, commit: _Commit, now: datetime) -> None:
    date = (now - timedelta(days=commit.days_ago)).isoformat(timespec="seconds")
    person = {f"GIT_{role}_NAME": commit.author for role in ("AUTHOR", "COMMITTER")}
    person |= {f"GIT_{role}_EMAIL": "nobody@acme.example" for role in ("AUTHOR", "COMMITTER")}
    person |= {f"GIT_{role}_DATE": date for role in ("AUTHOR", "COMMITTER")}
    _git(target, "add", "--all")
    options = ("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false")
    _git(target, *options, "commit", "--quiet", f"--message={commit.message}", environment=person)


def _git(target: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    try:
        done = run_git(target, arguments, {**users_environment(), **(environment or {})}, _SECONDS)
    except FileNotFoundError:
        raise InputError(f"{NO_GIT}; install it (apt-get install git)") from None
    if done.returncode:
        raise InputError(f"{target}: git can't write it: {done.stderr.decode('utf-8', 'replace').strip()}")
