"""`scenedock:validate-entities`: validate entities with Backstage's rules, before Backstage reads them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenedock.actions.catalog.findings import FindingOutput
from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model


class Input(Model):
    """The entities to validate."""

    content: Annotated[str, "Text of a catalog-info.yaml: one or more YAML documents", Field(max_length=300_000)]
    name: Annotated[str, "Name of the text in findings", Field(max_length=200)] = "catalog-info.yaml"


class Output(Model):
    """The result of the validation."""

    valid: Annotated[bool, "Whether Backstage would accept every entity"]
    entities: Annotated[int, "Number of entities that were validated"]
    findings: Annotated[tuple[FindingOutput, ...], "All problems, each with its line"]


EXAMPLES = [
    Example(
        "A Component without an owner",
        {
            "content": (
                "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: billing}\n"
                "spec: {type: service, lifecycle: production}\n"
            )
        },
    )
]


@action("validate-entities", read_only=True, idempotent=True, examples=EXAMPLES)
def validate_entities_action(_context: Context[Effects], request: Input) -> Output:
    """Validate the entities in a text as Backstage would, and list all problems at once.

    The results equal those of Backstage's own validators for its core kinds and Templates; for other kinds, only the
    envelope is validated. A text that is not YAML is also a finding.
    """
    from scenedock.usecases.catalog.validate_entities import validate_entities

    validation = validate_entities([request.name], lambda _name: request.content.encode())
    return Output(
        valid=not validation.count("error"),
        entities=validation.entities,
        findings=tuple(FindingOutput.of(finding) for finding in validation.findings),
    )
