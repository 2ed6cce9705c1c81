"""What a change is planned on: the repositories as they are, their deployments, and both as they would be after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from scenedock.changes.planned import PlannedFile, VersionChange
from scenedock.changes.targets import Users, reads, sharers_of, users_of
from scenedock.effects.git.overlaid import OverlaidRepository
from scenedock.effects.git.repositories import Repository
from scenedock.errors import NotFoundError
from scenedock.model.entity import service_name
from scenedock.model.locks import Lock
from scenedock.model.similar import similar
from scenedock.releases.deployed import Deployed
from scenedock.releases.release import Choose, PairKey, Release, choose_none
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.releases.reading.pairs import Pair
from scenedock.usecases.releases.survey import Survey, survey

_MOST_NAMED = 8

ExportAgain = Callable[[Mapping[str, Repository]], Export]
"""Exports repositories with the same settings, names and known entities as before."""


@dataclass(frozen=True)
class Ground:
    """Open repositories, their export and how to make it again, and what says their versions.

    `choose` is what decides between images where several may be a service's own.
    """

    result: Export
    repositories: Mapping[str, Repository]
    again: ExportAgain
    now: datetime
    survey: Survey
    choose: Choose = choose_none
    _real_paths: dict[tuple[str, str], str] = field(default_factory=dict)
    _paths: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        result: Export,
        repositories: Mapping[str, Repository],
        again: ExportAgain,
        now: datetime,
        choose: Choose = choose_none,
    ) -> Ground:
        """The ground of an export.

        Raises
        ------
        InputError   a repository can't be read
        """
        return cls(result, repositories, again, now, survey(result, repositories, choose), choose)

    @cached_property
    def releases(self) -> Mapping[PairKey, Release]:
        """The releases by what they are of, in the files that links lead to."""
        return {each.key: self._through_links(each) for each in self.survey.releases}

    @cached_property
    def by_service(self) -> Mapping[str, Sequence[Release]]:
        """The releases of each service."""
        found: dict[str, list[Release]] = defaultdict(list)
        for each in self.releases.values():
            found[each.service].append(each)
        return found

    @cached_property
    def deployed(self) -> Mapping[PairKey, Deployed]:
        """What says the version of each release, in the files that links lead to."""
        return {key: self._with_real_paths(each) for key, each in zip(self.releases, self.survey.deployed, strict=True)}

    def _with_real_paths(self, each: Deployed) -> Deployed:
        return replace(
            each,
            layers=tuple(
                replace(layer, path=self._real_path(layer.elsewhere or each.repository, layer.path))
                for layer in each.layers
            ),
            chart=each.chart and replace(each.chart, path=self._real_path(each.repository, each.chart.path)),
            tag_file=each.tag_file
            and replace(each.tag_file, path=self._real_path(each.repository, each.tag_file.path)),
            others=tuple(map(self._with_real_paths, each.others)),
        )

    @cached_property
    def pairs(self) -> Mapping[PairKey, Pair]:
        """What the catalog knows of each release."""
        return dict(zip(self.releases, self.survey.pairs, strict=True))

    @cached_property
    def users(self) -> Users:
        """Which deployments each layer of values serves."""
        return users_of(self.deployed.values())

    def sharers_of(self, line: Release) -> tuple[Release, ...]:
        """The others that a line sets the version of, also where nobody knows their versions."""
        unknown = (each for each in self.releases.values() if each.version is None and each.key != line.key)
        known = sharers_of(line, self.releases.values())
        return *known, *(each for each in unknown if self._reads(each, line))

    def _reads(self, release: Release, line: Release) -> bool:
        deployed = self.deployed[release.key]
        return any(reads(one, line) for one in (deployed, *deployed.others))

    def locks(self, repository: str) -> Sequence[Lock]:
        """The locks in the settings of a repository."""
        return next((each.settings.locks for each in self.result.repositories if each.facts.name == repository), ())

    def find(self, service: str, environment: str | None) -> tuple[Release, ...]:
        """The releases of a service in an environment: one for each repository that has it.

        Raises
        ------
        NotFoundError   there is no such service, or it isn't deployed there
        """
        name = service_name(service)
        of_service = self.by_service.get(name, ())
        if not of_service:
            names = sorted(self.by_service)
            more = " …" if len(names) > _MOST_NAMED else ""
            there = f"; services are: {', '.join(names[:_MOST_NAMED]) or 'none'}{more}"
            raise NotFoundError(f"there is no deployment of a service {service!r}{similar(name, names) or there}")
        found = tuple(each for each in of_service if each.environment == environment)
        if not found:
            known = ", ".join(sorted({each.environment for each in of_service if each.environment})) or "none"
            if environment is None:
                raise NotFoundError(f"name the environment of {name!r}: {known}")
            raise NotFoundError(f"{name!r} isn't deployed in {environment!r}; its environments are: {known}")
        return found

    def paths(self, repository: str) -> frozenset[str]:
        """The files of a repository that may be read."""
        if repository not in self._paths:
            self._paths[repository] = frozenset(self.repositories[repository].listing().inside)
        return self._paths[repository]

    def read(self, repository: str, path: str) -> bytes:
        """The bytes of a file as it is now.

        Raises
        ------
        InputError, NotFoundError   it can't be read
        """
        if repository not in self.repositories:
            raise NotFoundError(f"{repository} is not among the repositories that are read")
        return self.repositories[repository].read(path)

    def _real_path(self, repository: str, path: str) -> str:
        if repository not in self.repositories:
            return path
        if (repository, path) not in self._real_paths:
            self._real_paths[repository, path] = self.repositories[repository].real_path(path)
        return self._real_paths[repository, path]

    def _through_links(self, release: Release) -> Release:
        twins = tuple(map(self._through_links, release.twins))
        return replace(release, path=self._real_path(release.place.repository, release.path), twins=twins)

    def after(self, files: Sequence[PlannedFile]) -> Mapping[PairKey, Release]:
        """The releases as they would be with other contents of files.

        Raises
        ------
        InputError   the repositories couldn't be read then
        """
        return {each.key: each for each in self.later(files).survey.releases}

    def later(self, files: Sequence[PlannedFile]) -> Ground:
        """The ground as it would be with other contents of files, or without files.

        Raises
        ------
        InputError   the repositories couldn't be read then
        """
        contents: dict[str, dict[str, bytes | None]] = defaultdict(dict)
        for each in files:
            contents[each.repository][each.path] = each.after
        changed = {name: OverlaidRepository(each, contents[name]) for name, each in self.repositories.items()}
        return Ground.of(self.again(changed), changed, self.again, self.now, self.choose)


def unplanned(
    before: Mapping[PairKey, Release], after: Mapping[PairKey, Release], changes: Sequence[VersionChange]
) -> list[str]:
    """How the versions after a change differ from what is planned, in words; empty if they are as planned."""
    planned = {each.key: each for each in changes}
    found = []
    for key in [*before, *(key for key in after if key not in before)]:
        was, now = (releases[key].version if key in releases else None for releases in (before, after))
        wanted = planned[key].new if key in planned else was
        if now != wanted or (key in before) != (key in after):
            pair = (before.get(key) or after[key]).pair
            found.append(f"{pair} would have {now or 'no version'} instead of {wanted or 'none'}")
    return found
