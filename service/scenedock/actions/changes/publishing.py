"""Inputs and output of the actions that change versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from scenedock.actions.approvals.asking import APPROVAL_RIGHTS, PassApproval, wait_for_decision
from scenedock.actions.changes.planned import RefusalOutput, VersionChangeOutput
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import Labels, PassLock, Reviewers, TeamReviewers, attempt_of
from scenedock.model.action import Context
from scenedock.model.code_hosts.commit import Attempt
from scenedock.model.code_hosts.pull_request import PullRequestState
from scenedock.model.json_documents import Model, TaskInput
from scenedock.structs import replace

if TYPE_CHECKING:
    from scenedock.changes.planned import Lifted
    from scenedock.changes.text import Verb
    from scenedock.usecases.changes.plan_served import Wish
    from scenedock.usecases.changes.publish_change import How, Published

Services = Annotated[
    tuple[str, ...], "Names of the services; several change as one", Field(min_length=1, max_length=100)
]
Environment = Annotated[
    str | None, "Name of the environment, such as `production`; null where nothing names the environment of a service"
]


class ChangeOfVersions(TaskInput):
    """What all changes of versions have: which refusals are lifted, and who should look at the pull request."""

    services: Services
    repository: Annotated[str | None, "Name of the repository, where several deploy the service there"] = None
    allow_downgrade: Annotated[bool, "Whether an older version is allowed"] = False
    allow_pre_release: Annotated[bool, "Whether a pre-release is allowed in production"] = False
    allow_untried_version: Annotated[bool, "Whether a version is allowed that the environment before doesn't have"] = (
        False
    )
    allow_shared_line: Annotated[bool, "Whether a line may be edited that other environments get, too"] = False
    allow_automated_line: Annotated[bool, "Whether a line may be edited that an automation writes"] = False
    allow_stale_chart_lock: Annotated[bool, "Whether a Chart.lock may need an update afterwards"] = False
    pass_lock: PassLock = ""
    pass_approval: PassApproval = ""
    labels: Labels = ()
    reviewers: Reviewers = ()
    team_reviewers: TeamReviewers = ()

    def lifted(self) -> Lifted:
        """The refusals that are lifted."""
        from scenedock.changes.planned import LIFTABLE, Lifted
        from scenedock.usecases.changes.publish_change import INPUTS

        given = self.model_dump(by_alias=True, include={"allow_" + code.replace("-", "_") for code in LIFTABLE})
        return Lifted(frozenset(code for code in LIFTABLE if given.get(INPUTS[code])), self.pass_lock)


class PublishedChange(Model):
    """The pull requests or commits of a change, one for each repository."""

    repository: Annotated[str, "Name of the repository"]
    branch: Annotated[str, "The branch with the change; the base branch if it is committed, or has it already"]
    commit_hash: Annotated[str, "The commit that this branch points to"]
    committed: Annotated[bool, "Whether it is committed to the base branch, without a pull request"]
    pull_request_url: Annotated[str | None, "Address of the pull request; null without one"]
    number: Annotated[int | None, "Number of the pull request"]
    state: Annotated[PullRequestState | None, "Its state; `closed` if somebody closed the same before"]
    merges_by_itself: Annotated[bool, "Whether the code host merges it as soon as its rules allow"]

    @classmethod
    def of(cls, published: Published) -> PublishedChange:
        """The output for what one repository got."""
        proposed = published.proposed
        return cls(
            repository=published.repository,
            branch=proposed.branch,
            commit_hash=proposed.commit,
            committed=published.committed,
            pull_request_url=proposed.url,
            number=proposed.number,
            state=proposed.state,
            merges_by_itself=published.merges,
        )


class Output(Model):
    """What changes, and where it is proposed."""

    changed: Annotated[bool, "Whether there was anything to change"]
    title: Annotated[str, "Title of the pull request; empty if an earlier attempt has made the change"]
    pull_request_url: Annotated[str | None, "Address of the pull request, of the first if there are several"]
    published: Annotated[tuple[PublishedChange, ...], "The pull request or commit of each repository"]
    changes: Annotated[
        tuple[VersionChangeOutput, ...],
        "What changes; empty if an earlier attempt has made the change",
    ]
    lifted: Annotated[tuple[RefusalOutput, ...], "What would speak against it, and was allowed"]
    notes: Annotated[tuple[str, ...], "What else whoever decides should know"]


RIGHTS = {"passLock": "pass-lock", **APPROVAL_RIGHTS}
"""What a caller needs besides, by the input that needs it."""


def change_versions(
    context: Context[Effects], request: ChangeOfVersions, wish: Wish, verb: Verb, how: How | None = None
) -> Output:
    """Plan a change in a process of its own, and publish it, when it has the approval that it needs."""
    from scenedock.actions.changes.approving import approved
    from scenedock.usecases.changes.plan_served import plan_served
    from scenedock.usecases.changes.publish_change import How, publish_change

    effects = context.effects
    how = how or How(labels=request.labels, reviewers=request.reviewers, team_reviewers=request.team_reviewers)
    how = replace(how, passes=bool(request.pass_lock.strip()))
    wait_for_decision(context)
    attempt = attempt_of(context)
    if attempt.tried_before and (earlier := _earlier(effects, wish, how, attempt)):
        return earlier
    here = effects.apart.read(plan_served, wish, request.lifted(), verb, effects.rendering)
    planned = here.planned
    for each in planned.lifted:
        context.log(f"allowed: {each.message}")
    here = approved(context, request.pass_approval, here, verb, how)
    published = publish_change(effects.code_hosts, here, how, attempt)
    return _output(
        effects,
        published,
        title=planned.title,
        changes=tuple(map(VersionChangeOutput.of, planned.changes)),
        lifted=tuple(map(RefusalOutput.of, planned.lifted)),
        notes=(*planned.notes, *(note for each in published for note in each.notes)),
    )


def _earlier(effects: Effects, wish: Wish, how: How, attempt: Attempt) -> Output | None:
    """What an earlier attempt published, if its change is in the repositories; a plan would find nothing to change."""
    from scenedock.usecases.changes.find_published import find_published, homes_of

    published = find_published(effects.code_hosts, effects.apart.read(homes_of, wish), how, attempt)
    if not published:
        return None
    attempt.log("an earlier attempt has made this change")
    return _output(effects, published, title="", changes=(), lifted=(), notes=())


def _output(
    effects: Effects,
    published: Sequence[Published],
    *,
    title: str,
    changes: tuple[VersionChangeOutput, ...],
    lifted: tuple[RefusalOutput, ...],
    notes: tuple[str, ...],
) -> Output:
    """The output for what was published; a commit counts at once, and the pages show it."""
    if committed := [each.repository for each in published if each.committed]:
        effects.renew(committed)
    made = tuple(map(PublishedChange.of, published))
    return Output(
        changed=any(each.proposed.changed for each in published),
        title=title,
        pull_request_url=next((each.pull_request_url for each in made if each.pull_request_url), None),
        published=made,
        changes=changes,
        lifted=lifted,
        notes=notes,
    )
