"""What a run reports about its input: findings and skips, each with its place."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from scenedock.model.addresses import without_credentials
from scenedock.structs import dataclass, force_setattr

Severity: TypeAlias = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The most severe first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was read: `path` is relative to the repository's root, `line` counts from 1.

    `repository` is its name in this run; empty if a single file was read.
    """

    repository: str = ""
    path: str = ""
    line: int | None = None

    @property
    def sort_key(self) -> tuple[str, str, int]:
        """The sort key of a place; a place without a line comes first in its file."""
        return self.repository, self.path, self.line or 0

    def __str__(self) -> str:
        """`repository:path:line` without the unknown parts: the form that editors and terminals turn into links."""
        parts = [self.repository, self.path, "" if self.line is None else str(self.line)]
        return ":".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem or fact that a person should know about or fix.

    `code` is a stable kebab-case word by which similar findings are grouped. `remedy` says what to do. Both texts may
    quote a file, so credentials are removed from addresses in them.
    """

    severity: Severity
    code: str
    message: str
    place: Place
    remedy: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "message", without_credentials(self.message))
        force_setattr(self, "remedy", without_credentials(self.remedy))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the catalog is not what a repository says now: what anybody may know of it, without names of files.

    `repository` is empty where it is about all of them. `code` is that of the finding which says more, or
    `unreadable-folder`.
    """

    repository: str
    code: str
    message: str

    def __str__(self) -> str:
        """`apps: 1 folder can't be read`."""
        return f"{self.repository}: {self.message}" if self.repository else self.message


@dataclass(frozen=True, slots=True)
class Skipped:
    """A folder that is deliberately not mapped, with the reason."""

    place: Place
    reason: str
