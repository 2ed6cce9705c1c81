"""`scenedock:promote-deployment`: propose the version of one environment for another."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.changes.publishing import RIGHTS, ChangeOfVersions, Environment, Output, change_versions
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.withdrawing import withdraw_published
from scenedock.model.action import Context, Example, action
from scenedock.model.tasks.compensations import undone_by


class Input(ChangeOfVersions):
    """What to promote, and to where."""

    to_environment: Environment
    from_environment: Annotated[str | None, "The environment that has the version"] = None
    version: Annotated[str | None, "The version, instead of an environment that has it"] = None


EXAMPLES = [
    Example("QA to production", {"services": ["billing"], "fromEnvironment": "qa", "toEnvironment": "production"}),
    Example(
        "A given version, past a lock",
        {
            "services": ["billing"],
            "toEnvironment": "production",
            "version": "1.4.2",
            "passLock": "fixes the outage of checkout",
        },
    ),
]


@undone_by(withdraw_published)
@action("promote-deployment", idempotent=True, examples=EXAMPLES, rights=RIGHTS)
def promote_deployment_action(context: Context[Effects], request: Input) -> Output:
    """Propose the version of one environment for another, or a given version, as one pull request.

    A deployment has one open pull request: a later call updates it, unless somebody else has committed to its branch.
    The text says what changes, what Semantic Versioning says of that, and what it does to the manifests. What speaks
    against the change refuses it, unless its own input allows it.

    Raises
    ------
    ConflictError     something speaks against it, or somebody else is changing the same at this moment
    NotFoundError     there is no such service, or it isn't deployed there
    InputError        not exactly one of `fromEnvironment` and `version` is given, or a repository must be named
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or a lock may not be passed
    TemporaryError    the repository has changed meanwhile, or the host can't be reached
    """
    from scenedock.usecases.changes.promote import Promotion

    wish = Promotion(
        request.services, request.to_environment, request.from_environment, request.version, request.repository
    )
    return change_versions(context, request, wish, "Promote")
