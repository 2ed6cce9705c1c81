"""`scenedock:show-deployment-history`: the versions that a service had in an environment."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.releases.deployments import HistoryList
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model


class Input(Model):
    """Which versions to show."""

    service: Annotated[str, "Name of the service, e.g. `billing`"]
    environment: Annotated[str | None, "Name of the environment; by default, all of the service"] = None


EXAMPLES = [Example("Since when each version was in production", {"service": "billing", "environment": "production"})]


@action("show-deployment-history", read_only=True, idempotent=True, examples=EXAMPLES)
def show_deployment_history_action(context: Context[Effects], request: Input) -> HistoryList:
    """Show the last 20 versions of a service in an environment, since when, and by which commit and author, from git.

    Raises
    ------
    NotFoundError    there is no such service, or it isn't deployed there
    InputError       no repository can be read
    TemporaryError   others are being answered, or it needs too much time or memory
    """
    from scenedock.releases.vocabulary import VERSIONS
    from scenedock.usecases.releases.follow_versions import Extent, Selected, follow_served

    selected = Selected(request.service, request.environment)
    apart, helm = context.effects.apart, context.effects.helm
    extent = Extent(VERSIONS, between=False)
    deployments = apart.read(follow_served, selected, extent, helm, apart.versions, apart.stale())
    found = deployments.histories_of(request.service, request.environment)
    context.log(f"{sum(len(each.versions) for each in found)} versions")
    return HistoryList.of(found, deployments.problems)
