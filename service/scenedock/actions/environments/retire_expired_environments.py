"""`scenedock:retire-expired-environments`: propose to retire the environments whose end is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from scenedock.actions.changes.publishing import PublishedChange
from scenedock.actions.effects import Effects
from scenedock.actions.environments.retiring import plan_of
from scenedock.actions.publishing.changes import attempt_of
from scenedock.errors import ScenedockError, TemporaryError
from scenedock.model.action import Context, Example, action, guarded
from scenedock.model.json_documents import Model, TaskInput
from scenedock.structs import replace


class Input(TaskInput):
    """Nothing: what has expired follows from the settings of the repositories."""


class Output(Model):
    """What is proposed."""

    expired: Annotated[tuple[str, ...], "The environments whose end is over, as `billing in qa`"]
    published: Annotated[tuple[PublishedChange, ...], "Their pull requests"]
    problems: Annotated[dict[str, str], "Why one can't be retired, or a repository can't be read"]


EXAMPLES = [Example("As the schedule does every morning", {})]


@guarded
@action("retire-expired-environments", idempotent=True, examples=EXAMPLES)
def retire_expired_environments_action(context: Context[Effects], _request: Input) -> Output:
    """Propose to retire the environments whose end in `expires` is over; the service does this every morning.

    Each gets one pull request, which whoever merges it approves. If somebody closes it, it isn't opened again for the
    same day; `extend-environment` moves the day. What others depend on, what is locked, or what an approval rule about
    `retire-environment` covers, is named and stays.

    Raises
    ------
    TemporaryError   a code host can't be reached
    """
    from scenedock.usecases.changes.publish_change import How
    from scenedock.usecases.environments.expired import find_expired
    from scenedock.usecases.environments.publish_retirement import publish_retirement

    effects = context.effects
    expired = find_expired(effects.repositories, datetime.now(UTC).date())
    problems = dict(expired.problems)
    published: list[PublishedChange] = []
    for number, retirement in enumerate(expired.retirements):
        if rule := effects.approvals.rules.rule_for("retire-environment", [retirement.environment]):
            problems[str(retirement)] = f"it needs an approval by {rule.approvers}: run `retire-environment`"
            context.log(f"{retirement} isn't proposed: {problems[str(retirement)]}")
            continue
        attempt = attempt_of(context)
        mark = replace(attempt.mark, step=f"{attempt.mark.step}-{number}")
        try:
            here = plan_of(context, retirement)
            made = publish_retirement(effects.code_hosts, here, How(), replace(attempt, mark=mark))
        except TemporaryError:
            raise
        except ScenedockError as error:
            problems[str(retirement)] = str(error)
            context.log(f"{retirement} can't be retired: {error}")
        else:
            published += map(PublishedChange.of, made)
    return Output(expired=tuple(map(str, expired.retirements)), published=tuple(published), problems=problems)
