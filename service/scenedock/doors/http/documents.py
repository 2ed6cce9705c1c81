"""The documents that routes answer with: models, loaded when the first of them is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from scenedock.actions.catalog.explanations import ExplanationOutput
from scenedock.actions.catalog.findings import CoverageOutput, FindingOutput
from scenedock.actions.listed import ActionList, ListedAction, ListedSchemas
from scenedock.actions.releases.deployments import DeploymentList, HistoryList
from scenedock.model.action import Action, Example
from scenedock.model.approvals.documents import ApprovalDocument
from scenedock.model.json_documents import JsonDocument, JsonList, Timestamp
from scenedock.model.tasks.documents import EventDocument, TaskDocument
from scenedock.model.tasks.task import COUNTED_BEYOND
from scenedock.usecases.publishing.receive_webhook import Outcome

__all__ = ["ActionList", "DeploymentList", "ExplanationOutput", "HistoryList"]
"""Those of other modules that are no part of a document here."""


class ActionPage(JsonDocument):
    """The actions that the caller may run."""

    items: tuple[ListedAction, ...]


class ApprovalList(JsonDocument):
    """Approvals that the caller may see."""

    approvals: Annotated[tuple[ApprovalDocument, ...], "The newest first, at most 1,000"]


class ActionsStatus(JsonDocument):
    """Whether this plugin has actions, whoever may run them."""

    has_actions: bool


class EntityCounts(JsonDocument):
    """The numbers of entities."""

    total: int
    by_kind: Mapping[str, int]


class FindingsReport(JsonDocument):
    """The findings of the catalog export."""

    checked_at: Annotated[Timestamp, "When the catalog was last known to be up to date"]
    entities: EntityCounts
    coverage: Annotated[tuple[CoverageOutput, ...], "What is deployed, and how much of it is represented"]
    findings: Annotated[tuple[FindingOutput, ...], "The most severe first"]


class Refreshing(JsonDocument):
    """The confirmation that the repositories will be checked."""

    refreshing: Literal[True]


class Accepted(JsonDocument):
    """The repositories whose refused changes the next feed takes over."""

    accepted: tuple[str, ...]


class Health(JsonDocument):
    """Whether the service can be used."""

    status: Literal["ok", "degraded", "starting"]


class Readiness(Health):
    """Whether the service can be used, what is not current or can not be kept, and which tokens end soon."""

    reasons: Annotated[tuple[str, ...], "Why it is degraded; the findings and the log say more"]
    stale_repositories: Annotated[int, "How many could not be fetched the last time"]


class PublicKeyList(JsonDocument):
    """A JSON Web Key Set (RFC 7517)."""

    keys: tuple[Mapping[str, Any], ...]


class ResultFolder(JsonDocument):
    """A result folder."""

    folder: Annotated[str, "Its name, as input `folder` of `propose-change`, `commit-change` and `publish-repository`"]
    files: Annotated[tuple[str, ...], "All files, relative to the folder, sorted"]
    url: Annotated[
        str | None, "Address for `fetch:plain`, valid for a limited time; null if the service has no port for folders"
    ]


class ScaffolderExample(JsonDocument):
    """An example of an action."""

    description: str
    example: Annotated[str, "Steps of a Template, in YAML"]


class ScaffolderAction(JsonDocument):
    """An action in the format of the scaffolder's page of actions."""

    id: str
    description: str
    examples: tuple[ScaffolderExample, ...]
    schemas: Annotated[ListedSchemas, Field(alias="schema")]

    @classmethod
    def of(cls, action: Action[Any]) -> ScaffolderAction:
        """The action as it is listed."""
        return cls(
            id=action.id,
            description=action.description,
            examples=tuple(
                ScaffolderExample(description=each.description, example=_template(action, each))
                for each in action.examples
            ),
            schemas=ListedSchemas(input=action.input_schema(), output=action.output_schema()),
        )


class ScaffolderActionList(JsonList[ScaffolderAction]):
    """The actions that the caller may run."""


class Cancelled(JsonDocument):
    """The confirmation that the task ends before its next step, or has ended."""

    status: Literal["cancelled"]


def _template(action: Action[Any], example: Example) -> str:
    import yaml

    step = {"id": action.name, "action": action.id, "input": example.input}
    return yaml.safe_dump({"steps": [step]}, sort_keys=False)


class TaskId(JsonDocument):
    """The task that was submitted or retried."""

    id: str


class TaskPage(JsonDocument):
    """A page of the tasks that the caller may see."""

    tasks: tuple[TaskDocument, ...]
    total_tasks: Annotated[
        int,
        f"Number of tasks in total; of those after this page, {COUNTED_BEYOND:,} are counted at most, but all with a "
        "`limit` of 0",
    ]


class WebhookOutcome(JsonDocument):
    """How a delivery was handled."""

    outcome: Outcome


class NamedError(JsonDocument):
    """The error."""

    name: Annotated[str, "Kind of error, as Backstage names it"]
    message: Annotated[str, "What is wrong, where, and what to do"]


class RefusedRequest(JsonDocument):
    """The request."""

    method: str
    url: Annotated[str, "Path of the request"]


class RefusalStatus(JsonDocument):
    """The response."""

    status_code: int


class ErrorBody(JsonDocument):
    """An error in Backstage's format."""

    error: NamedError
    request: RefusedRequest
    response: RefusalStatus


class EventList(JsonList[EventDocument]):
    """Events, by their ids."""


class ActionOutput(JsonDocument):
    """The result of an action."""

    output: Annotated[Mapping[str, Any], "The output, as the action's schema describes it"]


class SignedOut(JsonDocument):
    """Who has been signed out."""

    ended: Annotated[int, "How many sessions were ended"]


class OpenApiDocument(JsonDocument):
    """An OpenAPI document (3.1), with the parts that this one has."""

    openapi: str
    info: Mapping[str, Any]
    security: Sequence[Mapping[str, Any]]
    tags: Sequence[Mapping[str, Any]]
    paths: Mapping[str, Any]
    components: Mapping[str, Any]
