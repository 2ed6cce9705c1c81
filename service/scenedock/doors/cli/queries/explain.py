"""`scenedock catalog explain`: which file and line proves what the catalog says of a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.usecases.catalog.explain_service import Explanation, Proof


@click.command(short_help="Explain what the catalog says of a service.")
@click.argument("service", metavar="SERVICE")
@source_options(here=True)
@format_option
def explain(*, service: str, sources: Sources, layout: str) -> None:
    """Explain what the catalog says of SERVICE in REPO..., by default in the current folder.

    SERVICE is its name, the reference of its entity, or the path of its folder. For each fact (environments, owner,
    type, lifecycle, system, dependencies, source code, annotations) it prints the file and line that prove it, and what
    was considered and not used, with the reason.

    Exit codes: 0 done, 2 there is no such service, wrong usage, or a repository that can't be read.
    """
    from scenedock.usecases.catalog.explain_service import explain_service

    with sources.opened() as opened:
        explanation = explain_service(sources.export_of(opened), opened, service)
    if layout == "json":
        from scenedock.actions.catalog.explanations import ExplanationOutput

        print_json(ExplanationOutput.of(explanation).model_dump(by_alias=True))
    else:
        click.echo("\n".join(map(printable, _lines(explanation))))


def _lines(explanation: Explanation) -> Iterator[str]:
    yield f"{explanation.ref} ({explanation.place})"
    for fact in explanation.facts:
        yield f"{fact.name}: {fact.value}" if fact.value else f"{fact.name}: not used"
        for proof in fact.proofs:
            yield f"    {_proof(proof, fact.value)}"
    for finding in explanation.findings:
        yield f"{finding.severity}: {finding.place}: {finding.message}. {finding.remedy}"


def _proof(proof: Proof, value: str) -> str:
    place = f"{proof.place}: " if str(proof.place) else ""
    if proof.reason:
        return f"not used: {place}{_said(proof)}: {proof.reason}"
    return f"{place}{proof.said if proof.value == value else _said(proof)}"


def _said(proof: Proof) -> str:
    return proof.said if not proof.value or proof.value in proof.said else f"{proof.said} ({proof.value})"
