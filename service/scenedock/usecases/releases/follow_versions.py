"""Follow the versions of services back through git: since when each is there, and by which commit and author."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial

from scenedock.catalog.vocabulary.environments import is_production
from scenedock.effects.git.history import CommittedFiles, GitHistory, are_few
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.local.facts_file import FactsFile
from scenedock.errors import InputError
from scenedock.model.entity import service_name
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.deployed import Deployed
from scenedock.releases.history import Commit, Followed, VersionHistory, VersionSince, with_authors
from scenedock.releases.listing import NONE_STALE, ReadState, behind
from scenedock.releases.release import PairKey, Release
from scenedock.releases.semver import SemVer
from scenedock.releases.tags import without_pin
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.releases.known_versions import survey_served
from scenedock.usecases.releases.list_deployments import Deployments, deployments_of, is_lower
from scenedock.usecases.releases.reading.pairs import Pair
from scenedock.usecases.releases.reading.version_facts import VersionReader
from scenedock.usecases.releases.rendered import let_helm_choose
from scenedock.usecases.releases.survey import Survey, survey

SECONDS = 30.0
"""How long git may look for the commits of one repository."""
_OF_A_FOLDER = "HEAD"
"""The ref of a working copy, which may have other changes."""
_FEW = 200
"""Releases of which more than half needn't have been found before all are looked through again."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far to go back: to the `most` last versions of each, and not before a date (ISO 8601) if one is given.

    With `between`, those of the furthest environment also until none of the service is older, and those of environments
    before production until they had the versions of production. Without `authors`, those who merged are named.
    """

    most: int = 1
    until: str = ""
    between: bool = True
    authors: bool = True
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Selected:
    """Which deployments: those of a service and an environment; where these are None, of all."""

    service: str | None = None
    environment: str | None = None

    @property
    def name(self) -> str | None:
        """The name of the service."""
        return None if self.service is None else service_name(self.service)

    def includes(self, release: Release) -> bool:
        """Whether it is one of them."""
        return self.name in {None, release.service} and self.environment in {None, release.environment}


def follow_deployments(
    result: Export,
    repositories: Mapping[str, Repository],
    selected: Selected,
    extent: Extent,
    helm: HelmProgram | None = None,
) -> Deployments:
    """The deployments of an export, with the histories of those that are selected.

    Where several images may be their own, `helm` decides, if there is one.

    Raises
    ------
    InputError   a repository can't be read
    """
    all_of = survey(
        result, repositories, let_helm_choose(helm, repositories, None if selected.name is None else {selected.name})
    )
    releases = [each for each in all_of.releases if selected.includes(each)]
    histories = follow(all_of, repositories, releases, extent)
    return deployments_of(result, all_of.releases, histories)


def follow_served(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    selected: Selected,
    extent: Extent,
    helm: HelmProgram | None = None,
    file: FactsFile | None = None,
    stale: Mapping[str, ReadState] = NONE_STALE,
) -> Deployments:
    """`follow_deployments` for the service's repositories as they are now, under the names of a `kept` catalog.

    What can't be read, or fetched (`stale`), has its last good state, as far as the `file` knows it, and no history.

    Raises
    ------
    InputError   no repository can be read, and none could be before
    """
    failure: InputError | None = None
    found = Deployments((), {})
    try:
        with export_served(repositories, kept) as (result, opened):
            found = follow_deployments(result, opened, selected, extent, helm)
    except InputError as error:
        failure = error
    if not failure and not found.problems and not stale:
        return found
    with survey_served(repositories, kept, file, stale) as served:
        old = served.known.last_good
        if failure and not old:
            raise failure
        read = {each.key: each for each in found.releases if each.repository not in old}
        releases = tuple(read.get(each.key, each) for each in served.releases)
        histories = {key: each for key, each in found.histories.items() if key in read}
        histories |= {
            each.key: _not_followed(each, f"its last good state alone is known: {old[each.repository].why}")
            for each in releases
            if each.repository in old and selected.includes(each)
        }
        return deployments_of(served.result, releases, histories, served.last_good)


def not_before(until: str) -> str:
    """What is said of a history that ends at a date because nothing older was asked for."""
    return f"commits before {until} were not searched"


def follow(
    all_of: Survey, repositories: Mapping[str, Repository], chosen: Collection[Release], extent: Extent
) -> dict[PairKey, VersionHistory]:
    """The histories of chosen releases; where there is no version, only those of which several versions are wanted."""
    histories: dict[PairKey, VersionHistory] = {}
    keys = {each.key for each in chosen if each.version is not None or extent.most > 1}
    floors, wanted = (_floors(chosen), _of_production(chosen)) if extent.between else ({}, {})
    by_repository: dict[str, list[tuple[Pair, Followed]]] = defaultdict(list)
    for pair, deployed, release in zip(all_of.pairs, all_of.deployed, all_of.releases, strict=True):
        if release.key in keys and (reason := why_not_followed(pair, release)):
            histories[release.key] = _not_followed(release, reason)
        elif release.key in keys:
            prefix = all_of.prefixes[release.repository]
            of_production = wanted.get(release.service, frozenset()) if is_lower(release.environment) else frozenset()
            floor = floors.get(release.key)
            followed = Followed(release, deployed, prefix, extent.most, floor, of_production)
            by_repository[release.repository].append((pair, followed))
    for name, pairs in by_repository.items():
        root, ref = repositories[name].history_root()
        with GitHistory(root, ref) as history:
            past = _Past(history, all_of.readers[name], pairs, is_committed=ref != _OF_A_FOLDER)
            ended = past.follow(extent)
            for _, followed in pairs:
                key, found = followed.release.key, followed.history(ended)
                histories[key] = with_authors(found, partial(past.author_of, key)) if extent.authors else found
    return {each.key: histories[each.key] for each in chosen if each.key in histories}


def _not_followed(release: Release, why: str) -> VersionHistory:
    """What is said of a release whose history isn't followed."""
    said = VersionSince(release.version, None, release.path, release.line)
    return VersionHistory(release.service, release.environment, release.repository, (said,), why)


class _UnreadableError(Exception):
    """The clone lacks what a file was."""


def why_not_followed(pair: Pair, release: Release) -> str:
    """Why the history of a release isn't followed, though its repository may have one; empty if it is."""
    if release.elsewhere:
        return f"it is set in {release.elsewhere}, and history is followed in the deployment's own repository alone"
    unit = pair.deployment.unit
    if unit and any(unit.version_files) and release.shape != "tag file":
        return "what Flux and Kustomize make of their files isn't followed back"
    application = pair.deployment.application
    if application and application.parameters and release.shape.startswith(("helm.", "kustomize.")):
        return "an ApplicationSet sets it, and what its generators said before isn't followed"
    return ""


@dataclass(slots=True)
class _Past:
    """The files of a repository as they were, further back with each commit; what isn't followed is as it is now.

    `is_committed`: what is there now was read from the commit with which history begins.
    """

    history: GitHistory
    now: VersionReader
    pairs: Sequence[tuple[Pair, Followed]]
    is_committed: bool = False
    users: dict[str, list[tuple[Pair, Followed]]] = field(default_factory=lambda: defaultdict(list))
    own: dict[PairKey, frozenset[str]] = field(default_factory=dict)
    blobs: dict[str, str] = field(default_factory=dict)
    merges: dict[str, frozenset[str]] = field(default_factory=dict)
    files: dict[PairKey, frozenset[str]] = field(default_factory=dict)
    until: float = 0.0
    _moved: dict[str, Mapping[str, str] | None] = field(default_factory=dict)
    _authors: dict[tuple[str, frozenset[str]], str] = field(default_factory=dict)
    _then: VersionReader = field(init=False)

    def __post_init__(self) -> None:
        for pair, followed in self.pairs:
            self.own[followed.release.key] = followed.now.own_files
            self.files[followed.release.key] = followed.now.files
            for path in followed.now.files:
                self.users[path].append((pair, followed))
        self._then = self.now.of_another_time(self._read)

    def follow(self, extent: Extent) -> str:
        """Step back until enough is known of each; why not all commits were looked at, empty if they were."""
        if problem := self.history.problem():
            return f"there is no history: {problem}"
        self.blobs = self.history.blobs(self.users)
        start, ended = self.history.ref, ""
        self.until = time.monotonic() + extent.seconds
        try:
            self._stop_at_links()
            for pair, followed in self.pairs:
                if not followed.is_done and not self.is_committed:
                    followed.note_uncommitted(self._then.deployed(pair))
            while start:
                start, ended = self._walk(start, max(1.0, self.until - time.monotonic()), extent.until)
        except _UnreadableError as error:
            return f"older commits were not searched: {error}"
        return ended

    def _walk(self, start: str, seconds: float, until: str) -> tuple[str, str]:
        """Step back from a commit; where to go on looking for fewer files, and why that isn't all of the history."""
        paths = self._open_paths()
        still = looked = sum(not each.is_done for _, each in self.pairs)
        for each in self.history.commits(paths, start, seconds):
            if each.commit.date < until:
                return "", not_before(until)
            done = self._step(each)
            still -= done
            if done and (still <= _FEW or 2 * still <= looked):  # to look through all costs more than a commit
                looked, left = still, self._open_paths()
                if not left:
                    return "", ""
                if are_few(left) and not are_few(paths):
                    return next(iter(each.parents), ""), ""
            if time.monotonic() >= self.until:
                return "", f"{not_before(each.commit.date)}: the time for it was over"
        return "", self.history.ended

    def _stop_at_links(self) -> None:
        """Follow nothing of which a file is a link, or behind one: its commits don't say what it leads to."""
        for path, link in self.history.links([path for path in self.users if not self.blobs.get(path)]).items():
            for _, followed in self.users[path]:
                followed.stopped = f"{link} is a link or a submodule, and what these lead to isn't followed back"

    def _open_paths(self) -> set[str]:
        """The files of all of which not enough is known yet."""
        followed = {path for _, each in self.pairs if not each.is_done for path in each.now.files}
        return followed & self.blobs.keys()

    def _step(self, committed: CommittedFiles) -> int:
        """Go back before a commit; of how many more enough is known."""
        self.blobs |= committed.before
        self._then.forget(committed.before)
        if len(committed.parents) > 1:
            self.merges[committed.commit.id] = frozenset(committed.before)
        touched = {one.release.key: (pair, one) for path in committed.before for pair, one in self.users[path]}
        found = 0
        for pair, followed in touched.values():
            if not followed.is_done:
                before = self._then.deployed(pair)
                there = before if self._is_there(before, self.own[followed.release.key]) else None
                followed.stopped = self._why_stopped(followed, committed, there)
                if not followed.stopped:
                    followed.step_back(committed.commit, there, is_first=not committed.parents)
                found += followed.is_done
        return found

    def _why_stopped(self, followed: Followed, committed: CommittedFiles, before: Deployed | None) -> str:
        """Why what was before a commit isn't known, though there is no such file; empty if it is."""
        files, commit = self.files[followed.release.key], committed.commit.id
        if links := files & committed.links:
            return f"{min(links)} was a link before commit {commit}, and what these lead to isn't followed back"
        added = [path for path in sorted(files & committed.before.keys()) if not committed.before[path]]
        if not added or not followed.differs(before):
            return ""
        if commit not in self._moved:
            self._moved[commit] = self.history.moved(committed, max(1.0, self.until - time.monotonic()))
        moved = self._moved[commit]
        if moved is None:
            return f"git can't tell whether commit {commit} moved its files"
        return next(
            (f"its files were moved by commit {commit}, from {moved[each]}" for each in added if each in moved), ""
        )

    def author_of(self, key: PairKey, commit: Commit) -> str:
        """The author of a commit; of a merge, of its changes for a release; empty if git can't tell in time."""
        if commit.id not in self.merges:
            return commit.author
        asked = commit.id, self.files[key] & self.merges[commit.id]
        if asked not in self._authors and (left := self.until - time.monotonic()) > 0:
            self._authors[asked] = self.history.author_of_merged(*asked, left)
        return self._authors.get(asked, "")

    def _is_there(self, deployed: Deployed, own: frozenset[str]) -> bool:
        """Whether one of the files, or the item of a list, was there that name the environment today."""
        return not own or any(self.blobs.get(path, path) for path in own & deployed.files)

    def _read(self, path: str) -> bytes:
        if path not in self.blobs:
            return self.now.read(path)
        if not self.blobs[path]:
            raise InputError("can't be read: there was no such file")
        try:
            return self.history.read(self.blobs[path])
        except InputError as error:
            raise _UnreadableError(f"{path} {error}") from error


def _floors(releases: Iterable[Release]) -> dict[PairKey, SemVer]:
    """For each release that others are behind, the oldest version of these."""
    known = {each.key: each for each in releases}
    floors: dict[PairKey, SemVer] = {}
    for key, ahead in behind(known.values()).items():
        if version := SemVer.parse(known[key].version or ""):
            floors[ahead.release.key] = min(version, floors.get(ahead.release.key, version))
    return floors


def _of_production(releases: Iterable[Release]) -> dict[str, frozenset[str]]:
    """The versions that each service has in production."""
    versions: dict[str, set[str]] = defaultdict(set)
    for each in releases:
        if each.environment and each.version and is_production(each.environment):
            versions[each.service].add(without_pin(each.version))
    return {service: frozenset(found) for service, found in versions.items()}
