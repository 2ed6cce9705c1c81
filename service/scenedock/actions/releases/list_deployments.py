"""`scenedock:list-deployments`: which version git says is where."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.releases.deployments import DeploymentList
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model


class Input(Model):
    """Which deployments to list."""

    environment: Annotated[str | None, "Only those in this environment; by default, all"] = None
    behind: Annotated[bool, "Only those that are behind another environment of their service"] = False


EXAMPLES = [
    Example("Which version is where", {}),
    Example("Who is behind in production", {"environment": "production", "behind": True}),
]


@action("list-deployments", read_only=True, idempotent=True, examples=EXAMPLES)
def list_deployments_action(context: Context[Effects], request: Input) -> DeploymentList:
    """List which version of each service git says is in which environment, the line that says so, and who is behind.

    Raises
    ------
    NotFoundError    nothing is deployed in such an environment
    InputError       no repository can be read
    TemporaryError   others are being answered, or it needs too much time or memory
    """
    from scenedock.usecases.releases.list_deployments import list_served

    apart = context.effects.apart
    deployments = apart.read(list_served, apart.versions, apart.stale())
    found = deployments.selected([] if request.environment is None else [request.environment], behind=request.behind)
    context.log(f"{len(found.releases)} deployments")
    return DeploymentList.of(found)
