"""`scenedock:plan-environment`: what becomes of each key of an environment in a new one."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.environments.planned import EnvironmentInput, PlanOutput
from scenedock.model.action import Context, Example, action


class Input(EnvironmentInput):
    """Which environment would be made from which, and the answers so far."""


class Output(PlanOutput):
    """The decisions, and the text that a pull request would have."""

    open: Annotated[int, "How many keys must be answered before it can be created"]
    markdown: Annotated[str, "All of it for people, with what it does to the manifests"]


EXAMPLES = [
    Example(
        "QA of a service that runs in production",
        {"service": "billing", "environment": "demo", "fromEnvironment": "production"},
    )
]


@action("plan-environment", read_only=True, examples=EXAMPLES)
def plan_environment_action(context: Context[Effects], request: Input) -> Output:
    """Decide on each key of an environment of a service for a new one, and write nothing.

    A key is copied where other environments of the service, or other services in the new one, have the same; replaced
    where what is different is the environment's name, or other services tell; left out where it is a secret; and asked
    where nothing tells.

    Raises
    ------
    InputError      a repository must be named, an answer is about no key, or a file can't be copied; with the line
    NotFoundError   there is no such service, or it isn't deployed in the source
    ConflictError   it is deployed in the new environment already
    """
    from scenedock.usecases.environments.plan_served import plan_served_environment

    effects = context.effects
    made = effects.apart.read(plan_served_environment, request.wish, effects.rendering)
    document = PlanOutput.of(made.plan)
    text = "\n\n".join(filter(None, (made.plan.planned.body, made.manifests)))
    return Output(**document.model_dump(), open=len(made.plan.questions), markdown=text)
