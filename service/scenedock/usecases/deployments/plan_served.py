"""Plan a new deployment on the repositories of a service, with what it does to the manifests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from scenedock.changes.deployments.planned import DeploymentPlan, NewDeployment
from scenedock.changes.deployments.text import with_text
from scenedock.changes.environments.lacking import lacks_of_manifests
from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.effects.skeletons.library import SkeletonLibrary
from scenedock.errors import InputError
from scenedock.manifests.difference import ManifestDiff
from scenedock.model.json import JsonObject
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.release import PairKey
from scenedock.skeletons.rendering.output import BakedTree
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.export_catalog import Names
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.plan_served import PlannedHere, export_again
from scenedock.usecases.deployments.plan_deployment import plan_baked, plan_deployment
from scenedock.usecases.deployments.skeleton_answers import SkeletonAnswers
from scenedock.usecases.environments.plan_served import markdown_of, rendered_of
from scenedock.usecases.manifests.tools import RenderingTools
from scenedock.usecases.releases.survey import survey
from scenedock.usecases.skeletons.bake_skeleton import BakeRequest, bake_skeleton
from scenedock.usecases.skeletons.list_skeletons import show_skeleton


@dataclass(frozen=True, slots=True)
class Baked:
    """The answers of a skeleton, and the files that it makes of them, by their paths in the repository."""

    answers: SkeletonAnswers
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class PlannedDeployment:
    """A plan, where its repository lives, and what it does to the manifests, or why that isn't known."""

    plan: DeploymentPlan
    homes: Mapping[str, Home] = field(default_factory=dict)
    manifests: str = ""

    @property
    def here(self) -> PlannedHere:
        """The plan as it is published."""
        return PlannedHere(self.plan.planned, self.homes, {self.plan.repository: self.manifests})


def baked(
    library: SkeletonLibrary,
    confined: ConfinedBakes,
    wish: NewDeployment,
    decide: Callable[[NewDeployment, JsonObject], SkeletonAnswers],
) -> Baked | None:
    """What the skeleton of a wish gives, with the answers that `decide` finds for its schema; None without a skeleton.

    Raises
    ------
    NotFoundError    there is no such skeleton
    AnswersError     an answer is invalid
    InputError       an answer is about no question, or the skeleton makes what no change of a repository can have
    """
    if wish.source:
        return None
    answers = decide(wish, show_skeleton(library, wish.skeleton, {}))
    request = BakeRequest(wish.skeleton, {}, answers.typed)
    tree, _ = bake_skeleton(library, confined, request, lambda tree: tree)
    return Baked(answers, _files(tree, answers, wish))


def _files(tree: BakedTree, answers: SkeletonAnswers, wish: NewDeployment) -> Mapping[str, bytes]:
    if strange := [each.path for each in tree.files if each.link or each.executable]:
        raise InputError(
            f"the skeleton {wish.skeleton} makes links or programs ({', '.join(strange[:3])}): bake it by itself"
        )
    prefix = f"{answers.folder}/" if answers.folder else ""
    return {f"{prefix}{each.path}": each.content for each in tree.files}


def plan_with(ground: Ground, wish: NewDeployment, made: Baked | None) -> DeploymentPlan:
    """The plan of a wish, from another service, or with what a skeleton gave.

    Raises
    ------
    NotFoundError, ConflictError, InputError   as `plan_deployment` does
    """
    return plan_baked(ground, wish, made.answers, made.files) if made else plan_deployment(ground, wish)


def plan_served_deployment(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    wish: NewDeployment,
    made: Baked | None,
    tools: RenderingTools,
) -> PlannedDeployment:
    """The plan on the repositories as they are now, under the names of a `kept` catalog.

    Raises
    ------
    NotFoundError, ConflictError, InputError   as `plan_deployment` does
    """
    names = read_memory(kept).names if kept else {}
    with export_served(repositories, kept) as (result, opened):
        ground = Ground.of(result, opened, partial(export_again, names), datetime.now(UTC))
        plan, diff, reason = with_rendered(plan_with(ground, wish, made), opened, tools, names)
        facts = [each.facts for each in result.repositories if each.facts.name == plan.repository]
        homes = {each.name: Home.of(each, opened[each.name]) for each in facts}
    return PlannedDeployment(plan, homes, markdown_of(plan, diff, reason))


def with_rendered(
    plan: DeploymentPlan, opened: Mapping[str, Repository], tools: RenderingTools, names: Names | None = None
) -> tuple[DeploymentPlan, ManifestDiff | None, str]:
    """The plan with the secrets that the rendered manifests need, and what it does to the manifests, or why not."""
    diff, reason = rendered_of(plan, opened, tools, names)
    if diff is None:
        return plan, None, reason
    manifests: dict[str, list[JsonObject]] = defaultdict(list)
    for block in diff.blocks:
        for each in block.objects:
            for pair in block.pairs if each.manifest else ():
                manifests[pair.environment or ""].append(each.manifest or {})
    lacks = list(plan.lacks)
    for environment, objects in manifests.items():
        said = {(each.need, each.what, each.remedy) for each in lacks}
        for found in lacks_of_manifests(objects, plan.service, environment):
            what, remedy = (_named(text, plan.service, environment) for text in (found.what, found.remedy))
            if (found.need, what, remedy) not in said:
                lacks.append(replace(found, what=what, remedy=remedy))
    failed = [f"{', '.join(map(str, each.pairs))} can't be rendered: {each.reason}" for each in diff.unrendered]
    planned = replace(plan.planned, notes=(*plan.planned.notes, *failed))
    return with_text(replace(plan, lacks=tuple(lacks), planned=planned)), diff, ""


def _named(text: str, service: str, environment: str) -> str:
    """A text of manifests that several environments have alike, for one of them."""
    return text.replace("{service}", service).replace("{environment}", environment)


def homes_of_service(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, service: str
) -> Sequence[tuple[Home, Sequence[PairKey]]]:
    """Where a service is deployed by now, with its deployments in each repository.

    Raises
    ------
    InputError   no repository can be read
    """
    with export_served(repositories, kept) as (result, opened):
        keys: dict[str, list[PairKey]] = defaultdict(list)
        for each in survey(result, opened).releases:
            if each.service == service:
                keys[each.repository].append(each.key)
        facts = [each.facts for each in result.repositories if each.facts.name in keys]
        return [(Home.of(each, opened[each.name]), keys[each.name]) for each in facts]
