"""Since when a version is there: the releases of one service in one environment, followed back commit by commit."""

from __future__ import annotations

from collections.abc import Callable

from scenedock.releases.deployed import Deployed
from scenedock.releases.images import Keys
from scenedock.releases.release import Release, choose_as
from scenedock.releases.semver import SemVer
from scenedock.releases.several import release_of
from scenedock.releases.tags import without_pin
from scenedock.structs import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its id, when it was made (ISO 8601, UTC), and the name of its author, without an address.

    The author is empty where nobody can tell who made the change.
    """

    id: str
    date: str
    author: str


@dataclass(frozen=True, slots=True)
class VersionSince:
    """A version (None: the files said none), the line that said it, and the commit that brought it.

    `commit` is None where it `is_new` and not committed yet, or where the history ends before. `is_first`: it is the
    first commit of all, with which history begins; the version may have been there before.
    """

    version: str | None
    commit: Commit | None = None
    path: str = ""
    line: int | None = None
    is_new: bool = False
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class VersionHistory:
    """The versions that a service had in an environment, the newest first. `incomplete` says why there may be older."""

    service: str
    environment: str | None
    repository: str
    versions: tuple[VersionSince, ...] = ()
    incomplete: str = ""

    @property
    def newest(self) -> VersionSince | None:
        """The version of now."""
        return self.versions[0] if self.versions else None

    @property
    def why_unknown(self) -> str:
        """Why nobody can tell since when the version of now is there; empty if it is known."""
        if self.newest is None or self.newest.commit:
            return ""
        return "it isn't committed yet" if self.newest.is_new else self.incomplete


@dataclass(slots=True)
class Followed:
    """A release whose history is being followed. `now` is what says the version after the commits seen so far.

    It is followed until it had `most` versions, one that isn't newer than `floor`, and all that are `wanted`, or until
    it is `stopped` for a reason.
    """

    release: Release
    now: Deployed
    prefix: str
    most: int
    floor: SemVer | None = None
    wanted: frozenset[str] = frozenset()
    versions: list[VersionSince] = field(default_factory=list)
    stopped: str = ""
    _version: str | None = None

    def __post_init__(self) -> None:
        self._version = self.release.version

    def note_uncommitted(self, committed: Deployed) -> None:
        """Compare with what the last commit says: what differs isn't committed."""
        version = self._version_of(committed)
        if self._is_other(version):
            self.versions.append(VersionSince(self._version, None, self.release.path, self.release.line, is_new=True))
            self._version = version
        self.now = committed

    def step_back(self, commit: Commit, before: Deployed | None, *, is_first: bool = False) -> None:
        """Go back before a commit; `before` is what said the version then, None where the service wasn't there.

        `is_first`: there is no commit before it.
        """
        version = None if before is None else self._version_of(before)
        if self._is_other(version):
            self.versions.append(replace(self._since(commit), is_first=is_first))
            self._version = version
        if before is not None:
            self.now = before

    def differs(self, before: Deployed | None) -> bool:
        """Whether a step back to `before` would be one to another version."""
        return self._is_other(None if before is None else self._version_of(before))

    def _is_other(self, version: str | None) -> bool:
        """Whether it differs from that after it: the same tag with another digest is the same version."""
        return without_pin(version or "") != without_pin(self._version or "")

    @property
    def is_done(self) -> bool:
        """Whether it isn't to be followed further."""
        return bool(self.stopped) or self._is_enough

    @property
    def _is_enough(self) -> bool:
        last = self._version if self.versions else None
        reached = self.floor is None or ((found := SemVer.parse(last or "")) is not None and found <= self.floor)
        seen = {without_pin(each or "") for each in (*(one.version for one in self.versions), self._version)}
        return len(self.versions) >= self.most and reached and self.wanted <= seen

    def history(self, incomplete: str) -> VersionHistory:
        """All that was found. `incomplete` says why older commits were not looked at; empty if all were."""
        versions = list(self.versions)
        if self._version is not None and (self.floor or self.wanted or not self._is_enough):
            versions.append(self._since(None))
        while versions and versions[-1].version is None:
            versions.pop()
        enough = f"only the last {self.most:,} versions were looked for" if self._is_enough else ""
        why = enough or self.stopped or incomplete
        release = self.release
        return VersionHistory(release.service, release.environment, release.repository, tuple(versions), why)

    def _since(self, commit: Commit | None) -> VersionSince:
        if self._version is None:
            return VersionSince(None, commit)
        said = release_of(self.now, self.now.images(), self.prefix, choose_as(self.release))
        return VersionSince(self._version, commit, said.path, said.line)

    def _version_of(self, deployed: Deployed) -> str | None:
        """The version alone: to find images and lines costs much more."""
        if deployed.tag_file:
            return deployed.tag_file.version or None
        blind = replace(deployed, layers=tuple(replace(layer, line_of=_no_line) for layer in deployed.layers))
        return release_of(blind, blind.images(), self.prefix, choose_as(self.release)).version


def versions_between(history: VersionHistory, older: str) -> int | None:
    """How many semantic versions an environment has had that are newer than an `older` one; None if nobody can tell."""
    floor = SemVer.parse(older)
    if floor is None:
        return None
    newer: set[SemVer] = set()
    for each in history.versions:
        found = SemVer.parse(each.version or "")
        if found is not None and found <= floor:
            return len(newer)
        if found is not None:
            newer.add(found)
    return None if history.incomplete else len(newer)


def with_authors(history: VersionHistory, author_of: Callable[[Commit], str]) -> VersionHistory:
    """The history with the authors of merged changes in the place of those who merged."""
    return replace(history, versions=tuple(_with_author(each, author_of) for each in history.versions))


def _with_author(since: VersionSince, author_of: Callable[[Commit], str]) -> VersionSince:
    return replace(since, commit=replace(since.commit, author=author_of(since.commit))) if since.commit else since


def _no_line(_keys: Keys) -> int:
    return 0
