"""Commits: what changes in a repository, and the message that says for whom and by which task."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above, is_utf8

TASK_TRAILER = "Scenedock-Task"
USER_TRAILER = "Requested-by"
SYMBOLIC_LINK = "120000"
"""The mode of a file whose content is the path that it leads to."""
HISTORY = 100
"""Latest commits of a branch among which an earlier try is looked for."""
LONGEST_SUBJECT = 200
"""Characters of the first line of a commit message."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a commit, by its path from the repository's root.

    `content` None deletes it, or keeps what it had where it is `renamed_from` another path, which then is gone.
    `executable` None keeps what the file had.
    """

    path: str
    content: bytes | None = None
    executable: bool | None = None
    renamed_from: str = ""

    @property
    def deletes(self) -> bool:
        """Whether the file is gone afterwards."""
        return self.content is None and not self.renamed_from

    @property
    def touched(self) -> tuple[str, ...]:
        """Every path that the change concerns."""
        return tuple(filter(None, (self.path, self.renamed_from)))


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """A file as a commit has it: its mode as git writes it, and the id of its content."""

    mode: str
    blob: str


CommitListing: TypeAlias = Mapping[str, RepositoryFile]
"""The files of a commit by their paths."""


@dataclass(frozen=True, slots=True)
class Head:
    """A commit at which a branch stands: its id, the id of its tree, and its message."""

    commit: str
    tree: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What everything that one step of a task makes carries, so that a later attempt finds it: `task/step`."""

    task: str
    step: str

    def __str__(self) -> str:
        return f"{self.task}/{self.step}"

    @property
    def trailer(self) -> str:
        """The line of a message that carries it."""
        return f"{TASK_TRAILER}: {self}"

    def in_text(self, text: str) -> bool:
        """Whether a message, or the text of a pull request, has the line."""
        return self.trailer in (line.strip() for line in text.splitlines())

    def latest_in(self, heads: Iterable[Head]) -> Head | None:
        """The first of some commits that carries it."""
        return next((head for head in heads if self.in_text(head.message)), None)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step to make something on a code host. What carries `mark` was made by it, or by one before.

    `user` is the one on whose behalf, if any; `tried_before` whether there may have been a try before; `log` tells the
    person who waits.
    """

    mark: Mark
    user: str | None = None
    tried_before: bool = False
    log: Callable[[str], None] = lambda _message: None

    @property
    def trailers(self) -> str:
        """Lines that say on whose behalf something was made, and by which task."""
        return "\n".join([*([f"{USER_TRAILER}: {self.user}"] if self.user else []), self.mark.trailer])


def refuse_trailers(text: str, what: str) -> None:
    """Refuse a text that has lines which only Scenedock writes.

    Raises
    ------
    InputError   it has one
    """
    ours = tuple(f"{name}:".lower() for name in (TASK_TRAILER, USER_TRAILER))
    if any(line.strip().lower().startswith(ours) for line in text.splitlines()):
        raise InputError(f"the {what} has a line `{TASK_TRAILER}:` or `{USER_TRAILER}:`; Scenedock writes these")


def commit_message(text: str, attempt: Attempt) -> str:
    """The message of a commit: the text, then as trailers the user on whose behalf it is made, and the task.

    Raises
    ------
    InputError   the text is empty, has control characters, or a trailer of ours in it
    """
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if not lines or not lines[0]:
        raise InputError("the commit message is empty; say in a line what changes")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", "\n".join(lines)) or not is_utf8(text):
        raise InputError("the commit message has control characters in it; remove them")
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
            raise InputError(f"{path!r} is changed twice; say once what becomes of it")
        seen.add(path)
    written = {change.path for change in changes if not change.deletes}
    for path in sorted(written):
        for folder in folders_above(path):
            if folder in written:
                raise InputError(f"{folder!r} would be a file and the folder of {path!r}; rename one")


def touched_paths(changes: Iterable[FileChange]) -> frozenset[str]:
    """Every path that some changes concern."""
    return frozenset(path for change in changes for path in change.touched)
