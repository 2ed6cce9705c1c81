"""`scenedock:unlock-environment`: end a lock before its time."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.changes.locking import LockInput, LockOutput, Reason, answer_for
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import attempt_of
from scenedock.model.action import Context, Example, action


class Input(LockInput):
    """What to unlock, and why."""

    reason: Annotated[Reason, "Why"]


EXAMPLES = [
    Example(
        "The incident is over", {"environment": "production", "reason": "the incident is over", "repository": "gitops"}
    )
]


@action("unlock-environment", destructive=True, examples=EXAMPLES, rights={"reason": "pass-lock"})
def unlock_environment_action(context: Context[Effects], request: Input) -> LockOutput:
    """Remove the lock of an environment from the repository's scenedock.yaml, before its end.

    Who removes a lock passes it, so only who the rules allow `pass-lock` may. As with `lock-environment`, it is a
    commit or a pull request.

    Raises
    ------
    NotFoundError     there is no such lock or repository
    InputError        the settings can't be edited
    NotAllowedError   its host or owner isn't in the list of code hosts, or the credentials don't suffice
    TemporaryError    the host can't be reached
    """
    from scenedock.usecases.changes.lock_environment import unlock_environment

    effects = context.effects
    return answer_for(
        unlock_environment(
            effects.code_hosts,
            effects.repositories,
            request.place,
            request.reason,
            request.how,
            attempt_of(context),
        ),
        effects,
    )
