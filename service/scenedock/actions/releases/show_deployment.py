"""`scenedock:show-deployment`: the versions of one service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.releases.deployments import DeploymentOutput, outputs_of
from scenedock.model.action import Context, Example, Model, action
from scenedock.usecases.releases.follow_versions import Chosen, Extent, follow_served


class Input(Model):
    """Which service to show."""

    service: Annotated[str, "Name of the service, e.g. `billing`"]


class Output(Model):
    """The deployments of the service."""

    deployments: Annotated[tuple[DeploymentOutput, ...], "One for each environment and repository"]
    problems: Annotated[Mapping[str, str], "Why a repository can't be read, whose deployments are missing; by its name"]


EXAMPLES = [Example("The versions of one service", {"service": "billing"})]


@action("show-deployment", read_only=True, idempotent=True, examples=EXAMPLES)
def show_deployment_action(context: Context[Effects], request: Input) -> Output:
    """Show which version of a service git says is in each environment, since when, and the line that says so.

    Raises
    ------
    NotFoundError    there is no deployment of such a service
    InputError       no repository can be read
    TemporaryError   others are being answered, or it needs too much time or memory
    """
    found = context.effects.apart.read(follow_served, Chosen(request.service), Extent()).of(request.service)
    context.log(f"{len(found.releases)} deployments")
    return Output(deployments=outputs_of(found), problems=found.problems)
