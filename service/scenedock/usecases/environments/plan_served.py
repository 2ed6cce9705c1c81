"""Plan a new environment on the repositories of a service, with what it does to the manifests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from scenedock.changes.environments.lacking import lacks_of_manifests
from scenedock.changes.environments.planned import CopyPlan, EnvironmentPlan, NewEnvironment
from scenedock.changes.environments.text import with_text
from scenedock.changes.text import markdown
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.errors import ScenedockError
from scenedock.manifests.difference import ManifestDiff
from scenedock.manifests.markdown import as_markdown
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.export_catalog import Export, Names, map_catalog, read_repositories
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.plan_served import PlannedHere
from scenedock.usecases.environments.plan_environment import plan_environment
from scenedock.usecases.manifests.preview import preview
from scenedock.usecases.manifests.tools import RenderingTools

_LONGEST = 60_000
_SHORTEST = 1_000
"""Bytes of the text of a pull request, and those that rendered manifests need at least to say anything."""


@dataclass(frozen=True, slots=True)
class PlannedEnvironment:
    """A plan, where its repository lives, and what it does to the manifests, or why that isn't known."""

    plan: EnvironmentPlan
    homes: Mapping[str, Home] = field(default_factory=dict)
    manifests: str = ""

    @property
    def here(self) -> PlannedHere:
        """The plan as it is published."""
        return PlannedHere(self.plan.planned, self.homes, {self.plan.repository: self.manifests})


def plan_served_environment(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, wish: NewEnvironment, tools: RenderingTools
) -> PlannedEnvironment:
    """The plan on the repositories as they are now, under the names of a `kept` catalog.

    Raises
    ------
    NotFoundError, ConflictError, InputError   as `plan_environment` does
    """
    names = read_memory(kept).names if kept else {}
    with export_served(repositories, kept) as (result, opened):
        ground = Ground.of(result, opened, partial(_export, names), datetime.now(UTC))
        plan, diff, reason = with_rendered(plan_environment(ground, wish), opened, tools, names)
        facts = [each.facts for each in result.repositories if each.facts.name == plan.repository]
        homes = {each.name: Home.of(each, opened[each.name]) for each in facts}
    return PlannedEnvironment(plan, homes, markdown_of(plan, diff, reason))


def with_rendered(
    plan: EnvironmentPlan, opened: Mapping[str, Repository], tools: RenderingTools, names: Names | None = None
) -> tuple[EnvironmentPlan, ManifestDiff | None, str]:
    """The plan with the secrets that the rendered manifests need, and what it does to the manifests, or why not."""
    diff, reason = rendered_of(plan, opened, tools, names)
    if diff is None:
        return plan, None, reason
    manifests = [each.manifest for block in diff.blocks for each in block.objects if each.manifest]
    said = {(each.need, each.what) for each in plan.lacks}
    more = [
        each for each in lacks_of_manifests(manifests, plan.service, plan.new) if (each.need, each.what) not in said
    ]
    return with_text(replace(plan, lacks=(*plan.lacks, *more))), diff, ""


def rendered_of(
    plan: CopyPlan, opened: Mapping[str, Repository], tools: RenderingTools, names: Names | None = None
) -> tuple[ManifestDiff | None, str]:
    """What a plan does to the manifests, or why that isn't known; neither, if it is refused or does nothing."""
    changed = {file.path: file.after for file in plan.planned.files}
    if plan.planned.refusals or not changed:
        return None, ""
    try:
        tools.helm.check()
        return preview(opened, plan.repository, changed, tools, plan.planned.pairs, names), ""
    except ScenedockError as error:
        return None, f"What it does to the manifests isn't known: {error}"


def markdown_of(plan: CopyPlan, diff: ManifestDiff | None, reason: str) -> str:
    """The manifests for the text of a pull request, as far as there is room."""
    budget = max(_SHORTEST, _LONGEST - len(plan.planned.body.encode()))
    return as_markdown(diff, budget) if diff else markdown(reason)


def _export(names: Names, repositories: Mapping[str, Repository]) -> Export:
    return map_catalog(read_repositories(repositories, tolerate=True), names=names)
