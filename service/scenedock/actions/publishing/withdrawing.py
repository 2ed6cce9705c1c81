"""How actions that propose something take it back."""

from __future__ import annotations

from collections.abc import Sequence

from scenedock.actions.effects import Effects
from scenedock.model.action import Context
from scenedock.model.code_hosts.commit import Mark
from scenedock.model.json import as_list, as_object, as_text
from scenedock.model.tasks.compensations import DoneStep


def withdraw_published(context: Context[Effects], done: DoneStep) -> Sequence[str]:
    """Close the pull requests that a step has opened, and delete their branches; what it committed stays."""
    published = [as_object(each) for each in as_list(done.output.get("published", [done.output]))]
    return [
        _withdrawn(context, done, as_text(each.get("pullRequestUrl")), as_text(each.get("branch")))
        for each in published
    ]


def _withdrawn(context: Context[Effects], done: DoneStep, url: str, branch: str) -> str:
    from scenedock.usecases.publishing.withdraw_proposal import withdraw_proposal

    if not url:
        return f"what the branch {branch} has stays: there is no pull request to close"
    note = f"Taken back, as {context.caller.name} asked (task {context.task_id})."
    return withdraw_proposal(context.effects.code_hosts, url, Mark(done.task_id, done.step_id), note)
