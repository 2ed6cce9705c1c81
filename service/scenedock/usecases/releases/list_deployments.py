"""List which version of each service the repositories say is in each environment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from scenedock.catalog.vocabulary.environments import PRODUCTION_TIER, is_production, promotion_rank, tier_of
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.local.facts_file import FactsFile
from scenedock.errors import NotFoundError
from scenedock.model.entity import service_name
from scenedock.model.finding import Finding
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.model.locks import Lock
from scenedock.model.similar import similar
from scenedock.releases.findings import BY_SETTING, Environments, find_in_versions, locks_of_nothing
from scenedock.releases.history import VersionHistory
from scenedock.releases.listing import NONE_STALE, Behind, ReadState, behind
from scenedock.releases.release import PairKey, Release
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.releases.known_versions import survey_served
from scenedock.usecases.releases.rendered import Compared, Renderings, let_helm_choose
from scenedock.usecases.releases.survey import survey

_SPECIAL = frozenset({"blue", "canary", "dr", "green", "preview"})
"""Words for environments of production that may well differ from others."""


@dataclass(frozen=True, slots=True)
class Deployments:
    """The releases, by service and environment, and which of them are behind another environment of the service.

    `problems` says for each repository that can't be read or fetched why: its deployments are missing, or those of its
    `last_good` state. `histories` are those that were asked for, `findings` what somebody should look at, by release.
    `locks` are those of all settings, also those that have ended, `of_locks` the findings about them.
    """

    releases: tuple[Release, ...]
    behind: Mapping[PairKey, Behind]
    problems: Mapping[str, str] = field(default_factory=dict)
    histories: Mapping[PairKey, VersionHistory] = field(default_factory=dict)
    findings: Mapping[PairKey, Sequence[Finding]] = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()
    of_locks: tuple[Finding, ...] = ()
    last_good: Mapping[str, ReadState] = field(default_factory=dict)

    @property
    def unknown(self) -> tuple[Release, ...]:
        """Those without a version, each with its reason."""
        return tuple(each for each in self.releases if each.version is None)

    def of(self, service: str) -> Deployments:
        """Those of one service.

        Raises
        ------
        NotFoundError   there is no such service, or it isn't deployed
        """
        name = service_name(service)
        found = tuple(each for each in self.releases if each.service == name)
        if not found:
            hint = similar(name, sorted({each.service for each in self.releases}))
            said = f"there is no deployment of a service {service!r}{hint}"
            raise NotFoundError("; ".join([said, *self.problems.values()]))
        return replace(self, releases=found)

    def selected(self, environments: Iterable[str] = (), *, behind: bool = False) -> Deployments:
        """Those in some environments (none: in all), and with `behind` only those that are behind.

        Raises
        ------
        NotFoundError   nothing is deployed in such an environment
        """
        wanted, known = frozenset(environments), environments_of(self.releases)
        for name in sorted(wanted.difference(known)):
            there = similar(name, known) or f"; environments are: {', '.join(known) or 'none'}"
            raise NotFoundError("; ".join([f"nothing is deployed in {name!r}{there}", *self.problems.values()]))
        found = (
            each
            for each in self.releases
            if (not wanted or each.environment in wanted) and (not behind or each.key in self.behind)
        )
        return replace(self, releases=tuple(found))

    def histories_of(self, service: str, environment: str | None = None) -> tuple[VersionHistory, ...]:
        """The histories of a service in an environment, or in all.

        Raises
        ------
        NotFoundError   there is no such service, or it isn't deployed there
        """
        releases = self.of(service).releases
        there = [each for each in releases if environment in {None, each.environment}]
        if not there:
            known = ", ".join(environments_of(releases)) or "none"
            raise NotFoundError(f"{service!r} isn't deployed in {environment!r}; its environments are: {known}")
        return tuple(self.histories.get(each.key) or _not_followed(each) for each in there)


def _not_followed(release: Release) -> VersionHistory:
    why = "it has no version, and only the last one was looked for"
    return VersionHistory(release.service, release.environment, release.repository, incomplete=why)


def list_deployments(
    result: Export, repositories: Mapping[str, Repository], helm: HelmProgram | None = None
) -> Deployments:
    """The deployments of an export: one for each service and environment of each repository; of libraries none.

    Where several images may be a service's own, `helm` decides, if there is one.

    Raises
    ------
    InputError   a repository can't be read
    """
    return deployments_of(result, survey(result, repositories, let_helm_choose(helm, repositories)).releases)


def deployments_of(
    result: Export,
    releases: tuple[Release, ...],
    histories: Mapping[PairKey, VersionHistory] | None = None,
    last_good: Mapping[str, ReadState] = NONE_STALE,
) -> Deployments:
    """The releases of an export, with what follows from them and their histories."""
    histories = histories or {}
    findings = find_in_versions(releases, environments_in(result, releases), histories)
    locks = tuple(lock for each in result.repositories for lock in each.settings.locks)
    now = datetime.now(UTC)
    of_locks = tuple(
        finding
        for each in result.repositories
        for finding in locks_of_nothing(each.settings.locks, releases, each.facts.name, now)
    )
    problems = {**result.read.problems, **{name: state.why for name, state in last_good.items()}}
    return Deployments(
        releases, behind(releases, histories), problems, histories, findings, locks, of_locks, dict(last_good)
    )


def verify_deployments(result: Export, repositories: Mapping[str, Repository], helm: HelmProgram) -> list[Compared]:
    """All deployments whose version is known, each compared with what helm renders.

    Raises
    ------
    InputError        a repository can't be read, or helm is no version that can be used
    NotFoundError     there is no helm
    NotAllowedError   this machine can't sandbox a process
    """
    renderings = Renderings(helm, repositories)
    renderings.check()
    all_of = survey(result, repositories)
    return [
        renderings.compare(deployed, release)
        for deployed, release in zip(all_of.deployed, all_of.releases, strict=True)
        if release.version is not None
    ]


def is_lower(environment: str | None) -> bool:
    """Whether an environment's name says that it comes before production."""
    return environment is not None and tier_of(environment) == "other"


def environments_in(result: Export, releases: Iterable[Release]) -> Environments:
    """The tiers of all environments, and which of them should have the same versions.

    Settings say so; without them, those of production do whose names differ only in what isn't the tier: `prod-eu` and
    `prod-us`.
    """
    names = sorted({each.environment for each in releases if each.environment})
    set_so = [(tuple(group), BY_SETTING) for each in result.repositories for group in each.settings.versions.equal]
    by_word: dict[str, list[str]] = defaultdict(list)
    for name in names:
        words = name.split("-")
        tier = next((word for word in words if word in PRODUCTION_TIER), "")
        if tier and len(words) > 1 and is_production(name) and _SPECIAL.isdisjoint(words):
            by_word[tier].append(name)
    by_name = [(tuple(group), "by their names") for group in by_word.values() if len(group) > 1]
    return Environments(
        production=frozenset(filter(is_production, names)),
        lower=frozenset(filter(is_lower, names)),
        equal=tuple(dict.fromkeys(set_so)) or tuple(by_name),
    )


def list_served(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    file: FactsFile | None = None,
    stale: Mapping[str, ReadState] = NONE_STALE,
) -> Deployments:
    """The deployments of the service's repositories as they are now, under the names of a `kept` catalog.

    What the `file` knows already isn't read again. What can't be read, or fetched (`stale`), has its last good state.

    Raises
    ------
    InputError   no repository can be read, and none could be before
    """
    with survey_served(repositories, kept, file, stale) as served:
        return deployments_of(served.result, served.releases, last_good=served.last_good)


def environments_of(releases: Iterable[Release]) -> Sequence[str]:
    """The names of all environments, in the order in which versions go to production."""
    return sorted({each.environment for each in releases if each.environment}, key=promotion_rank)
