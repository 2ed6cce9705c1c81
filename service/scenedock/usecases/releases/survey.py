"""What says the version of each service in each environment, of all that an export found."""

from __future__ import annotations

from collections.abc import Mapping

from scenedock.catalog.vocabulary.environments import promotion_rank
from scenedock.effects.git.repositories import Repository
from scenedock.releases.deployed import Deployed
from scenedock.releases.listing import Alone, common_prefixes, join_releases
from scenedock.releases.release import Choose, Release, choose_none
from scenedock.structs import dataclass
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.releases.reading.pairs import Pair, pairs_of
from scenedock.usecases.releases.reading.version_facts import VersionReader

_LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Survey:
    """All that says versions: the pairs, what says the version of each, and its release, in the same order.

    `readers` read the files of each repository as they are now, `prefixes` are those of its images.
    """

    pairs: tuple[Pair, ...]
    deployed: tuple[Deployed, ...]
    releases: tuple[Release, ...]
    readers: Mapping[str, VersionReader]
    prefixes: Mapping[str, str]


def survey(result: Export, repositories: Mapping[str, Repository], choose: Choose = choose_none) -> Survey:
    """What says the versions of an export's services, by service, environment and repository.

    Raises
    ------
    InputError   a repository can't be read
    """
    pairs, readers = pairs_in(result), readers_of(result, repositories)
    deployed = tuple(readers[pair.repository].deployed(pair) for pair in pairs)
    images = [one.images() for one in deployed]
    prefixes = common_prefixes([one.repository for one in deployed], images)
    releases = join_releases(
        [Alone.of(one, found, prefixes[one.repository], choose) for one, found in zip(deployed, images, strict=True)]
    )
    return Survey(pairs, deployed, releases, readers, prefixes)


def pairs_in(result: Export) -> tuple[Pair, ...]:
    """The pairs of an export by service, environment and repository; of libraries none."""
    pairs = [
        pair
        for each in (result.mapped.services if result.mapped else ())
        if each.main.spec.get("type") != _LIBRARY
        for member in each.service.members
        for pair in pairs_of(each, member)
    ]
    pairs.sort(key=lambda one: (one.each.service.name, promotion_rank(one.deployment.environment), one.repository))
    return tuple(pairs)


def readers_of(result: Export, repositories: Mapping[str, Repository]) -> Mapping[str, VersionReader]:
    """What reads the files of each repository of an export that is there.

    Raises
    ------
    InputError   a repository can't be read
    """
    libraries = result.mapped.roles.libraries if result.mapped else frozenset()
    return {
        contents.facts.name: VersionReader(
            repositories[contents.facts.name].read,
            frozenset(repositories[contents.facts.name].listing().inside) if contents.settings.versions.file else (),
            frozenset(path for owner, path in libraries if owner == contents.facts.name),
            {name: repository.read for name, repository in repositories.items()},
            repositories[contents.facts.name].history_root()[1],
            dict(result.read.documents.get(contents.facts.name, {})),
        )
        for contents in result.repositories
        if contents.facts.name in repositories
    }
