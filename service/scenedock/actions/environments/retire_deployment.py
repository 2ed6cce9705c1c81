"""`scenedock:retire-deployment`: end a service in all environments of a repository."""

from __future__ import annotations

from scenedock.actions.effects import Effects
from scenedock.actions.environments.retiring import RETIRING_RIGHTS, RetirementInput, RetirementOutput, retire
from scenedock.model.action import Context, Example, action


class Input(RetirementInput):
    """What to retire."""


EXAMPLES = [Example("A service that is no longer needed", {"service": "billing"})]


@action("retire-deployment", destructive=True, idempotent=True, examples=EXAMPLES, rights=RETIRING_RIGHTS)
def retire_deployment_action(context: Context[Effects], request: Input) -> RetirementOutput:
    """End a service in all environments of a repository: the blast radius, an approval, then one pull request.

    Its folder goes, and its entries in lists, generators and settings. The repository of its source code, images,
    databases and secrets in stores stay; the text names them.

    Raises
    ------
    ConflictError     others depend on it, it is locked, it shares what would have to go, or the approval was refused
    NotFoundError     there is no such service
    InputError        a repository must be named
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or a lock may not be passed
    TemporaryError    the repository has changed meanwhile, or the host can't be reached
    """
    from scenedock.changes.retirement import Retirement

    retirement = Retirement(request.service, None, request.repository, request.force, request.pass_lock)
    return retire(context, "retire-deployment", request, retirement)
