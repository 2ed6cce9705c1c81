"""`scenedock catalog export`: a Backstage catalog from Helm repositories."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import as_report, printable, tell
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.doors.cli.targets import STDOUT, Target
from scenedock.usecases.catalog.export_catalog import PHASES, Phase

if TYPE_CHECKING:
    from scenedock.catalog.emitting.output import OutputFormat
    from scenedock.model.finding import Finding
    from scenedock.usecases.catalog.export_catalog import Progress

_SECONDS_BEFORE_PROGRESS = 1.0


@click.command()
@source_options
@click.option(
    "--format",
    "layout",
    type=click.Choice(["yaml", "json", "jsonl"]),
    default="yaml",
    show_default=True,
    help="Format of the entities.",
)
@click.option(
    "--output", "-o", default=STDOUT, metavar="FILE", help="File to write the entities to; - is standard output."
)
@click.option("--in-place", is_flag=True, help="Write a catalog-info.yaml into each folder instead.")
@click.option(
    "--until", type=click.Choice(PHASES), default="exported", show_default=True, help="Stop after this phase."
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors, and write nothing if there is any error.")
@click.option(
    "--allow-deletions", is_flag=True, help="Write even if many entities of the last result would be removed."
)
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="Write a JSON report to a file.")
@click.option("--verbose", "-v", is_flag=True, help="Print every finding and every skipped folder.")
@click.option("--quiet", "-q", is_flag=True, help="Print only a one-line summary.")
@click.pass_context
def export(  # noqa: PLR0913 - click passes each option
    ctx: click.Context,
    *,
    sources: Sources,
    layout: OutputFormat,
    output: str,
    in_place: bool,
    until: Phase,
    strict: bool,
    allow_deletions: bool,
    report: Path | None,
    verbose: bool,
    quiet: bool,
) -> None:
    """Generate Backstage entities from the Helm folders in REPO...

    Each REPO is the root of a GitOps repository whose folders are deployments; with --ref, it may be a bare git
    repository. Folders with the same name in several repositories become one Component; if they differ, the repository
    that is listed first wins.

    The output of the last run is replaced completely or not at all. A run that would remove many of its entities is
    refused, and so is a second run at the same time. If errors leave no entity at all, the FILE of an earlier run is
    kept.

    Exit codes: 0 done, 1 findings of severity error, 2 wrong usage or a repository that can't be read, 4 too many
    entities would be removed, 75 another run is writing.
    """
    if in_place and (output != STDOUT or layout != "yaml" or until != "exported" or sources.ref):
        raise click.UsageError("--in-place writes YAML into each folder: remove --output, --format, --until and --ref.")
    output = STDOUT if output == "/dev/stdout" else output
    target = Target(sources.roots, output, layout, in_place, allow_deletions)
    with target.locked(), sources.opened() as opened:
        with _progress(quiet=quiet) as progress:
            result = sources.export_of(opened, until, progress)
        published = None
        if not (strict and _failed(result.findings, strict=True)):
            published = target.publish(result, opened)
    findings = (*result.findings, *(published.findings if published else ()))
    if report:
        from scenedock.effects.local.disk import write_file

        write_file(report, json.dumps(as_report(result, findings), indent=2, ensure_ascii=False) + "\n")
    # If the entities go to standard output, messages for people go to standard error.
    words = tell(result, findings, published, table=not target.to_stdout, verbose=verbose, quiet=quiet)
    click.echo("\n".join(map(printable, words)), err=target.to_stdout)
    ctx.exit(1 if _failed(findings, strict=strict) else 0)


def _failed(findings: Sequence[Finding], *, strict: bool) -> bool:
    return any(each.severity == "error" or (strict and each.severity == "warning") for each in findings)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress bar for runs of more than a second on a terminal; nothing in a pipe."""
    started = monotonic()
    bar = click.progressbar(length=1, label="Reading folders", file=sys.stderr, hidden=True)

    def show(done: int, total: int) -> None:
        if bar.hidden and not quiet and sys.stderr.isatty() and monotonic() - started > _SECONDS_BEFORE_PROGRESS:
            bar.hidden = False
        bar.length = total
        bar.update(done - bar.pos)

    with bar:
        yield show
