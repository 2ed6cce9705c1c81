"""`scenedock:extend-environment`: move the day on which an environment ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from scenedock.actions.changes.locking import LockOutput
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import Reviewers, attempt_of
from scenedock.changes.end_edits import checked_end
from scenedock.model.action import Context, Example, TaskInput, action
from scenedock.usecases.changes.lock_environment import Place, known_place
from scenedock.usecases.changes.publish_change import How
from scenedock.usecases.environments.extend_environment import Extension, extend_environment
from scenedock.usecases.releases.list_deployments import service_name


class Input(TaskInput):
    """Which environment, and until when."""

    service: Annotated[str, "Name of the service, such as `billing`", Field(min_length=1)]
    environment: Annotated[str, "Name of the environment, such as `qa`", Field(min_length=1)]
    until: Annotated[str, "The day on which it ends, such as `2027-01-15`; without it, the environment has no end"] = ""
    reason: Annotated[str, "Why; the commit has it", Field(max_length=500)] = ""
    repository: Annotated[str | None, "Name of the repository, where the service has several"] = None
    propose: Annotated[
        bool, "Whether a pull request is opened even if the code host's `direct_commits` list the repository"
    ] = False
    reviewers: Reviewers = ()


EXAMPLES = [
    Example("Until the middle of January", {"service": "billing", "environment": "qa", "until": "2099-01-15"}),
    Example("For good", {"service": "billing", "environment": "qa", "reason": "it is used every day"}),
]


@action("extend-environment", idempotent=True, examples=EXAMPLES)
def extend_environment_action(context: Context[Effects], request: Input) -> LockOutput:
    """Move the day on which a service's environment ends, give it one, or take it away.

    The day is in the repository's scenedock.yaml, and the catalog shows it. From that day on, a pull request proposes
    to retire the environment, once. Where the list of code hosts allows direct commits, the new day is committed and
    counts at once; elsewhere it counts when its pull request is merged.

    Raises
    ------
    InputError        the day is invalid or over, or the settings can't be edited
    NotFoundError     there is no such repository, service or environment
    NotAllowedError   its host or owner isn't in the list of code hosts, or the credentials don't suffice
    TemporaryError    the host can't be reached
    """
    until = checked_end(request.until, datetime.now(UTC).date())
    place = Place(request.environment, service_name(request.service), request.repository)
    place = context.effects.apart.read(known_place, place)
    how = How(not request.propose, reviewers=request.reviewers)
    published = extend_environment(
        context.effects.code_hosts,
        context.effects.repositories,
        Extension(place, until, request.reason),
        how,
        attempt_of(context),
    )
    return LockOutput.of(published)
