"""Inputs and output of the actions that lock and unlock environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import Reviewers
from scenedock.model.code_hosts.pull_request import PullRequestState
from scenedock.model.entity import service_name
from scenedock.model.json_documents import Model, TaskInput

if TYPE_CHECKING:
    from scenedock.usecases.changes.lock_environment import Place
    from scenedock.usecases.changes.publish_change import How, Published

Reason = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]


class LockInput(TaskInput):
    """Which environment, and how the settings are changed."""

    environment: Annotated[str, "Name of the environment, such as `production`", Field(min_length=1)]
    service: Annotated[str, "Name of a service, if only that is meant"] = ""
    repository: Annotated[str | None, "Name of the repository, where the service has several"] = None
    propose: Annotated[
        bool, "Whether a pull request is opened even if the code host's `direct_commits` list the repository"
    ] = False
    reviewers: Reviewers = ()

    @property
    def place(self) -> Place:
        """What is meant."""
        from scenedock.usecases.changes.lock_environment import Place

        return Place(self.environment, service_name(self.service), self.repository)

    @property
    def how(self) -> How:
        """How it is published."""
        from scenedock.usecases.changes.publish_change import How

        return How(not self.propose, reviewers=self.reviewers)


class LockOutput(Model):
    """Where the settings are changed."""

    changed: Annotated[bool, "Whether there was anything to change"]
    committed: Annotated[bool, "Whether it is committed; if not, it counts when the pull request is merged"]
    branch: Annotated[str, "The branch with the change"]
    commit_hash: Annotated[str, "The commit that this branch points to"]
    pull_request_url: Annotated[str | None, "Address of the pull request; null without one"]
    state: Annotated[PullRequestState | None, "Its state"]

    @classmethod
    def of(cls, published: Published) -> LockOutput:
        """The output for what was published."""
        proposed = published.proposed
        return cls(
            changed=proposed.changed,
            committed=published.committed,
            branch=proposed.branch,
            commit_hash=proposed.commit,
            pull_request_url=proposed.url,
            state=proposed.state,
        )


def answer_for(published: Published, effects: Effects) -> LockOutput:
    """The output for what was published; a commit counts at once, and the pages show it."""
    if published.committed:
        effects.renew([published.repository])
    return LockOutput.of(published)
