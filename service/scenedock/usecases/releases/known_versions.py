"""The versions that a service's repositories say, of which only those are read again whose files have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from scenedock.effects.git.repositories import NOT_ENTERED, Repository, ServedRepository
from scenedock.effects.local.facts_file import FactsFile, pack, unpack
from scenedock.errors import InputError, ScenedockError
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.deployed import Deployed
from scenedock.releases.history import VersionHistory
from scenedock.releases.images import Image
from scenedock.releases.listing import Alone, common_prefixes, join_releases
from scenedock.releases.release import Release, choose_none
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.export_catalog import Export, Names, map_catalog, read_repositories
from scenedock.usecases.catalog.known_facts import FactsOfRun, KnownRepository, look_again
from scenedock.usecases.catalog.read_served import opened_served
from scenedock.usecases.releases.reading.pairs import Pair
from scenedock.usecases.releases.reading.version_facts import FileKey, VersionReader
from scenedock.usecases.releases.survey import pairs_in, readers_of

_NOT_LISTED: Final = frozenset({"", ".", "..", *NOT_ENTERED})
"""Parts of paths at which a file may be read although it is in no listing: nobody would notice its changes."""


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


@dataclass(frozen=True, slots=True)
class KnownVersions:
    """The versions of an export, in the order of its pairs, of repositories as they were read.

    `names` is a digest of the names that the catalog had given, `export` the packed export; empty where something could
    not be read. `prefixes` are those of the images of each repository, `commits` those as of which histories are known,
    with authors as the `mailmaps` name them.
    """

    names: str
    repositories: Mapping[str, KnownRepository] = field(default_factory=dict)
    export: bytes = b""
    versions: tuple[KnownVersion, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    commits: Mapping[str, str] = field(default_factory=dict)
    mailmaps: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ServedVersions:
    """The export of a service's repositories, which are open, and the releases of its pairs, in the same order.

    `readers` read the files of each repository as they are now. `known` is what is known of the versions, to be kept.
    """

    result: Export
    pairs: tuple[Pair, ...]
    releases: tuple[Release, ...]
    repositories: Mapping[str, Repository]
    readers: Mapping[str, VersionReader]
    known: KnownVersions


@dataclass(frozen=True, slots=True)
class _Seen:
    """An export, what is known of its versions, and the files that have changed since."""

    result: Export
    known: KnownVersions
    changed: Collection[FileKey] = ()
    keeps_before: bool = False
    """Whether what was known before stays kept: something can't be read now."""


@contextmanager
def survey_served(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    file: FactsFile | None = None,
    *,
    last_good: bool = False,
) -> Iterator[ServedVersions]:
    """The versions of the repositories as they are now, under the names of a `kept` catalog.

    What the `file` knows isn't read again: while the repositories give the same catalog, only releases of which a file
    has changed.

    With `last_good`, what the file knows is given as it is where no repository can be read.

    Raises
    ------
    InputError   no repository can be read
    """
    names = read_memory(kept).names if kept else {}
    said = hashlib.sha256(json.dumps(names, sort_keys=True).encode()).hexdigest()
    loaded = file.load() if file else None
    before = loaded if isinstance(loaded, KnownVersions) and loaded.names == said else KnownVersions(said)
    with opened_served(repositories) as (opened, problems):
        seen = None if problems else _look_again(before, opened)
        if seen is None:
            facts = FactsOfRun(before.repositories) if file else None
            seen = _read(opened, problems, names, before, facts, last_good=last_good)
        pairs = pairs_in(seen.result)
        readers = readers_of(seen.result, opened)
        now = _survey(pairs, readers, seen.known, seen.changed)
        releases = join_releases([each.alone for each in now.versions])
        served = ServedVersions(seen.result, pairs, releases, opened, readers, now)
        yield served
        if file and served.known != before and not seen.keeps_before:
            file.save(served.known)


def _look_again(known: KnownVersions, opened: Mapping[str, Repository]) -> _Seen | None:
    """The known export, if the repositories still give it."""
    if not known.export or list(opened) != list(known.repositories):
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


def _read(
    opened: Mapping[str, Repository],
    problems: Mapping[str, str],
    names: Names,
    before: KnownVersions,
    facts: FactsOfRun | None,
    *,
    last_good: bool,
) -> _Seen:
    """The export of what is there now, of which no version is known; where nothing can be read, the `last_good` one."""
    read = read_repositories(opened, tolerate=True, facts=facts, keep_documents=True)
    read = replace(read, problems={**problems, **read.problems})
    if read.problems and not read.contents:
        if last_good and before.export and opened.keys() == before.repositories.keys():
            result = unpack(before.export)
            if isinstance(result, Export):
                return _Seen(
                    replace(result, read=replace(result.read, problems=read.problems)), before, keeps_before=True
                )
        raise InputError("; ".join(read.problems.values()))
    result = map_catalog(read, names=names)
    known = KnownVersions(before.names, facts.after if facts else {})
    if facts and facts.complete and not read.problems:
        known = replace(known, export=pack(replace(result, read=replace(read, documents={}, tool_files={}))))
    is_partial = bool(read.problems and before.export) and {*opened, *problems} == before.repositories.keys()
    return _Seen(result, known, keeps_before=is_partial)


def _survey(
    pairs: Sequence[Pair],
    readers: Mapping[str, VersionReader],
    known: KnownVersions,
    changed: Collection[FileKey],
) -> KnownVersions:
    """What is known, with the versions of all pairs; those are read that aren't known, or of which a file changed."""
    versions = known.versions
    read: dict[int, tuple[Deployed, frozenset[FileKey], bool]] = {}
    images: list[tuple[Image, ...]] = []
    for number, pair in enumerate(pairs):
        if versions and versions[number].is_watched and versions[number].files.isdisjoint(changed):
            images.append(versions[number].images)
        else:
            read[number] = readers[pair.repository].deployed_with_files(pair)
            images.append(tuple(read[number][0].images()))
    prefixes = common_prefixes([pair.repository for pair in pairs], images)

    def version(number: int, pair: Pair) -> KnownVersion:
        prefix = prefixes[pair.repository]
        if number not in read and prefix == known.prefixes[pair.repository]:
            return versions[number]
        deployed, files, lasts = read.get(number) or readers[pair.repository].deployed_with_files(pair)
        is_watched = lasts and all(_NOT_LISTED.isdisjoint(path.split("/")) for _, path in files)
        alone = Alone.of(deployed, images[number], prefix, choose_none)
        return KnownVersion(alone, images[number], files, is_watched)

    now = tuple(version(number, pair) for number, pair in enumerate(pairs))
    return replace(known, versions=now, prefixes=prefixes)
