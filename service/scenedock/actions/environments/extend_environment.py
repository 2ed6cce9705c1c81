"""`scenedock:extend-environment`: move the day on which an environment ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from scenedock.actions.approvals.asking import APPROVAL_RIGHTS, PassApproval, ask_approval
from scenedock.actions.changes.locking import LockOutput
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import Reviewers, attempt_of
from scenedock.model.action import Context, Example, action
from scenedock.model.approvals import ApprovalSubject
from scenedock.model.entity import service_name
from scenedock.model.json_documents import TaskInput

if TYPE_CHECKING:
    from scenedock.usecases.changes.lock_environment import Place


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
    pass_approval: PassApproval = ""
    reviewers: Reviewers = ()


ACTION: Final = "extend-environment"
EXAMPLES = [
    Example("Until the middle of January", {"service": "billing", "environment": "qa", "until": "2099-01-15"}),
    Example("For good", {"service": "billing", "environment": "qa", "reason": "it is used every day"}),
]


@action(ACTION, idempotent=True, examples=EXAMPLES, rights=APPROVAL_RIGHTS)
def extend_environment_action(context: Context[Effects], request: Input) -> LockOutput:
    """Move the day on which a service's environment ends, give it one, or take it away.

    The day is in the repository's scenedock.yaml, and the catalog shows it. From that day on, a pull request proposes
    to retire the environment, once. Where the list of code hosts allows direct commits, the new day is committed and
    counts at once; elsewhere it counts when its pull request is merged. A first or an earlier day needs the approval
    that the rules want of `retire-environment`.

    Raises
    ------
    InputError        the day is invalid or over, or the settings can't be edited
    NotFoundError     there is no such repository, service or environment
    NotAllowedError   its host or owner isn't in the list of code hosts, or the credentials don't suffice
    ConflictError     the approval was refused, or nobody has decided in time
    TemporaryError    the host can't be reached
    """
    from scenedock.changes.end_edits import checked_end
    from scenedock.usecases.changes.lock_environment import Place, known_place
    from scenedock.usecases.changes.publish_change import How
    from scenedock.usecases.environments.extend_environment import Extension, extend_environment

    until = checked_end(request.until, datetime.now(UTC).date())
    place = Place(request.environment, service_name(request.service), request.repository)
    place = context.effects.apart.read(known_place, place)
    how = How(not request.propose, reviewers=request.reviewers)
    said = _approved(context, place, until, request)
    reason = ". ".join(filter(None, (request.reason.rstrip("."), said)))
    published = extend_environment(
        context.effects.code_hosts,
        context.effects.repositories,
        Extension(place, until, reason),
        how,
        attempt_of(context),
    )
    return LockOutput.of(published)


def _approved(context: Context[Effects], place: Place, until: str, request: Input) -> str:
    """Who has approved the day, where the rules want that, as a sentence.

    Raises
    ------
    WaitingFor, ConflictError   as `ask_approval` does
    """
    from scenedock.changes.guarded import ENDS, is_earlier
    from scenedock.usecases.environments.extend_environment import present_end

    rules, where = context.effects.approvals.rules, [place.environment]
    if not any(rules.rules_for(action, where) for action in ENDS):
        return ""
    now = present_end(context.effects.code_hosts, context.effects.repositories, place)
    action = "retire-environment" if is_earlier(until, now) and rules.rules_for("retire-environment", where) else ACTION
    what = f"Let {place} end on {until}" if until else f"Let {place} have no end"
    before = f"It ends on {now} now." if now else "It has no end now."
    subject = ApprovalSubject(what, f"{before} From that day on, its retirement is proposed.", f"{place} {now} {until}")
    return ask_approval(context, action, where, subject, passes=request.pass_approval)
