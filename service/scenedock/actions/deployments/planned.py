"""Inputs and outputs of the actions that plan and create deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from scenedock.actions.changes.planned import RefusalOutput
from scenedock.actions.effects import Effects
from scenedock.actions.environments.planned import AnswersInput, DecisionOutput, LackOutput
from scenedock.model.action import Context
from scenedock.model.json import JsonObject
from scenedock.model.json_documents import JsonDocument

if TYPE_CHECKING:
    from scenedock.changes.deployments.planned import DeploymentPlan, NewDeployment, NewRelease
    from scenedock.usecases.deployments.plan_served import PlannedDeployment


class DeploymentInput(AnswersInput):
    """Which service is made from what, and the answers."""

    service: Annotated[
        str,
        "Name of the new service: its folder, chart and Component",
        Field(pattern=r"^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$"),
    ]
    from_service: Annotated[
        str, "The service that is copied: its name, or a reference of its Component; without it, the skeleton counts"
    ] = ""
    skeleton: Annotated[str, "The skeleton, whose questions are the keys then", Field(min_length=1)] = "deployment"
    repository: Annotated[str | None, "Name of the repository, where there are several"] = None
    environments: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        "Only in these environments; by default in all that the source has",
        Field(max_length=50),
    ] = ()
    version: Annotated[str, "The version of its image, in all environments; answers count for more"] = ""

    @property
    def wish(self) -> NewDeployment:
        """What is wanted."""
        from scenedock.changes.deployments.planned import NewDeployment

        return NewDeployment(
            service=self.service,
            source=self.from_service,
            skeleton=self.skeleton,
            repository=self.repository,
            environments=self.environments,
            version=self.version,
            answers=self.all_answers,
            kept=self.keep,
            accepted=self.accept,
            dropped=self.drop,
        )


class NewReleaseOutput(JsonDocument):
    """The service in one environment, as the repository has it then."""

    environment: Annotated[str | None, "Its name; null where nothing names one"]
    namespace: Annotated[str, "Its namespace; empty where the repository doesn't say it"]
    hosts: Annotated[tuple[str, ...], "Its host names"]
    image: Annotated[str, "The image with its version, which must exist; empty where it isn't known"]

    @classmethod
    def of(cls, release: NewRelease) -> NewReleaseOutput:
        """The document of it."""
        return cls(
            environment=release.environment, namespace=release.namespace, hosts=release.hosts, image=release.image
        )


class DeploymentOutput(JsonDocument):
    """A planned deployment."""

    repository: Annotated[str, "Name of the repository"]
    service: Annotated[str, "Name of the new service"]
    source: Annotated[str, "The service or the skeleton that it is made from"]
    is_skeleton: Annotated[bool, "Whether that is a skeleton"]
    releases: Annotated[tuple[NewReleaseOutput, ...], "Where it is deployed then"]
    counts: Annotated[dict[str, int], "How many keys have each outcome"]
    decisions: Annotated[tuple[DecisionOutput, ...], "Each key of the source, or question of the skeleton, once"]
    files: Annotated[tuple[str, ...], "The files that are new or change"]
    lacks: Annotated[tuple[LackOutput, ...], "What it needs still"]
    refusals: Annotated[tuple[RefusalOutput, ...], "What speaks against it; with any, it isn't made"]
    notes: Annotated[tuple[str, ...], "What else whoever decides should know"]

    @classmethod
    def of(cls, plan: DeploymentPlan) -> DeploymentOutput:
        """The document of it."""
        from scenedock.changes.environments.decisions import counted

        return cls(
            repository=plan.repository,
            service=plan.service,
            source=plan.source,
            is_skeleton=plan.is_skeleton,
            releases=tuple(map(NewReleaseOutput.of, plan.releases)),
            counts=dict(counted(plan.decisions).items()),
            decisions=tuple(map(DecisionOutput.of, plan.decisions)),
            files=tuple(each.path for each in plan.planned.files),
            lacks=tuple(map(LackOutput.of, plan.lacks)),
            refusals=tuple(map(RefusalOutput.of, plan.planned.refusals)),
            notes=plan.planned.notes,
        )


def planned(context: Context[Effects], wish: NewDeployment) -> PlannedDeployment:
    """The plan on the repositories as they are now; a skeleton is baked here, where the library of skeletons is."""
    from scenedock.usecases.deployments.plan_served import baked, plan_served_deployment
    from scenedock.usecases.deployments.skeleton_answers import SkeletonAnswers, decide_served_answers

    effects = context.effects

    def decide(wish: NewDeployment, schema: JsonObject) -> SkeletonAnswers:
        return effects.apart.read(decide_served_answers, wish, schema)

    made = baked(effects.skeletons, effects.bakes, wish, decide)
    return effects.apart.read(plan_served_deployment, wish, made, effects.rendering)
