"""`scenedock:retire-environment`: end a service in one environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.actions.environments.retiring import RETIRING_RIGHTS, RetirementInput, RetirementOutput, retire
from scenedock.model.action import Context, Example, action


class Input(RetirementInput):
    """What to retire, and where."""

    environment: Annotated[str, "Name of the environment, such as `qa`", Field(min_length=1)]


EXAMPLES = [
    Example("An environment that nobody needs any more", {"service": "billing", "environment": "qa"}),
    Example("Though others depend on it", {"service": "billing", "environment": "qa", "force": True}),
]


@action("retire-environment", destructive=True, idempotent=True, examples=EXAMPLES, rights=RETIRING_RIGHTS)
def retire_environment_action(context: Context[Effects], request: Input) -> RetirementOutput:
    """End a service in one environment: the blast radius, an approval by somebody else, then one pull request.

    What says that the service is there goes: its files of the environment, and its entries in lists, generators and
    settings; all other bytes stay. Open changes of the same are replaced, and its locks lifted. The text names who
    depends on it, what is in the cluster, what is kept there, and what it leaves.

    Raises
    ------
    ConflictError     others depend on it, it is locked, it shares what would have to go, or the approval was refused
    NotFoundError     there is no such service, or it isn't deployed there
    InputError        a repository must be named
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or a lock may not be passed
    TemporaryError    the repository has changed meanwhile, or the host can't be reached
    """
    from scenedock.changes.retirement import Retirement

    retirement = Retirement(request.service, request.environment, request.repository, request.force, request.pass_lock)
    return retire(context, "retire-environment", request, retirement)
