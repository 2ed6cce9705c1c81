"""`scenedock:await-pull-request`: continue a task when its change is merged."""

from __future__ import annotations

from typing import Annotated, Literal

from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Address, Model, TaskInput


class Input(TaskInput):
    """The pull request to wait for."""

    pull_request_url: Annotated[
        Address, "Address of the pull request (merge request), such as the output of `propose-change`"
    ]
    allow_closed: Annotated[
        bool, "Whether the task also continues if the pull request is closed without being merged"
    ] = False


class Output(Model):
    """How the pull request ended."""

    state: Annotated[Literal["merged", "closed"], "`closed` only with `allowClosed`"]
    merge_commit: Annotated[str | None, "The commit of the merge on the base branch; null if it wasn't merged"]


EXAMPLES = [Example("The change of an earlier step", {"pullRequestUrl": "https://github.com/acme/apps/pull/12"})]


# It changes nothing, but only actions that aren't read-only run as tasks, and only a task can wait.
@action("await-pull-request", idempotent=True, examples=EXAMPLES)
def await_pull_request_action(context: Context[Effects], request: Input) -> Output:
    """Wait until a pull request is merged.

    The task holds no worker while it waits. A webhook of the code host wakes it at once; without one, it checks every
    five minutes. It waits for 30 days at most. A call from a Backstage Template waits for one hour and then fails, but
    the task continues: a later call with the same `requestId` joins it.

    Raises
    ------
    ConflictError     the pull request was closed without being merged
    NotFoundError     there is no such pull request
    NotAllowedError   its host or owner is not in the list of code hosts
    """
    from scenedock.usecases.publishing.await_pull_request import await_pull_request

    pull = await_pull_request(context.effects.code_hosts, request.pull_request_url, allow_closed=request.allow_closed)
    context.log(f"{request.pull_request_url} is {pull.state}")
    return Output(state="merged" if pull.state == "merged" else "closed", merge_commit=pull.merge_commit)
