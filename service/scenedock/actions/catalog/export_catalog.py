"""`scenedock:export-catalog`: generate the entities that describe the deployments in our repositories."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.catalog.findings import CoverageOutput, FindingOutput
from scenedock.actions.effects import Effects
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model


class Input(Model):
    """What to export."""

    repository: Annotated[str | None, "Name of one repository; by default, all repositories of the service"] = None
    with_content: Annotated[bool, "Whether to return the entities themselves, not only their counts"] = True


class Output(Model):
    """The result of the export."""

    entities: Annotated[int, "Number of entities"]
    by_kind: Annotated[dict[str, int], "Number of entities of each kind"]
    findings: Annotated[tuple[FindingOutput, ...], "Problems to fix or to know about, the most severe first"]
    coverage: Annotated[tuple[CoverageOutput, ...], "What is deployed, and how much of it is represented"]
    content: Annotated[str, "The entities as a multi-document catalog-info.yaml; empty if `withContent` is false"]


EXAMPLES = [Example("Counts and findings only", {"withContent": False}), Example("The whole catalog", {})]


@action("export-catalog", read_only=True, idempotent=True, examples=EXAMPLES)
def export_catalog_action(context: Context[Effects], request: Input) -> Output:
    """Generate Backstage entities from the Helm folders in the service's GitOps repositories.

    Raises
    ------
    NotFoundError   the service has no repository of this name
    InputError      there are no repositories, one can't be read, or its settings are invalid
    """
    from scenedock.catalog.emitting.output import render
    from scenedock.catalog.emitting.summary import count_by_type
    from scenedock.effects.git.repositories import opened
    from scenedock.usecases.catalog.export_catalog import export_catalog

    repositories = context.effects.repositories
    if not repositories:
        raise InputError("there are no GitOps repositories to export; list them in SCENEDOCK_REPOSITORIES")
    if request.repository is not None:
        if request.repository not in repositories:
            names = ", ".join(repositories) or "none"
            raise NotFoundError(f"there is no repository {request.repository!r}; the repositories are: {names}")
        repositories = {request.repository: repositories[request.repository]}
    with opened(repositories) as readable:
        export = export_catalog(readable)
    context.log(f"{len(export.entities)} entities, {len(export.findings)} findings")
    return Output(
        entities=len(export.entities),
        by_kind={kind: sum(types.values()) for kind, types in count_by_type(export.entities).items()},
        findings=tuple(FindingOutput.of(finding) for finding in export.findings),
        coverage=tuple(map(CoverageOutput.of, export.coverage)),
        content=render([entity.document for entity in export.entities], "yaml") if request.with_content else "",
    )
