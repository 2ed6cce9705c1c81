"""`scenedock:create-deployment`: propose a new service, made from an existing one or from a skeleton."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.changes.publishing import PublishedChange
from scenedock.actions.deployments.planned import DeploymentInput, DeploymentOutput, NewReleaseOutput, planned
from scenedock.actions.effects import Effects
from scenedock.actions.environments.planned import LackOutput
from scenedock.actions.publishing.changes import Reviewers, attempt_of
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model, TaskInput


class Input(DeploymentInput, TaskInput):
    """Which service is made from what, the answers, and who should look at the pull request."""

    reviewers: Reviewers = ()


class Output(Model):
    """Where the deployment is proposed, and what it still lacks."""

    changed: Annotated[bool, "Whether there was anything to change"]
    title: Annotated[str, "Title of the pull request; empty if an earlier attempt has made the change"]
    pull_request_url: Annotated[str | None, "Address of the pull request"]
    published: Annotated[tuple[PublishedChange, ...], "The pull request"]
    releases: Annotated[tuple[NewReleaseOutput, ...], "Where it is deployed then: namespace, host names and image"]
    lacks: Annotated[tuple[LackOutput, ...], "What it needs still, with what to do"]
    plan: Annotated[
        DeploymentOutput | None, "Each key with what became of it; null if an earlier attempt made the change"
    ]


EXAMPLES = [
    Example(
        "A service like one that is there",
        {
            "service": "orders",
            "fromService": "billing",
            "version": "0.1.0",
            "answers": {"description": "Takes orders"},
            "keep": ["spec.*"],
        },
    )
]


@action("create-deployment", idempotent=True, examples=EXAMPLES)
def create_deployment_action(context: Context[Effects], request: Input) -> Output:
    """Propose a new service in a GitOps repository, made from an existing one or from a skeleton, as one pull request.

    Each key of the source is copied, replaced, left out or asked, as `plan-deployment` shows before. Lists that say
    what is deployed and CODEOWNERS get the service, too. Secrets are never copied: what is left to seal, to store or to
    build is in the output and in the text of the pull request.

    Raises
    ------
    InputError        a key isn't answered yet (all are listed), an answer is about no key, or a schema doesn't allow a
                      value
    NotFoundError     there is no such service, skeleton or environment
    ConflictError     the new service is there already, an environment is locked, others would change, too, or somebody
                      else is changing the same
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or the credentials don't suffice
    TemporaryError    the repository has changed meanwhile, or the host can't be reached
    """
    from scenedock.usecases.changes.find_published import find_published
    from scenedock.usecases.changes.publish_change import How, publish_change
    from scenedock.usecases.deployments.plan_served import homes_of_service

    effects, attempt, how = context.effects, attempt_of(context), How(reviewers=request.reviewers)
    if attempt.tried_before:
        homes = effects.apart.read(homes_of_service, request.service)
        if homes and (earlier := find_published(effects.code_hosts, homes, how, attempt)):
            attempt.log("an earlier attempt has made this change")
            return _output(tuple(map(PublishedChange.of, earlier)), None)
    made = planned(context, request.wish)
    made.plan.check_answered()
    published = publish_change(effects.code_hosts, made.here, how, attempt)
    document = DeploymentOutput.of(made.plan)
    return _output(tuple(map(PublishedChange.of, published)), document, made.plan.planned.title)


def _output(published: tuple[PublishedChange, ...], plan: DeploymentOutput | None, title: str = "") -> Output:
    return Output(
        changed=any(each.state != "closed" for each in published),
        title=title,
        pull_request_url=next((each.pull_request_url for each in published if each.pull_request_url), None),
        published=published,
        releases=plan.releases if plan else (),
        lacks=plan.lacks if plan else (),
        plan=plan,
    )
