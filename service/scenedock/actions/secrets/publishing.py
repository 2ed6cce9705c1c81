"""Inputs and output of the actions that change secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scenedock.actions.publishing.changes import Labels, PassLock, Reviewers, TeamReviewers
from scenedock.changes.secrets.naming import Scope
from scenedock.model.code_hosts.pull_request import PullRequestState
from scenedock.model.json_documents import Model, TaskInput

if TYPE_CHECKING:
    from scenedock.changes.secrets.manifests import Kind
    from scenedock.changes.secrets.places import SecretPlace
    from scenedock.usecases.changes.publish_change import How
    from scenedock.usecases.secrets.find_place import SecretWish
    from scenedock.usecases.secrets.publish_secret import SecretPublished

RIGHTS = {"passLock": "pass-lock"}
"""What a caller needs besides, by the input that needs it."""
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,253}$")]
MOST_KEYS = 100


class ChangeOfSecret(TaskInput):
    """Which secret of which deployment, and who should look at the pull request."""

    service: Annotated[str, "Name of the service", Field(min_length=1)]
    environment: Annotated[
        str | None, "Name of the environment, such as `production`; null where nothing names the service's environment"
    ] = None
    repository: Annotated[str | None, "Name of the repository, where several deploy the service there"] = None
    name: Annotated[
        str,
        "Name of the Secret; by default the only one that the deployment has, or else the service's",
        Field(max_length=253),
    ] = ""
    namespace: Annotated[
        str, "Namespace of the Secret; by default the one to which the service is deployed", Field(max_length=63)
    ] = ""
    form: Annotated[
        Literal["manifest", "values"] | None,
        "Whether it is a manifest, or an entry in the values that the library chart takes; by default as the "
        "deployment has its secrets already",
    ] = None
    path: Annotated[str, "The file, where it isn't found by itself, or for a new one", Field(max_length=1000)] = ""
    pass_lock: PassLock = ""
    labels: Labels = ()
    reviewers: Reviewers = ()
    team_reviewers: TeamReviewers = ()

    @property
    def how(self) -> How:
        """How it is published."""
        from scenedock.usecases.changes.publish_change import How

        return How(labels=self.labels, reviewers=self.reviewers, team_reviewers=self.team_reviewers)

    def wish(self, kind: Kind, keys: frozenset[str], scope: Scope | None = None) -> SecretWish:
        """What is asked for, without any value."""
        from scenedock.usecases.secrets.find_place import SecretWish

        return SecretWish(
            kind, self.service, self.environment, keys, self.repository, self.name, self.namespace, scope, self.form,
            self.path,
        )  # fmt: skip


class SecretOutput(Model):
    """The secret, and where it is proposed."""

    changed: Annotated[bool, "Whether there was anything to change"]
    title: Annotated[str, "Title of the pull request"]
    pull_request_url: Annotated[str | None, "Address of the pull request; null on a plain git server"]
    number: Annotated[int | None, "Number of the pull request"]
    state: Annotated[PullRequestState | None, "Its state; `closed` if somebody closed the same before"]
    branch: Annotated[str, "The branch with the change; the base branch if that has it already"]
    commit_hash: Annotated[str, "The commit that this branch points to"]
    repository: Annotated[str, "Name of the repository"]
    path: Annotated[str, "The file with the secret"]
    form: Annotated[Literal["manifest", "values"], "Whether it is a manifest or an entry in values"]
    name: Annotated[str, "Name of the Secret"]
    namespace: Annotated[str, "Its namespace; empty where nothing says it"]
    keys: Annotated[tuple[str, ...], "The keys in the pull request, with those of earlier calls"]
    replaced: Annotated[tuple[str, ...], "Those of them that the secret had before"]
    notes: Annotated[tuple[str, ...], "What whoever decides should know"]

    @classmethod
    def of(cls, place: SecretPlace, published: SecretPublished) -> SecretOutput:
        """The output for what was published."""
        proposed = published.proposed
        return cls(
            changed=proposed.changed,
            title=published.title,
            pull_request_url=proposed.url,
            number=proposed.number,
            state=proposed.state,
            branch=proposed.branch,
            commit_hash=proposed.commit,
            repository=place.repository,
            path=place.path,
            form=place.form,
            name=place.name,
            namespace=place.namespace,
            keys=published.keys,
            replaced=tuple(key for key in published.keys if key in place.has),
            notes=published.notes,
        )
