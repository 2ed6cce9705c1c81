"""`scenedock:set-version`: set the version of an environment, as a pipeline does after a build."""

from __future__ import annotations

from typing import Annotated, Literal

from scenedock.actions.changes.publishing import RIGHTS, ChangeOfVersions, Environment, Output, change_versions
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.withdrawing import withdraw_published
from scenedock.model.action import Context, Example, action
from scenedock.model.tasks.compensations import undone_by


class Input(ChangeOfVersions):
    """Which version to set, where, and how."""

    environment: Environment
    version: Annotated[str, "The version"]
    propose: Annotated[
        bool, "Whether a pull request is opened even if the code host's `direct_commits` list the repository"
    ] = False
    merge: Annotated[
        Literal["by-person", "when-ready"],
        "Who merges the pull request: a person, or the code host as soon as its rules allow",
    ] = "by-person"


EXAMPLES = [
    Example(
        "After a build, so that the first environment needs no person",
        {
            "services": ["billing"],
            "environment": "dev",
            "version": "1.4.2",
            "merge": "when-ready",
            "requestId": "billing-1.4.2",
        },
    )
]


@undone_by(withdraw_published)
@action("set-version", destructive=True, idempotent=True, examples=EXAMPLES, rights=RIGHTS)
def set_version_action(context: Context[Effects], request: Input) -> Output:
    """Set the version of services in an environment, as a pipeline does after a build.

    Where the list of code hosts allows direct commits, the version is committed. Elsewhere it is a pull request, which
    the host may merge by itself. The open pull request of the deployment is updated, as with `promote-deployment`, but
    not if it, or another open one for the deployment, has a newer version or one that has no order with this: a
    pipeline that runs late, or again, takes nothing back from what is proposed. Builds that are named by their commit
    alone have no order, and need `allowDowngrade`. A static token may be limited to this action.

    Raises
    ------
    ConflictError     something speaks against it, such as a newer version that is there or proposed, or somebody else
                      is changing the same at this moment
    NotFoundError     there is no such service, or it isn't deployed there
    InputError        a repository must be named
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or a lock may not be passed
    TemporaryError    the repository has changed meanwhile, or the host can't be reached
    """
    from scenedock.usecases.changes.promote import Promotion
    from scenedock.usecases.changes.publish_change import How

    wish = Promotion(request.services, request.environment, None, request.version, request.repository)
    how = How(
        not request.propose,
        request.merge == "when-ready",
        request.labels,
        request.reviewers,
        request.team_reviewers,
        only_newer=not request.allow_downgrade,
    )
    return change_versions(context, request, wish, "Set", how)
