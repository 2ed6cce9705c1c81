"""`scenedock:preview-retirement`: what it would do to retire something."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.environments.retiring import Repository, RetirementPlan, Service, plan_of
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model


class Input(Model):
    """What would be retired."""

    service: Service
    environment: Annotated[str | None, "Name of the environment; without one, the whole deployment"] = None
    repository: Repository = None


EXAMPLES = [
    Example("An environment", {"service": "billing", "environment": "qa"}),
    Example("The whole deployment", {"service": "billing"}),
]


@action("preview-retirement", read_only=True, idempotent=True, examples=EXAMPLES)
def preview_retirement_action(context: Context[Effects], request: Input) -> RetirementPlan:
    """Show the blast radius of retiring a service in an environment, or its whole deployment; nothing is changed.

    That is: the files, the objects in the cluster as they are rendered, namespaces and persistent volumes, what keeps
    objects after they have gone from git, the entities that go, who depends on it, open changes, locks, and what stays.

    Raises
    ------
    NotFoundError    there is no such service, or it isn't deployed there
    InputError       a repository must be named
    """
    from scenedock.changes.retirement import Retirement

    return RetirementPlan.of(
        plan_of(context, Retirement(request.service, request.environment, request.repository)).planned
    )
