"""`scenedock:commit-change`: commit a change to a branch of a repository, where that is allowed."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import ChangeInput, RepoUrl, attempt_of
from scenedock.errors import InputError
from scenedock.model.action import Context, Example, action, guarded
from scenedock.model.code_hosts.code_host import checked_branch
from scenedock.model.json_documents import Model


class Input(ChangeInput):
    """The change to commit, and where."""

    repo_url: RepoUrl
    branch: Annotated[str | None, "Branch to commit to; by default the default branch"] = None


class Output(Model):
    """The commit."""

    changed: Annotated[bool, "Whether there was anything to change"]
    branch: Annotated[str, "The branch"]
    commit_hash: Annotated[str, "The commit; without a change, the commit that the branch points to"]


EXAMPLES = [
    Example(
        "A new image tag for a test environment",
        {
            "repoUrl": "https://github.com/acme/apps",
            "commitMessage": "billing 1.4.0 to QA",
            "edits": [{"path": "billing/values-qa.yaml", "set": {"workload.image.tag": "1.4.0"}}],
        },
    )
]


@guarded
@action("commit-change", destructive=True, idempotent=True, examples=EXAMPLES)
def commit_change_action(context: Context[Effects], request: Input) -> Output:
    """Commit a change directly to a branch, where the list of code hosts allows it.

    If others push to the branch meanwhile, the change is applied again on top of their commits, unless these changed
    the same: then the action fails and changes nothing.

    Raises
    ------
    InputError        the address, the branch, a path or a value can't be used, or the message is missing
    NotAllowedError   `direct_commits` of the code host doesn't list the repository, the branch is protected, or the
                      change needs an approval, for which another action must be used
    NotFoundError     there is no such repository, branch, file or result folder
    ConflictError     somebody changed the same meanwhile, or a file exists already
    TemporaryError    the host can't be reached, or its rate limit is used up
    """
    from scenedock.actions.publishing.guarding import guard
    from scenedock.usecases.publishing.commit_change import commit_change
    from scenedock.usecases.publishing.own_branches import free_branch

    effects = context.effects
    address = effects.code_hosts.read(request.repo_url)
    change = request.changes(effects)
    branch = free_branch(checked_branch(request.branch)) if request.branch else None
    if not request.commit_message:
        raise InputError("`commitMessage` is required; write one line that says what changes")
    host = effects.code_hosts.host_of(address)
    with effects.code_hosts.open(address) as repository:
        commit = commit_change(
            repository, host, change, branch, request.commit_message, attempt_of(context), guard(effects, repository)
        )
    return Output(changed=commit.changed, branch=commit.branch, commit_hash=commit.commit)
