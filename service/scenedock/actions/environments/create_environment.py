"""`scenedock:create-environment`: propose a new environment of a service, made from an existing one."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.changes.publishing import PublishedChange
from scenedock.actions.effects import Effects
from scenedock.actions.environments.planned import EnvironmentInput, LackOutput, PlanOutput
from scenedock.actions.publishing.changes import Reviewers, attempt_of
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model, TaskInput


class Input(EnvironmentInput, TaskInput):
    """Which environment is made from which, the answers, and who should look at the pull request."""

    reviewers: Reviewers = ()


class Output(Model):
    """Where the environment is proposed, and what it still lacks."""

    changed: Annotated[bool, "Whether there was anything to change"]
    title: Annotated[str, "Title of the pull request; empty if an earlier attempt has made the change"]
    pull_request_url: Annotated[str | None, "Address of the pull request"]
    published: Annotated[tuple[PublishedChange, ...], "The pull request"]
    namespace: Annotated[str, "The namespace of the environment; empty where the repository doesn't say it"]
    hosts: Annotated[tuple[str, ...], "Its host names"]
    lacks: Annotated[tuple[LackOutput, ...], "What it needs still, with what to do"]
    plan: Annotated[PlanOutput | None, "Each key with what became of it; null if an earlier attempt made the change"]


EXAMPLES = [
    Example(
        "A demo of what runs in production, with two answers",
        {
            "service": "billing",
            "environment": "demo",
            "fromEnvironment": "production",
            "answers": {"workload.ingress.host": "billing.demo.acme.example"},
            "keep": ["workload.autoscaling.*"],
        },
    )
]


@action("create-environment", idempotent=True, examples=EXAMPLES)
def create_environment_action(context: Context[Effects], request: Input) -> Output:
    """Propose a new environment of a service, made from an existing one, as one pull request.

    Each key of the source is copied, replaced, left out or asked, as `plan-environment` shows before. Lists that say
    what is deployed get the environment, too. Secrets are never copied: what is left to seal or to store is in the
    output and in the text of the pull request.

    Raises
    ------
    InputError        a key isn't answered yet (all are listed), or an answer is about no key
    NotFoundError     there is no such service, or it isn't deployed in the source
    ConflictError     it is deployed in the new environment already, this is locked, others would change, too, or
                      somebody else is changing the same
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or the credentials don't suffice
    TemporaryError    the repository has changed meanwhile, or the host can't be reached
    """
    from scenedock.usecases.changes.find_published import find_published, homes_of
    from scenedock.usecases.changes.promote import Promotion
    from scenedock.usecases.changes.publish_change import How, publish_change
    from scenedock.usecases.environments.plan_served import plan_served_environment

    effects, attempt, how = context.effects, attempt_of(context), How(reviewers=request.reviewers)
    if attempt.tried_before:
        there = Promotion((request.service,), request.environment, None, None, request.repository)
        if earlier := find_published(effects.code_hosts, effects.apart.read(homes_of, there), how, attempt):
            attempt.log("an earlier attempt has made this change")
            return _output(tuple(map(PublishedChange.of, earlier)), None)
    made = effects.apart.read(plan_served_environment, request.wish, effects.rendering)
    made.plan.check_answered()
    published = publish_change(effects.code_hosts, made.here, how, attempt)
    document = PlanOutput.of(made.plan)
    return _output(tuple(map(PublishedChange.of, published)), document, made.plan.planned.title)


def _output(published: tuple[PublishedChange, ...], plan: PlanOutput | None, title: str = "") -> Output:
    return Output(
        changed=any(each.state != "closed" for each in published),
        title=title,
        pull_request_url=next((each.pull_request_url for each in published if each.pull_request_url), None),
        published=published,
        namespace=plan.namespace if plan else "",
        hosts=plan.hosts if plan else (),
        lacks=plan.lacks if plan else (),
        plan=plan,
    )
