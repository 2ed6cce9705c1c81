"""`scenedock assess`: how ready existing applications are for containers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.sources import Sources
from scenedock.errors import InputError

if TYPE_CHECKING:
    from scenedock.effects.git.repositories import Repository
    from scenedock.usecases.assessment.assess_applications import Assessed


@click.command("assess", short_help="Assess how ready applications are for containers.")
@click.argument("applications", nargs=-1, required=True, metavar="PATH...")
@click.option("--ref", metavar="REF", help="Read git repositories at a branch, tag or commit, not their folders.")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option("--answers", is_flag=True, help="Print the first answers for the skeleton migration-runbook, as JSON.")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Print to a file.")
@click.option("--verbose", "-v", is_flag=True, help="Print every claim.")
def assess(
    *, applications: tuple[str, ...], ref: str | None, layout: str, answers: bool, output: Path | None, verbose: bool
) -> None:
    """Assess how ready the applications in the folders PATH... are for containers.

    What blocks them, what is to be done, what they depend on: each claim with file and line. What no line says is
    unknown. Of a secret, only its place is printed. Several applications get an order of migration. The files are only
    read; tests, documentation, examples and what others wrote prove nothing.

    Exit codes: 0 assessed, whatever was found, 2 wrong usage or a folder that can't be read.
    """
    from scenedock.effects.local.disk import write_file
    from scenedock.usecases.assessment.assess_applications import assess_applications

    if answers and len(applications) > 1:
        raise InputError("--answers is for one application: a runbook has one; pass one PATH")
    with Sources(applications, ref, None, None).opened() as opened:
        assessed = assess_applications(_told_apart(opened, Sources(applications, ref, None, None).roots))
    if answers:
        from scenedock.assessment.runbook import runbook_answers

        text = json.dumps(runbook_answers(assessed.assessments[0]), indent=2, ensure_ascii=False)
    elif layout == "json":
        from scenedock.actions.assessment.documents import AssessmentOutput

        text = json.dumps(AssessmentOutput.of(assessed).model_dump(by_alias=True), indent=2, ensure_ascii=False)
    else:
        text = "\n".join(map(printable, _lines(assessed, verbose=verbose)))
    if output:
        write_file(output, f"{text}\n")
    else:
        click.echo(text)


def _told_apart(opened: Mapping[str, Repository], roots: Mapping[str, Path]) -> dict[str, Repository]:
    """Applications by names that tell them apart: where folders have one name, with the folder above."""
    folders = Counter(name.rpartition("/")[2] for name in opened)
    apart: dict[str, Repository] = {}
    for name, repository in opened.items():
        folder = name.rpartition("/")[2]
        above = roots[name].absolute().parent.name
        longer = f"{above}/{folder}" if folders[folder] > 1 and above and "/" not in name else name
        apart[name if longer in opened or longer in apart else longer] = repository
    return apart


def _lines(assessed: Assessed, *, verbose: bool) -> Iterator[str]:
    from scenedock.assessment.text import assessment_lines, order_lines

    for number, assessment in enumerate(assessed.assessments):
        yield from ("",) * bool(number)
        yield from assessment_lines(assessment, verbose=verbose)
    if len(assessed.assessments) > 1:
        yield ""
        yield from order_lines(assessed.order)
