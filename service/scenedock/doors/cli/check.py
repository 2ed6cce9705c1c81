"""`scenedock catalog check`: are the committed catalog-info.yaml files what they should be?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import MOST_SHOWN, finding_lines, printable
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.usecases.catalog.check_catalog import Check


@click.command()
@source_options
@click.option(
    "--format", "layout", type=click.Choice(["text", "sarif"]), default="text", show_default=True, help="How to print."
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
    failed = any(finding.severity == "error" for finding in checked.findings)
    if layout == "sarif":
        from importlib.metadata import version

        from scenedock.catalog.emitting.sarif import as_sarif

        prefixes = {contents.facts.name: contents.facts.prefix for contents in result.repositories}
        document = as_sarif(checked.findings, version("scenedock"), prefixes, result.coverage)
        text = json.dumps(document, indent=2, ensure_ascii=False)
    else:
        others = finding_lines(checked.other_findings, result.skipped, verbose=verbose)
        lines = [*_diff(checked), *_files(checked, verbose=verbose), *others, _last_line(checked, failed=failed)]
        text = "\n".join(map(printable, lines))
    if output:
        write_file(output, f"{text}\n")
    else:
        click.echo(text)
    ctx.exit(1 if failed else 0)


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
    if checked.wrong:
        yield checked.wrong[0].finding.remedy


def _last_line(checked: Check, *, failed: bool) -> str:
    counts = {
        "right": checked.right,
        "differ": sum(file.found is not None and file.wanted is not None for file in checked.wrong),
        "missing": sum(file.found is None for file in checked.wrong),
        "stale": sum(file.wanted is None for file in checked.wrong),
    }
    summary = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "none"
    errors = sum(finding.severity == "error" for finding in checked.other_findings)
    more = f"; {errors:,} other error{'' if errors == 1 else 's'}" if errors else ""
    return f"{'Failed' if failed else 'All right'}: catalog-info.yaml files: {summary}{more}"
