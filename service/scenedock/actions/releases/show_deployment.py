"""`scenedock:show-deployment`: the versions of one service."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.releases.deployments import DeploymentList
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model


class Input(Model):
    """Which service to show."""

    service: Annotated[str, "Name of the service, e.g. `billing`"]


EXAMPLES = [Example("The versions of one service", {"service": "billing"})]


@action("show-deployment", read_only=True, idempotent=True, examples=EXAMPLES)
def show_deployment_action(context: Context[Effects], request: Input) -> DeploymentList:
    """Show which version of a service git says is in each environment, since when, and the line that says so.

    Raises
    ------
    NotFoundError    there is no deployment of such a service
    InputError       no repository can be read
    TemporaryError   others are being answered, or it needs too much time or memory
    """
    from scenedock.usecases.releases.follow_versions import Extent, Selected, follow_served

    apart, helm = context.effects.apart, context.effects.helm
    selected = Selected(request.service)
    found = apart.read(follow_served, selected, Extent(), helm, apart.versions, apart.stale()).of(request.service)
    context.log(f"{len(found.releases)} deployments")
    return DeploymentList.of(found)
