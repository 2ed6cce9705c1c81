"""Plan a retirement on the repositories of a service, and find the open changes that it replaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

from scenedock.changes.retirement import PlannedRetirement, Retirement
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import ScenedockError
from scenedock.model.code_hosts.commit import deploys_in
from scenedock.model.code_hosts.pull_request import PullRequest
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.plan_served import export_again
from scenedock.usecases.environments.retire import plan_retirement
from scenedock.usecases.manifests.tools import RenderingTools
from scenedock.usecases.publishing.branch_names import deployment_in
from scenedock.usecases.publishing.own_branches import DEPLOY


@dataclass(frozen=True, slots=True)
class RetirementHere:
    """A planned retirement, and where each of its repositories lives."""

    planned: PlannedRetirement
    homes: Mapping[str, Home] = field(default_factory=dict)


def plan_served_retirement(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    retirement: Retirement,
    tools: RenderingTools,
) -> RetirementHere:
    """The plan on the repositories as they are now, under the names of a `kept` catalog.

    Raises
    ------
    NotFoundError   there is no such service, or it isn't deployed there
    InputError      a repository must be named, or none can be read
    """
    with export_served(repositories, kept) as (result, opened):
        ground = Ground.of(result, opened, partial(export_again, result.names), datetime.now(UTC))
        planned = plan_retirement(ground, retirement, tools)
        named = {file.repository for file in planned.files} | {key[0] for key in planned.keys}
        facts = [each.facts for each in result.repositories if each.facts.name in named]
        return RetirementHere(planned, {each.name: Home.of(each, opened[each.name]) for each in facts})


def with_open_changes(hosts: CodeHosts, here: RetirementHere) -> RetirementHere:
    """The plan with the open pull requests that it replaces, as the code hosts have them now, or why nobody knows."""
    found: list[str] = []
    for home in here.homes.values():
        try:
            with hosts.open(home.address(hosts)) as repository:
                found += [each.url for each in replaced_in(repository, here.planned, home)]
        except ScenedockError as error:
            found.append(f"those of {home.name} aren't known: {error}")
    radius = replace(here.planned.radius, open_changes=tuple(dict.fromkeys(found)))
    return replace(here, planned=replace(here.planned, radius=radius))


def replaced_in(repository: RemoteRepository, planned: PlannedRetirement, home: Home) -> Iterator[PullRequest]:
    """The open pull requests that change nothing but what a retirement takes away."""
    mine = {deployment_in(key, home.prefix) for key in planned.keys}
    for pull in repository.pulls.open_ones(f"{DEPLOY}/") if repository.pulls else ():
        deploys = deploys_in(pull.body)
        if deploys and mine.issuperset(deploys) and not is_retirement(pull):
            yield pull


def is_retirement(pull: PullRequest) -> bool:
    """Whether a pull request of ours retires something, as its title says."""
    return pull.title.startswith("Retire ")
