"""`scenedock catalog check`: are the committed catalog-info.yaml files what they should be?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import MOST_SHOWN, coloured, finding_lines, printable
from scenedock.doors.cli.queries.findings import FINDING_FORMATS, format_findings
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.model.finding import Finding
    from scenedock.model.json import Json, JsonObject
    from scenedock.usecases.catalog.check_catalog import Check
    from scenedock.usecases.catalog.export_catalog import Export

_NONE = (
    "No generated catalog-info.yaml is in these folders. Where Backstage reads the feed of `scenedock serve`, or "
    "a file of `export --output`, none is needed: check such a repository with `scenedock ci`."
)


@click.command(short_help="Check that committed entities are up to date.")
@source_options
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "json", *FINDING_FORMATS]),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Print to a file.")
@click.option("--verbose", "-v", is_flag=True, help="Print every finding and every skipped folder.")
@click.pass_context
def check(
    ctx: click.Context,
    *,
    sources: Sources,
    layout: str,
    output: Path | None,
    verbose: bool,
) -> None:
    """Check that the catalog-info.yaml files in REPO... are what `export --in-place` would write.

    Only files with Scenedock's marker are checked. Files that differ are shown as a diff; missing files, and files that
    are no longer needed, are named. Findings of severity error also fail the check.

    Exit codes: 0 no problems, 1 files or findings to fix, 2 wrong usage or a repository that can't be read.
    """
    from scenedock.effects.local.disk import write_file
    from scenedock.usecases.catalog.check_catalog import check_catalog

    with sources.opened() as opened:
        result = sources.export_of(opened)
        checked = check_catalog(result, opened)
    if layout in FINDING_FORMATS:
        text = format_findings(layout, checked.findings, result, result.coverage)
    elif layout == "json":
        text = json.dumps(_report(checked), indent=2, ensure_ascii=False)
    else:
        text = "\n".join(coloured(printable(line)) for line in check_lines(checked, result, verbose=verbose))
    if output:
        write_file(output, f"{click.unstyle(text) if layout == 'text' else text}\n")
    else:
        click.echo(text)
    ctx.exit(1 if checked.failed else 0)


def check_lines(checked: Check, result: Export, *, verbose: bool) -> Iterator[str]:
    """The check for people: files that differ as a diff, then all findings, and a summary."""
    yield from _diff(checked)
    yield from _files(checked, verbose=verbose)
    if checked.none_is_committed:
        yield _NONE
    yield from finding_lines(checked.other_findings, result.skipped, verbose=verbose)
    yield str(checked)


def _report(checked: Check) -> JsonObject:
    """The check for other programs: our files that are not as they should be, and all other findings."""
    from scenedock.actions.catalog.findings import FindingOutput

    def documents(findings: Iterable[Finding]) -> list[Json]:
        return [FindingOutput.of(each).model_dump() for each in findings]

    return {
        "failed": checked.failed,
        "right": checked.right,
        "files": documents(file.finding for file in checked.wrong),
        "findings": documents(checked.other_findings),
    }


def _diff(checked: Check) -> Iterator[str]:
    for file in checked.wrong:
        if file.found is not None and file.wanted is not None:
            yield from file.diff()
            yield ""


def _files(checked: Check, *, verbose: bool) -> Iterator[str]:
    """The files that are not as they should be, one per line; unless verbose, the first `MOST_SHOWN`."""
    shown = checked.wrong if verbose else checked.wrong[:MOST_SHOWN]
    yield from (f"error: {file.finding.place}: {file.finding.message}" for file in shown)
    if hidden := len(checked.wrong) - len(shown):
        yield f"and {hidden:,} other files; --verbose prints all"
    yield from dict.fromkeys(file.finding.remedy for file in checked.wrong)
