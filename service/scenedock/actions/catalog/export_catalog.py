"""`scenedock:export-catalog`: the entities that describe the deployments in our repositories."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.catalog.findings import FindingOutput
from scenedock.actions.effects import Effects
from scenedock.catalog.emitting.output import render
from scenedock.catalog.emitting.summary import count_by_type
from scenedock.effects.git.repositories import opened
from scenedock.errors import NotFoundError
from scenedock.model.action import Context, Example, Model, action
from scenedock.usecases.catalog.export_catalog import export_catalog


class Input(Model):
    """What to export."""

    repository: Annotated[str | None, "Name of one repository; without it, all that the service knows"] = None
    with_content: Annotated[bool, "Whether the entities themselves are wanted, and not only their counts"] = True


class Output(Model):
    """What was made of it."""

    entities: Annotated[int, "How many entities there are"]
    by_kind: Annotated[dict[str, int], "How many there are of each kind"]
    findings: Annotated[tuple[FindingOutput, ...], "What a person should know or mend, the worst first"]
    content: Annotated[str, "The entities as a multi-document catalog-info.yaml; empty if not wanted"]


EXAMPLES = [Example("Only counts and findings", {"withContent": False}), Example("The whole catalog", {})]


@action("export-catalog", read_only=True, idempotent=True, examples=EXAMPLES)
def export_catalog_action(context: Context[Effects], request: Input) -> Output:
    """Make Backstage entities of the Helm folders in the service's GitOps repositories.

    Raises
    ------
    NotFoundError   the service knows no repository of this name
    InputError      a repository can't be read, or its settings are wrong
    """
    repositories = context.effects.repositories
    if request.repository is not None:
        if request.repository not in repositories:
            names = ", ".join(repositories) or "none"
            raise NotFoundError(f"there is no repository {request.repository!r}; there are: {names}")
        repositories = {request.repository: repositories[request.repository]}
    with opened(repositories) as readable:
        export = export_catalog(readable)
    context.log(f"{len(export.entities)} entities, {len(export.findings)} findings")
    return Output(
        entities=len(export.entities),
        by_kind={kind: sum(types.values()) for kind, types in count_by_type(export.entities).items()},
        findings=tuple(FindingOutput.of(finding) for finding in export.findings),
        content=render([entity.document for entity in export.entities], "yaml") if request.with_content else "",
    )
