"""Commits: the changes to a repository, and the message that names the user and the task."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above, is_utf8
from scenedock.structs import dataclass

TASK_TRAILER = "Scenedock-Task"
USER_TRAILER = "Requested-by"
CONTENT_TRAILER = "Scenedock-Content"
REPLACED_TRAILER = "Scenedock-Replaced"
"""In the text of a pull request: the mark of a change that a later one has replaced."""
_MOST_REPLACED = 50
DEPLOYS_TRAILER = "Scenedock-Deploys"
"""In the text of a pull request: a deployment that it changes."""
_OURS = (TASK_TRAILER, USER_TRAILER, CONTENT_TRAILER, REPLACED_TRAILER, DEPLOYS_TRAILER)
SYMBOLIC_LINK = "120000"
"""The mode of a symbolic link, whose content is the path of its target."""
HISTORY = 100
"""The number of latest commits of a branch that are searched for an earlier attempt."""
LONGEST_SUBJECT = 200
"""The maximum length of the first line of a commit message, in characters."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """The change of one file, by its path from the repository's root.

    If `content` is None, the file is deleted; or, if it is `renamed_from` another path, it keeps its content and the
    other path is removed. If `executable` is None, the mode stays. The content of a symbolic `link` is its target.
    """

    path: str
    content: bytes | None = None
    executable: bool | None = None
    renamed_from: str = ""
    link: bool = False

    @property
    def deletes(self) -> bool:
        """Whether the change deletes the file."""
        return self.content is None and not self.renamed_from

    def mode(self, existing: RepositoryFile | None) -> str:
        """The mode that the file gets, as git writes it, where there may be an `existing` file."""
        if self.link:
            return SYMBOLIC_LINK
        if existing and self.executable is None:
            return existing.mode
        return "100755" if self.executable else "100644"

    @property
    def touched(self) -> tuple[str, ...]:
        """Every path that the change affects."""
        return tuple(filter(None, (self.path, self.renamed_from)))


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """A file in a commit: its mode as git writes it, and the id of its blob."""

    mode: str
    blob: str


CommitListing: TypeAlias = Mapping[str, RepositoryFile]
"""The files of a commit by their paths."""


@dataclass(frozen=True, slots=True)
class Head:
    """The commit that a branch points to: its id, the id of its tree, and its message.

    `by_host` if the code host itself has made it, as it merges, and proves that.
    """

    commit: str
    tree: str
    message: str = ""
    by_host: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether a task of ours created the commit, as its message says."""
        return has_mark(self.message)


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark `task/step` on everything that a step of a task creates, by which a later attempt finds it."""

    task: str
    step: str

    def __str__(self) -> str:
        return f"{self.task}/{self.step}"

    @property
    def trailer(self) -> str:
        """The trailer line with the mark."""
        return f"{TASK_TRAILER}: {self}"

    def in_text(self, text: str) -> bool:
        """Whether a commit message or the text of a pull request has the trailer."""
        return self.trailer in (line.strip() for line in text.splitlines())

    def was_replaced(self, text: str) -> bool:
        """Whether the text of a pull request says that a later change has replaced the one with this mark."""
        return f"{REPLACED_TRAILER}: {self}" in (line.strip() for line in text.splitlines())

    def latest_in(self, heads: Iterable[Head]) -> Head | None:
        """The first of these commits that has the mark."""
        return next((head for head in heads if self.in_text(head.message)), None)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a step to create something on a code host; it, or an earlier one, created what has the `mark`.

    `user` is the user it acts for, if any. `tried_before` says whether there may have been an earlier attempt. `log`
    writes to the log that the caller reads. `content` is a digest of what is to be created, if others may create the
    same. `deploys` are the deployments that it changes.
    """

    mark: Mark
    user: str | None = None
    tried_before: bool = False
    log: Callable[[str], None] = lambda _message: None
    content: str = ""
    deploys: tuple[str, ...] = ()

    @property
    def trailers(self) -> str:
        """The trailer lines that name the user, the task and the content."""
        user = [f"{USER_TRAILER}: {self.user}"] if self.user else []
        return "\n".join([*user, self.mark.trailer, *([self._content] if self.content else [])])

    @property
    def text_trailers(self) -> str:
        """The trailer lines of the text of a pull request, which also name the deployments."""
        return "\n".join([self.trailers, *(f"{DEPLOYS_TRAILER}: {each}" for each in self.deploys)])

    def has_made(self, text: str) -> bool:
        """Whether a commit message or the text of a pull request says that its content is that of this attempt."""
        sign = self._content if self.content else self.mark.trailer
        return sign in (line.strip() for line in text.splitlines())

    @property
    def _content(self) -> str:
        return f"{CONTENT_TRAILER}: {self.content}"


def has_mark(text: str) -> bool:
    """Whether a commit message or the text of a pull request has the mark of any task."""
    return any(line.strip().startswith(f"{TASK_TRAILER}: ") for line in text.splitlines())


def replaced_trailers(text: str, attempt: Attempt) -> str:
    """The trailer lines for what an attempt replaces in a pull request with this text, the latest last."""
    names = (f"{REPLACED_TRAILER}: ", f"{TASK_TRAILER}: ")
    lines = [line.strip() for line in text.splitlines()]
    marks = dict.fromkeys(line.partition(": ")[2] for name in names for line in lines if line.startswith(name))
    return "\n".join(f"{names[0]}{mark}" for mark in [*marks][-_MOST_REPLACED:] if mark != str(attempt.mark))


def deploys_in(text: str) -> tuple[str, ...]:
    """The deployments that a pull request of ours changes, as its text says."""
    start = f"{DEPLOYS_TRAILER}: "
    return tuple(line.strip().removeprefix(start) for line in text.splitlines() if line.strip().startswith(start))


def without_trailers(text: str) -> str:
    """The text without the lines that only Scenedock writes."""
    ours = tuple(f"{name}: " for name in _OURS)
    return "\n".join(line for line in text.splitlines() if not line.strip().startswith(ours)).rstrip()


def refuse_trailers(text: str, what: str) -> None:
    """Refuse a text with a trailer line that only Scenedock may write.

    Raises
    ------
    InputError   it has such a line
    """
    ours = tuple(f"{name}:".lower() for name in _OURS)
    if any(line.strip().lower().startswith(ours) for line in text.splitlines()):
        names = ", ".join(f"`{name}:`" for name in _OURS)
        raise InputError(f"the {what} has a line that begins with {names}; only Scenedock writes these, remove it")


def commit_message(text: str, attempt: Attempt) -> str:
    """The message of a commit: the text, then trailers that name the user and the task.

    Raises
    ------
    InputError   the text is empty, or contains control characters or a trailer that only Scenedock may write
    """
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if not lines or not lines[0]:
        raise InputError("the commit message is empty; write one line that says what changes")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", "\n".join(lines)) or not is_utf8(text):
        raise InputError("the commit message contains control characters; remove them")
    refuse_trailers(text, "commit message")
    if len(lines[0]) > LONGEST_SUBJECT:
        raise InputError(f"the first line of the commit message has more than {LONGEST_SUBJECT} characters")
    return "\n".join([*lines, "", attempt.trailers, ""])


def check_changes(changes: Sequence[FileChange]) -> None:
    """Refuse changes that contradict each other.

    Raises
    ------
    InputError   a path is changed twice, or one is a folder of another
    """
    seen: set[str] = set()
    for path in (path for change in changes for path in change.touched):
        if path in seen:
            raise InputError(f"{path!r} is changed twice; list each path only once")
        seen.add(path)
    written = {change.path for change in changes if not change.deletes}
    for path in sorted(written):
        for folder in folders_above(path):
            if folder in written:
                raise InputError(f"{folder!r} would be both a file and the folder of {path!r}; rename one")


def touched_paths(changes: Iterable[FileChange]) -> frozenset[str]:
    """Every path that these changes affect."""
    return frozenset(path for change in changes for path in change.touched)
