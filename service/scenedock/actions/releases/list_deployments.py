"""`scenedock:list-deployments`: which version git says is where."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.releases.deployments import DeploymentOutput, outputs_of
from scenedock.model.action import Context, Example, Model, action
from scenedock.usecases.releases.list_deployments import list_served


class Input(Model):
    """Which deployments to list."""

    environment: Annotated[str | None, "Only those in this environment; by default, all"] = None
    behind: Annotated[bool, "Only those that are behind another environment of their service"] = False


class Output(Model):
    """The deployments."""

    deployments: Annotated[tuple[DeploymentOutput, ...], "By service, environment and repository"]


EXAMPLES = [
    Example("Which version is where", {}),
    Example("Who is behind in production", {"environment": "production", "behind": True}),
]


@action("list-deployments", read_only=True, idempotent=True, examples=EXAMPLES)
def list_deployments_action(context: Context[Effects], request: Input) -> Output:
    """List which version of each service git says is in which environment, the line that says so, and who is behind.

    Raises
    ------
    InputError   a repository can't be read, or its settings are invalid
    """
    found = [
        each
        for each in outputs_of(list_served(context.effects.repositories))
        if request.environment in {None, each.environment} and (each.behind or not request.behind)
    ]
    context.log(f"{len(found)} deployments")
    return Output(deployments=tuple(found))
