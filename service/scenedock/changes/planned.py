"""A change of versions as it is planned: what each file becomes, for which deployments, and what speaks against it."""

from __future__ import annotations

import difflib
from typing import Final, Literal, TypeAlias

from scenedock.changes.steps import Step
from scenedock.model.finding import Place
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass, field

Liftable: TypeAlias = Literal[
    "downgrade", "pre-release", "untried-version", "shared-line", "automated-line", "stale-chart-lock", "locked"
]
"""Refusals that whoever asks may lift, each with an input of its own."""
Code: TypeAlias = Literal[
    Liftable,
    "unknown-version",
    "unknown-source",
    "not-editable",
    "pinned-digest",
    "not-as-planned",
    "depended-on",
    "not-removable",
    "nothing-to-copy",
]
LIFTABLE: Final[tuple[Liftable, ...]] = (
    "downgrade",
    "pre-release",
    "untried-version",
    "shared-line",
    "automated-line",
    "stale-chart-lock",
    "locked",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change isn't made, with the line that it is about, and what to do instead."""

    code: Code
    pair: str
    message: str
    place: Place = field(default_factory=Place)
    remedy: str = ""

    @property
    def is_liftable(self) -> bool:
        """Whether an input of its own lifts it."""
        return self.code in LIFTABLE or self.code == "depended-on"


@dataclass(frozen=True, slots=True)
class Lifted:
    """The refusals that whoever asks has lifted; locks with a reason."""

    codes: frozenset[Liftable] = frozenset()
    lock_reason: str = ""

    def lifts(self, refusal: Refusal) -> bool:
        """Whether a refusal is one of them."""
        return refusal.code in self.codes or (refusal.code == "locked" and bool(self.lock_reason.strip()))


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of a file: what was there and what will be, None where there is no such line; `number` is the new one."""

    number: int
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of a repository: the bytes that it must still have, and those that it gets; None for no file.

    A new file may be `executable`. With `link` it is a symbolic link to this relative path, where the bytes `after`
    are.
    """

    repository: str
    path: str
    before: bytes | None
    after: bytes | None
    executable: bool = False
    link: str = ""

    @property
    def lines(self) -> tuple[LineChange, ...]:
        """The lines that change."""
        old, new = (data.decode("utf-8", "replace").splitlines() for data in (self.before or b"", self.after or b""))
        found: list[LineChange] = []
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for tag, first, end, start, stop in matcher.get_opcodes():
            if tag == "equal":
                continue
            for at in range(max(end - first, stop - start)):
                before = old[first + at] if first + at < end else None
                after = new[start + at] if start + at < stop else None
                found.append(LineChange(min(start + at, stop) + (1 if after is not None else 0), before, after))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class VersionChange:
    """The version of one deployment: what it is and what it becomes, by which line, and what SemVer says of that.

    `asked`: somebody asked for it; else the line that is edited serves it, too. `inserted`: the line is new, and counts
    for more than the one that `replaced` names, which serves others.
    """

    key: PairKey
    old: str
    new: str
    step: Step
    place: Place
    asked: bool = True
    inserted: bool = False
    replaced: Place | None = None

    @property
    def pair(self) -> str:
        """`billing/qa`."""
        _, service, environment = self.key
        return f"{service}/{environment}" if environment else service


@dataclass(frozen=True, slots=True)
class Planned:
    """A change as it is planned; it must not be made while there are refusals.

    `lifted` are those that were lifted. `notes` are what whoever decides should know besides. `title`, `body` and
    `message` are the text of a pull request (without rendered manifests) and of its commit. Without `files`, all is as
    wanted already. `content` tells it from other plans of the same versions.
    """

    files: tuple[PlannedFile, ...] = ()
    changes: tuple[VersionChange, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    lifted: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = field(default=())
    title: str = ""
    body: str = ""
    message: str = ""
    content: str = ""

    @property
    def pairs(self) -> tuple[PairKey, ...]:
        """All deployments that get another version."""
        return tuple(each.key for each in self.changes)
