"""`scenedock:propose-change`: a change of a repository as a pull request."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenedock.actions.changes import REPO_URL, ChangeInput, attempt_of
from scenedock.actions.effects import Effects
from scenedock.model.action import Address, Context, Example, Model, action
from scenedock.model.code_host import checked_branch, read_repository
from scenedock.model.pull_request import PullRequestState
from scenedock.usecases.propose_change import Proposal, branch_name, propose_change

_LOGIN = r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?(\[bot\])?$"
_TEAM = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"


class Input(ChangeInput):
    """What to propose, and to whom."""

    repo_url: Annotated[Address, REPO_URL, Field(max_length=500)]
    title: Annotated[str, "Title of the pull request", Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
    body: Annotated[str, "Text of the pull request, in Markdown", Field(max_length=60_000)] = ""
    base_branch: Annotated[str | None, "Branch that shall take the change; by default the default branch"] = None
    branch: Annotated[str | None, "Branch to make; by default of the title and the task's id"] = None
    labels: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=50)], ...],
        "Labels",
        Field(max_length=100),
    ] = ()
    reviewers: Annotated[
        tuple[Annotated[str, Field(pattern=_LOGIN)], ...],
        "Logins of people to ask for a review",
        Field(max_length=15),
    ] = ()
    team_reviewers: Annotated[
        tuple[Annotated[str, Field(pattern=_TEAM)], ...],
        "Slugs of teams to ask for a review",
        Field(max_length=15),
    ] = ()
    draft: Annotated[bool, "Whether it is a draft"] = False


class Output(Model):
    """The pull request."""

    changed: Annotated[bool, "Whether there was anything to change; else there is no branch and no pull request"]
    branch: Annotated[str, "The branch with the change; without a change the branch that has it all"]
    commit_hash: Annotated[str, "The commit at which that branch stands"]
    pull_request_url: Annotated[str | None, "The pull request; null without a change, and on plain git servers"]
    number: Annotated[int | None, "Its number"]
    state: Annotated[PullRequestState | None, "What it is now; a repeated call may find it merged"]


EXAMPLES = [
    Example(
        "A new image tag, as a pipeline proposes it after a build",
        {
            "repoUrl": "https://github.com/acme/apps",
            "title": "billing 1.4.0",
            "edits": [{"path": "billing/values.yaml", "set": {"image.tag": "1.4.0"}}],
            "requestId": "billing-1.4.0",
        },
    ),
    Example(
        "A note for a reviewer, and a file that is gone",
        {
            "repoUrl": "github.com?owner=acme&repo=apps",
            "title": "Explain the folders",
            "files": [{"path": "README.md", "content": "# Deployments of acme\n"}],
            "delete": ["NOTES.md"],
            "labels": ["documentation"],
        },
    ),
]


@action("propose-change", examples=EXAMPLES)
def propose_change_action(context: Context[Effects], given: Input) -> Output:
    """Propose a change of a repository as a pull request of one commit.

    The change may be a baked folder, files, deletions, renames and values of YAML files, all at once. Two calls are two
    pull requests, unless they have the same `requestId`. On a plain git server a branch is pushed, and whoever looks
    after it merges.

    Raises
    ------
    InputError        the address, a branch, a path or a value can't be used
    NotAllowedError   the host or the owner isn't in the list of code hosts, or the credentials don't suffice
    NotFoundError     there is no such repository, branch, file or result folder
    ConflictError     a branch of this name that this task didn't make, or a file, is there
    TemporaryError    the host can't be reached, or asks to wait
    """
    effects, attempt = context.effects, attempt_of(context)
    address = read_repository(given.repo_url)
    proposal = Proposal(
        changes=given.request(effects),
        branch=checked_branch(given.branch or branch_name(given.title, attempt.mark)),
        base=checked_branch(given.base_branch) if given.base_branch else None,
        title=given.title,
        body=given.body,
        message=given.commit_message or given.title,
        labels=given.labels,
        reviewers=given.reviewers,
        team_reviewers=given.team_reviewers,
        draft=given.draft,
    )
    with effects.code_hosts.open(address) as repository:
        made = propose_change(repository, proposal, attempt)
    return Output(
        changed=made.changed,
        branch=made.branch,
        commit_hash=made.commit,
        pull_request_url=made.url,
        number=made.number,
        state=made.state,
    )
