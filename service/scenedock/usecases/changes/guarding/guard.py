"""Compare a change of any files of a repository with what approvals guard, before it is published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from scenedock.catalog.vocabulary.settings import CatalogSettings
from scenedock.changes.guarded import RETIREMENTS, VERSIONS, Ends, GuardedChange, guarded_in
from scenedock.changes.planned import PlannedFile
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import NotAllowedError, ScenedockError
from scenedock.gitops.changes import ChangedFile
from scenedock.model.approvals import ApprovalRules
from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.guarding.deploys import DeploysReader
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.plan_served import export_again
from scenedock.usecases.releases.reading.pairs import Pair


@dataclass(frozen=True, slots=True)
class Guarded:
    """A repository of the service, with the branches that it may be deployed from; the empty one is the default."""

    home: Home
    branches: frozenset[str]


def homes_at(
    hosts: CodeHosts, repositories: Mapping[str, ServedRepository], address: RepositoryAddress
) -> Sequence[Guarded]:
    """The repositories of the service that live at an address of a code host: one, or folders of one.

    What settings say and what git knows both count: whoever may change the settings can't lead the guard astray.
    """
    found = []
    for name, served in repositories.items():
        try:
            with served.opened() as here:
                home, own = Home.read(name, here), here.address().branch
        except ScenedockError:
            continue
        if any(_is_at(hosts, url, address) for url in home.urls):
            found.append(Guarded(home, frozenset({home.branch, "" if own == "HEAD" else own})))
    return found


@dataclass(frozen=True, slots=True)
class ChangeAt:
    """What a change does to files of a home, and the `newest` files there that the service hasn't read yet."""

    home: Home
    newest: Mapping[str, bytes | None]
    files: Sequence[ChangedFile]

    def planned(self, content: Callable[[ChangedFile], bytes | None]) -> list[PlannedFile]:
        """The files of the newest commit, changed or not."""
        start = f"{self.home.prefix}/" if self.home.prefix else ""
        changed = {each.path.removeprefix(start): content(each) for each in self.files if each.path.startswith(start)}
        contents = {**self.newest, **changed}
        return [PlannedFile(self.home.name, path, None, after) for path, after in contents.items()]


def guarded_by(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    changes: Sequence[ChangeAt],
    rules: ApprovalRules,
) -> tuple[GuardedChange, ...]:
    """What changed files of some repositories do to deployments that are there.

    Raises
    ------
    InputError        the repositories can't be read
    NotAllowedError   a changed one can't be, as it is
    """
    with export_served(repositories, kept) as (result, opened):
        ground = Ground.of(result, opened, partial(export_again, result.names), datetime.now(UTC))
        before = ground.later([file for each in changes for file in each.planned(lambda one: one.before)])
        after = ground.later([file for each in changes for file in each.planned(lambda one: one.after)])
        for each in changes:
            if _settings(before, each.home.name) is None:
                why = before.result.read.problems.get(each.home.name, "it isn't read")
                raise NotAllowedError(
                    f"what approvals guard in {each.home.name} can't be told: {why}; open the pull request by hand"
                )
        return tuple(_found(before, after, changes, rules))


def _found(before: Ground, after: Ground, changes: Sequence[ChangeAt], rules: ApprovalRules) -> Iterator[GuardedChange]:
    planned = (file for each in changes for file in each.planned(lambda one: one.after))
    touched = frozenset((file.repository, file.path) for file in planned)

    def wanted(key: PairKey) -> bool:
        return any(rules.rules_for(action, [key[2]]) for action in VERSIONS)

    deploys = DeploysReader(before, touched).of(wanted), DeploysReader(after, touched).of(wanted)
    names = {each.home.name for each in changes}
    yield from guarded_in(before.releases, after.releases, deploys, (_ends(before, names), _ends(after, names)))
    for each in changes:
        environments = sorted(
            {key[2] for key, pair in before.pairs.items() if each.home.name in _read_for(pair)}, key=str
        )
        for what in _unclear(before, after, each):
            for environment in environments:
                where = f"in {environment}" if environment else "here"
                said = f"{what}, so it can't be shown that services {where} would deploy the same"
                yield GuardedChange(environment, said, (*VERSIONS, *RETIREMENTS), by_hand=True)


def _read_for(pair: Pair) -> set[str]:
    """The repositories that say where a deployment is: its own, and those with what orders it."""
    orders = (pair.deployment.application, pair.deployment.unit)
    return {pair.repository, *(each.place.repository for each in orders if each)}


def _unclear(before: Ground, after: Ground, change: ChangeAt) -> Iterator[str]:
    """What may change how all files of a repository are read."""
    start = f"{change.home.prefix}/" if change.home.prefix else ""
    links = [each.path for each in change.files if each.link and each.path.startswith(start)]
    if links:
        yield f"{links[0]} is a symbolic link"
    was, now = _settings(before, change.home.name), _settings(after, change.home.name)
    if was and now:
        keys = [key for key, value in _deciding(was).items() if _deciding(now)[key] != value]
        if keys:
            yield f"`{'`, `'.join(keys)}` in scenedock.yaml would change"


def _deciding(settings: CatalogSettings) -> Mapping[str, object]:
    """The settings that decide which deployments there are and what says their versions."""
    corrected = {name: each.environments for name, each in settings.overrides.items() if each.environments is not None}
    environments = settings.names, settings.resources, settings.bind, settings.evidence, corrected
    return {
        "repository": settings.repository,
        "branch": settings.branch,
        "provider": (settings.provider, settings.hosts),
        "folders": (settings.include, settings.exclude),
        "environments": environments,
        "apps": settings.apps,
        "types": settings.types,
        "versions": settings.versions,
        "layouts": settings.layouts_off,
    }


def _settings(ground: Ground, name: str) -> CatalogSettings | None:
    return next((each.settings for each in ground.result.repositories if each.facts.name == name), None)


def _ends(ground: Ground, names: set[str]) -> Ends:
    found: dict[str, Mapping[str, str]] = {}
    for each in ground.result.repositories:
        if each.facts.name in names:
            found |= each.settings.expires
    return found


def _is_at(hosts: CodeHosts, url: str, address: RepositoryAddress) -> bool:
    with suppress(ScenedockError):
        return str(hosts.read(url.removeprefix("http://"))).lower() == str(address).lower()  # hosts ignore case
    return False
