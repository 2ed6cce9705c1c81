"""The versions that a service's repositories say, of which only those are read again whose files have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from scenedock.effects.git.repositories import NOT_ENTERED, Repository, ServedRepository
from scenedock.effects.local.facts_file import FactsFile, pack, unpack
from scenedock.errors import InputError, ScenedockError
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.deployed import Deployed
from scenedock.releases.history import VersionHistory
from scenedock.releases.images import Image
from scenedock.releases.listing import NONE_STALE, Alone, ReadState, common_prefixes, join_releases
from scenedock.releases.release import PairKey, Release, choose_none
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.export_catalog import Export, Names, ReadRepositories, map_catalog, read_repositories
from scenedock.usecases.catalog.known_facts import FactsOfRun, KnownRepository, look_again
from scenedock.usecases.catalog.read_served import opened_served
from scenedock.usecases.releases.reading.pairs import Pair
from scenedock.usecases.releases.reading.version_facts import FileKey, VersionReader
from scenedock.usecases.releases.survey import pairs_in, readers_of

_NOT_LISTED: Final = frozenset({"", ".", "..", *NOT_ENTERED})
"""Parts of paths at which a file may be read although it is in no listing: nobody would notice its changes."""
_TO_THE_HOUR: Final = timedelta(hours=1)
"""When repositories were read is not kept more exactly: a look that changes nothing writes nothing till then."""


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A release with the images in its values, and all files that say so, also those that aren't there.

    `is_watched`: all that are there could be read, and a change of any that changes the release would be noticed.
    `history` says since when it is there, if that is known.
    """

    alone: Alone
    images: tuple[Image, ...]
    files: frozenset[FileKey]
    is_watched: bool
    history: VersionHistory | None = None

    @property
    def key(self) -> PairKey:
        """What it is the version of."""
        return self.alone.release.key


@dataclass(frozen=True, slots=True)
class KnownVersions:
    """The versions of an export, in the order of its pairs, of repositories as they were read.

    `names` is a digest of the names that the catalog had given, `export` the packed export, for which all could be read
    if it `is_whole`. `states` are those in which the repositories were read, also of those that can't be read any more.
    `prefixes` are those of the images of each repository, `commits` those as of which histories are known, with authors
    as the `mailmaps` name them.
    """

    names: str
    repositories: Mapping[str, KnownRepository] = field(default_factory=dict)
    export: bytes = b""
    is_whole: bool = False
    states: Mapping[str, ReadState] = field(default_factory=dict)
    versions: tuple[KnownVersion, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    commits: Mapping[str, str] = field(default_factory=dict)
    mailmaps: Mapping[str, str] = field(default_factory=dict)

    @property
    def last_good(self) -> Mapping[str, ReadState]:
        """The states of those repositories that could not be read, or that depend on one."""
        return {name: state for name, state in self.states.items() if state.why}

    def is_like(self, other: KnownVersions) -> bool:
        """Whether they are the same, and say to the hour the same of when the repositories were read."""
        if _without_times(self) != _without_times(other):
            return False
        return all(
            _is_within_the_hour(state.read_at, other.states[name].read_at) for name, state in self.states.items()
        )


@dataclass(slots=True)
class ServedVersions:
    """The export of a service's repositories, which are open, and the releases of its pairs, in the same order.

    `readers` read the files of each repository as they are now. `known` is what is known of the versions, to be kept.
    `last_good` are the states of repositories whose versions aren't those of now.
    """

    result: Export
    pairs: tuple[Pair, ...]
    releases: tuple[Release, ...]
    repositories: Mapping[str, Repository]
    readers: Mapping[str, VersionReader]
    known: KnownVersions
    last_good: Mapping[str, ReadState]


@dataclass(frozen=True, slots=True)
class _Seen:
    """An export, what is known of its versions, and the files that have changed since.

    `last` are the versions of the repositories that can't be read, in their last good states.
    """

    result: Export
    known: KnownVersions
    changed: Collection[FileKey] = ()
    last: Mapping[PairKey, KnownVersion] = field(default_factory=dict)

    def settled(self, number: int, pair: Pair) -> KnownVersion | None:
        """The version of the pair with this number, if it isn't to be read."""
        key = (pair.repository, pair.each.service.name, pair.deployment.environment)
        if pair.repository in self.known.last_good:
            return self.last.get(key) or _unknown(pair)
        version = self.known.versions[number] if self.known.versions else None
        return version if version and version.is_watched and version.files.isdisjoint(self.changed) else None


@contextmanager
def survey_served(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    file: FactsFile | None = None,
    stale: Mapping[str, ReadState] = NONE_STALE,
) -> Iterator[ServedVersions]:
    """The versions of the repositories as they are now, under the names of a `kept` catalog.

    What the `file` knows isn't read again: while the repositories give the same catalog, only releases of which a file
    has changed. Of a repository that can't be read, the last good versions are given, as far as the file knows them.
    The `stale` ones could not be fetched: what is read of them is their last good state.

    Raises
    ------
    InputError   no repository can be read, and none is known
    """
    names = read_memory(kept).names if kept else {}
    said = hashlib.sha256(json.dumps(names, sort_keys=True).encode()).hexdigest()
    loaded = file.load() if file else None
    last = loaded if isinstance(loaded, KnownVersions) else KnownVersions(said)
    before = last if last.names == said else KnownVersions(said)
    with opened_served(repositories) as (opened, problems):
        seen = None if problems else _look_again(before, opened)
        if seen is None:
            facts = FactsOfRun(before.repositories) if file else None
            read = read_repositories(opened, tolerate=True, facts=facts, keep_documents=True)
            read = replace(read, problems={**problems, **read.problems})
            seen = _mapped(read, names, said, facts, last, repositories)
        pairs = pairs_in(seen.result)
        readers = readers_of(seen.result, opened)
        now = _survey(pairs, readers, seen)
        now = replace(now, states=_states(opened, now.last_good))
        releases = join_releases([each.alone for each in now.versions])
        fetched = {
            name: replace(state, commit=now.states[name].commit) for name, state in stale.items() if name in opened
        }
        last_good = {**fetched, **now.last_good}
        served = ServedVersions(seen.result, pairs, releases, opened, readers, now, last_good)
        yield served
        if file and not served.known.is_like(before):
            file.save(served.known)


def _look_again(known: KnownVersions, opened: Mapping[str, Repository]) -> _Seen | None:
    """The known export, if the repositories still give it."""
    if not known.is_whole or list(opened) != list(known.repositories):
        return None
    now: dict[str, KnownRepository] = {}
    changed: set[FileKey] = set()
    for name, repository in opened.items():
        try:
            again = look_again(known.repositories[name], repository)
        except ScenedockError:
            return None  # whoever reads it all says what is wrong
        if again is None:
            return None
        now[name] = again.known
        changed.update((name, path) for path in again.changed)
    result = unpack(known.export)
    return _Seen(result, replace(known, repositories=now), changed) if isinstance(result, Export) else None


def _mapped(
    read: ReadRepositories,
    names: Names,
    said: str,
    facts: FactsOfRun | None,
    last: KnownVersions,
    listed: Collection[str],
) -> _Seen:
    """The export of what is there now, of which no version is known, and of the last good states of what can't be read.

    A repository of which a version was told by a file of such a one has its last good state, too: without what deploys
    it, it would seem to be deployed otherwise, or not at all. One that isn't `listed` any more is forgotten.
    """
    dependent = {name: why for name, why in _dependent(last, read.problems).items() if name in listed}
    problems = {**dependent, **read.problems}
    before = unpack(last.export) if problems else None
    old = before.repositories if isinstance(before, Export) else ()
    kept = {each.facts.name: each for each in old if each.facts.name in problems}
    contents = {**{each.facts.name: each for each in read.contents}, **kept}
    if problems and not contents:
        raise InputError("; ".join(problems.values()))
    problems = {name: why for name, why in problems.items() if name in kept or name in read.problems}
    read = replace(read, contents=tuple(contents[name] for name in listed if name in contents), problems=problems)
    result = map_catalog(read, names=names)
    known = KnownVersions(said)
    if facts:
        repositories = {**facts.after, **{name: last.repositories[name] for name in kept if name in last.repositories}}
        known = replace(
            known,
            repositories={name: repositories[name] for name in listed if name in repositories},
            export=pack(replace(result, read=replace(read, documents={}, tool_files={}))),
            is_whole=facts.complete and not problems,
            states={name: replace(last.states.get(name, ReadState()), why=problems[name]) for name in kept},
            commits={name: commit for name, commit in last.commits.items() if name in kept},
            mailmaps={name: state for name, state in last.mailmaps.items() if name in kept},
        )
    return _Seen(result, known, last={each.key: each for each in last.versions if each.key[0] in kept})


def _dependent(last: KnownVersions, unreadable: Collection[str]) -> dict[str, str]:
    """The repositories of which a version was told by a file of one that can't be read now, and why that matters."""
    found: dict[str, str] = {}
    for each in last.versions if unreadable else ():
        for name in sorted({name for name, _ in each.files}.intersection(unreadable)):
            found.setdefault(each.key[0], f"{name}, which says what of it is deployed, can't be read")
    return found


def _survey(pairs: Sequence[Pair], readers: Mapping[str, VersionReader], seen: _Seen) -> KnownVersions:
    """What is known, with the versions of all pairs; those are read that aren't known, or of which a file changed."""
    known = seen.known
    settled: dict[int, KnownVersion] = {}
    read: dict[int, tuple[Deployed, frozenset[FileKey], bool]] = {}
    images: list[tuple[Image, ...]] = []
    for number, pair in enumerate(pairs):
        if before := seen.settled(number, pair):
            settled[number] = before
            images.append(before.images)
        else:
            read[number] = readers[pair.repository].deployed_with_files(pair)
            images.append(tuple(read[number][0].images()))
    prefixes = common_prefixes([pair.repository for pair in pairs], images)

    def version(number: int, pair: Pair) -> KnownVersion:
        prefix = prefixes[pair.repository]
        if number in settled and (pair.repository in known.last_good or prefix == known.prefixes[pair.repository]):
            return settled[number]
        deployed, files, lasts = read.get(number) or readers[pair.repository].deployed_with_files(pair)
        is_watched = lasts and all(_NOT_LISTED.isdisjoint(path.split("/")) for _, path in files)
        alone = Alone.of(deployed, images[number], prefix, choose_none)
        return KnownVersion(alone, images[number], files, is_watched)

    now = tuple(version(number, pair) for number, pair in enumerate(pairs))
    return replace(known, versions=now, prefixes=prefixes)


def _unknown(pair: Pair) -> KnownVersion:
    """What is said of a pair of a repository that can't be read, and of which no version is known."""
    why = f"{pair.repository} can't be read, and its last good version isn't known"
    release = Release(pair.each.service.name, pair.deployment.environment, pair.repository, reason=why)
    return KnownVersion(Alone(release, frozenset(), frozenset()), (), frozenset(), is_watched=False)


def _states(opened: Mapping[str, Repository], last_good: Mapping[str, ReadState]) -> dict[str, ReadState]:
    """In which states the repositories are read now, or were."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    of_now = {name: ReadState(_commit_of(repository), now) for name, repository in opened.items()}
    return {**of_now, **last_good}


def _commit_of(repository: Repository) -> str:
    """The commit that is read; empty for a folder, whose files may be others than its commit's."""
    ref = repository.history_root()[1]
    return "" if ref == "HEAD" else ref


def _is_within_the_hour(time: str, other: str) -> bool:
    if time == other:
        return True
    if not (time and other):
        return False
    return abs(datetime.fromisoformat(time) - datetime.fromisoformat(other)) < _TO_THE_HOUR


def _without_times(known: KnownVersions) -> KnownVersions:
    return replace(known, states={name: replace(each, read_at="") for name, each in known.states.items()})
