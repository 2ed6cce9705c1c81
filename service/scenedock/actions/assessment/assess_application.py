"""`scenedock:assess-application`: how ready existing applications are for containers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenedock.actions.assessment.documents import AssessmentOutput
from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, action
from scenedock.model.code_hosts.code_host import LONGEST_ADDRESS
from scenedock.model.json_documents import Address, TaskInput


class Input(TaskInput):
    """The applications."""

    repositories: Annotated[
        tuple[Annotated[Address, Field(max_length=LONGEST_ADDRESS)], ...],
        "Their repositories, `https://HOST/OWNER/NAME`, each with or without `#BRANCH`; "
        "the code hosts' list must allow them",
        Field(min_length=1, max_length=20),
    ]


EXAMPLES = [
    Example("One application", {"repositories": ["https://github.com/acme/shop"]}),
    Example(
        "Several, with the order of their migration",
        {"repositories": ["https://github.com/acme/shop", "https://github.com/acme/erp#stable"]},
    ),
]


@action("assess-application", idempotent=True, dry_run=True, examples=EXAMPLES)
def assess_application_action(context: Context[Effects], request: Input) -> AssessmentOutput:
    """Assess how ready existing applications are for containers: what blocks, what is to be done, what they depend on.

    Each claim has a file and a line; what no line says is unknown. Of a secret, only its place is told. Several
    applications get an order of migration. The answers are the first ones of the skeleton `migration-runbook`.

    Raises
    ------
    InputError        an address is not one, or stands there twice, or a repository has no files
    NotAllowedError   the code hosts' list doesn't allow a repository, or the host doesn't accept our token
    NotFoundError     there is no such branch
    TemporaryError    a repository can't be reached, others are being answered, or it needs too much time or memory
    """
    from scenedock.usecases.assessment.assess_applications import assess_clones

    with context.effects.applications.fetched(request.repositories) as clones:
        found = context.effects.apart.read(assess_clones, clones)
    for each in found.assessments:
        context.log(f"{each.name}: {each.readiness}, {len(each.claims)} claims in {each.read} files")
    return AssessmentOutput.of(found)
