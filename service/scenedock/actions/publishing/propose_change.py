"""`scenedock:propose-change`: propose a change of a repository as a pull request."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import ChangeInput, Labels, RepoUrl, Reviewers, TeamReviewers, attempt_of
from scenedock.actions.publishing.withdrawing import withdraw_published
from scenedock.model.action import Context, Example, action, guarded
from scenedock.model.code_hosts.code_host import checked_branch
from scenedock.model.code_hosts.commit import LONGEST_SUBJECT
from scenedock.model.code_hosts.pull_request import PullRequestState
from scenedock.model.json_documents import Model
from scenedock.model.tasks.compensations import undone_by


class Input(ChangeInput):
    """The change to propose, and the pull request to open."""

    repo_url: RepoUrl
    title: Annotated[str, "Title of the pull request", Field(pattern=rf"^[^\x00-\x1f\x7f]{{1,{LONGEST_SUBJECT}}}$")]
    body: Annotated[str, "Text of the pull request, in Markdown", Field(max_length=60_000)] = ""
    base_branch: Annotated[str | None, "Branch to merge the change into; by default the default branch"] = None
    branch: Annotated[
        str | None,
        "Branch to create, or to update if all its commits are Scenedock's; by default, its name is made from the "
        "title and the task's id",
    ] = None
    labels: Labels = ()
    reviewers: Reviewers = ()
    team_reviewers: TeamReviewers = ()
    draft: Annotated[bool, "Whether it is a draft"] = False


class Output(Model):
    """The pull request."""

    changed: Annotated[bool, "Whether there was anything to change; if not, no branch and no pull request is created"]
    branch: Annotated[str, "The branch with the change; without a change, the base branch, which has it already"]
    commit_hash: Annotated[str, "The commit that this branch points to"]
    pull_request_url: Annotated[
        str | None, "Address of the pull request; null without a change, and on plain git servers"
    ]
    number: Annotated[int | None, "Number of the pull request"]
    state: Annotated[PullRequestState | None, "Its state now; on a repeated call it may be merged already"]


EXAMPLES = [
    Example(
        "A new image tag, as a pipeline proposes it after a build",
        {
            "repoUrl": "https://github.com/acme/apps",
            "title": "billing 1.4.0",
            "edits": [{"path": "billing/values-dev.yaml", "set": {"workload.image.tag": "1.4.0"}}],
            "requestId": "billing-1.4.0",
        },
    ),
    Example(
        "A limit that a values file may lack, and a version in an Application beside other documents",
        {
            "repoUrl": "https://github.com/acme/apps",
            "title": "billing 1.4.0 with more memory",
            "edits": [
                {"path": "billing/values-dev.yaml", "add": {"workload.resources.limits.memory": "1Gi"}},
                {
                    "path": "applications.yaml",
                    "document": "Application/billing",
                    "set": {"spec.source.targetRevision": "1.4.0"},
                },
            ],
        },
    ),
    Example(
        "A note for a reviewer, and a file to delete",
        {
            "repoUrl": "github.com?owner=acme&repo=apps",
            "title": "Explain the folders",
            "files": [{"path": "README.md", "content": "# Deployments of acme\n"}],
            "delete": ["NOTES.md"],
            "labels": ["documentation"],
        },
    ),
]


@undone_by(withdraw_published)
@guarded
@action("propose-change", examples=EXAMPLES)
def propose_change_action(context: Context[Effects], request: Input) -> Output:
    """Propose a change of a repository as a pull request with one commit.

    The change may combine a baked folder, files, deletions, renames and values of YAML files. Two calls open two pull
    requests, unless they have the same `requestId`, or the same `branch`: then the later one updates the pull request.
    On a plain git server, the action only pushes a branch, and the owners of the repository merge it.

    Raises
    ------
    InputError        the address, a branch, a path or a value can't be used
    NotAllowedError   the host or the owner isn't in the list of code hosts, the credentials don't suffice, or the
                      change needs an approval, for which another action must be used
    NotFoundError     there is no such repository, branch, file or result folder
    ConflictError     a file exists already, or a branch of this name with commits of others
    TemporaryError    the host can't be reached, or its rate limit is used up
    """
    from scenedock.actions.publishing.guarding import guard
    from scenedock.usecases.publishing.own_branches import free_branch
    from scenedock.usecases.publishing.propose_change import Proposal, branch_name, propose_change

    effects, attempt = context.effects, attempt_of(context)
    address = effects.code_hosts.read(request.repo_url)
    effects.code_hosts.host_of(address).check_reviewers(request.reviewers, request.team_reviewers)
    proposal = Proposal(
        changes=request.changes(effects),
        branch=free_branch(checked_branch(request.branch or branch_name(request.title, attempt.mark))),
        base=checked_branch(request.base_branch) if request.base_branch else None,
        title=request.title,
        body=request.body,
        message=request.commit_message or request.title,
        labels=request.labels,
        reviewers=request.reviewers,
        team_reviewers=request.team_reviewers,
        draft=request.draft,
        changes_later=bool(request.branch),
    )
    with effects.code_hosts.open(address) as repository:
        proposed = propose_change(repository, proposal, attempt, guard(effects, repository))
    return Output(
        changed=proposed.changed,
        branch=proposed.branch,
        commit_hash=proposed.commit,
        pull_request_url=proposed.url,
        number=proposed.number,
        state=proposed.state,
    )
