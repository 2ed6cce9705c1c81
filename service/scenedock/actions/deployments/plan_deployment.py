"""`scenedock:plan-deployment`: what becomes of each key of a service in a new one."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.deployments.planned import DeploymentInput, DeploymentOutput, planned
from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, action


class Input(DeploymentInput):
    """Which service would be made from what, and the answers so far."""


class Output(DeploymentOutput):
    """The decisions, and the text that a pull request would have."""

    open: Annotated[int, "How many keys must be answered before it can be created"]
    markdown: Annotated[str, "All of it for people, with what it does to the manifests"]


EXAMPLES = [
    Example("A service like one that is there", {"service": "orders", "fromService": "billing"}),
    Example("A service from the skeleton `deployment`", {"service": "orders", "version": "0.1.0"}),
]


@action("plan-deployment", read_only=True, examples=EXAMPLES)
def plan_deployment_action(context: Context[Effects], request: Input) -> Output:
    """Decide on each key of a service, or on each question of a skeleton, for a new service, and write nothing.

    A key is copied where the services beside it have the same; replaced where it names the service, or where the
    services that a skeleton made all have something else; left out where it is a secret; and asked where nothing tells.

    Raises
    ------
    InputError      a repository must be named, an answer is about no key, a file can't be copied, or a schema doesn't
                    allow a value
    NotFoundError   there is no such service, skeleton or environment
    ConflictError   the new service is there already
    """
    made = planned(context, request.wish)
    document = DeploymentOutput.of(made.plan)
    text = "\n\n".join(filter(None, (made.plan.planned.body, made.manifests)))
    return Output(**dict(document), open=len(made.plan.questions), markdown=text)
