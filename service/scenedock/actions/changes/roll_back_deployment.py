"""`scenedock:roll-back-deployment`: propose the version before, or a named one of the history."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.changes.publishing import RIGHTS, ChangeOfVersions, Environment, Output, change_versions
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.withdrawing import withdraw_published
from scenedock.model.action import Context, Example, action
from scenedock.model.tasks.compensations import undone_by


class Input(ChangeOfVersions):
    """What to roll back, and where."""

    environment: Environment
    version: Annotated[str | None, "The version, which was there before; by default the one before"] = None


EXAMPLES = [
    Example("The version before", {"services": ["billing"], "environment": "production"}),
    Example(
        "A named version, past a lock",
        {
            "services": ["billing"],
            "environment": "production",
            "version": "1.3.0",
            "passLock": "1.4.0 charges twice",
        },
    ),
]


@undone_by(withdraw_published)
@action("roll-back-deployment", idempotent=True, examples=EXAMPLES, rights=RIGHTS)
def roll_back_deployment_action(context: Context[Effects], request: Input) -> Output:
    """Propose to roll services back in an environment to the version before, or to one of the history.

    The lines become what they were. An older version, and one that the environment before doesn't have, need no input
    here. The pull request is the one that the deployment has, as with `promote-deployment`.

    Raises
    ------
    ConflictError     something speaks against it, or somebody else is changing the same at this moment
    NotFoundError     there is no such service, it isn't deployed there, or it never had such a version
    InputError        a repository must be named
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or a lock may not be passed
    TemporaryError    the repository has changed meanwhile, or the host can't be reached
    """
    from scenedock.usecases.changes.roll_back import RollBack

    wish = RollBack(request.services, request.environment, request.version, request.repository)
    return change_versions(context, request, wish, "Roll back")
