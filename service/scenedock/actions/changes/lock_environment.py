"""`scenedock:lock-environment`: no other version in an environment until a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from scenedock.actions.changes.locking import LockInput, LockOutput, Reason, answer_for
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import attempt_of
from scenedock.errors import InputError
from scenedock.model.action import Context, Example, action


class Input(LockInput):
    """What to lock, until when and why."""

    reason: Annotated[Reason, "Why; whoever is refused reads it"]
    until: Annotated[str, "When it ends: a time such as `2026-12-01T08:00:00Z`, or the day on whose begin it ends"]


EXAMPLES = [
    Example(
        "Nothing to production over the holidays",
        {"environment": "production", "reason": "holidays", "until": "2099-01-02", "repository": "gitops"},
    )
]


@action("lock-environment", destructive=True, examples=EXAMPLES)
def lock_environment_action(context: Context[Effects], request: Input) -> LockOutput:
    """Lock an environment until a time: no version may be changed there, unless somebody may pass the lock.

    The lock is in the repository's scenedock.yaml, with who set it. Where the list of code hosts allows direct commits,
    it is committed and counts at once; elsewhere it counts when its pull request is merged.

    Raises
    ------
    ConflictError     it is locked already
    InputError        the end is invalid or over, or the settings can't be edited
    NotFoundError     there is no such repository, environment or service
    NotAllowedError   its host or owner isn't in the list of code hosts, or the credentials don't suffice
    TemporaryError    the host can't be reached
    """
    from scenedock.model.locks import Lock, is_end
    from scenedock.usecases.changes.lock_environment import known_place, lock_environment

    if not is_end(request.until):
        raise InputError(f"`until` must be a day or a time, such as 2026-12-01T08:00:00Z, not {request.until!r}")
    effects, by = context.effects, context.caller.user or context.caller.subject
    place = effects.apart.read(known_place, request.place)
    lock = Lock(place.environment, request.reason, request.until, place.service, by)
    return answer_for(
        lock_environment(
            effects.code_hosts,
            effects.repositories,
            place,
            lock,
            datetime.now(UTC),
            request.how,
            attempt_of(context),
        ),
        effects,
    )
