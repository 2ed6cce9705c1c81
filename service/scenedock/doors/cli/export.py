"""`scenedock catalog export`: a Backstage catalog from Helm repositories."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import as_report, coloured, printable, tell
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.doors.cli.targets import STDOUT, Target
from scenedock.errors import ConflictError
from scenedock.usecases.catalog.export_catalog import PHASES, Phase

if TYPE_CHECKING:
    from scenedock.catalog.emitting.output import OutputFormat
    from scenedock.model.finding import Finding
    from scenedock.usecases.catalog.export_catalog import Export, Progress
    from scenedock.usecases.catalog.publish_catalog import PublishedCatalog

_SECONDS_BEFORE_PROGRESS = 1.0


@click.command(short_help="Generate Backstage entities from Helm folders.")
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
@click.option("--propose", is_flag=True, help="With --in-place: change no folder, but open or update one pull request.")
@click.option(
    "--until", type=click.Choice(PHASES), default="exported", show_default=True, help="Stop after this phase."
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors, and write nothing if there is any error.")
@click.option(
    "--allow-deletions", is_flag=True, help="Write even if many entities of the last result would be removed."
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="With --in-place: exit with 1 if a file was written or removed, or isn't added to git (for hooks).",
)
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="Write a JSON report to a file.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Processes that read folders at once; by default one, for a large repository one for each core, at most 4.",
)
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
    propose: bool,
    until: Phase,
    strict: bool,
    allow_deletions: bool,
    exit_code: bool,
    report: Path | None,
    jobs: int | None,
    verbose: bool,
    quiet: bool,
) -> None:
    """Generate Backstage entities from the Helm folders in REPO...

    Each REPO is the root of a GitOps repository whose folders are deployments; with --ref, it may be a bare git
    repository. Folders with the same name in several repositories become one Component; if they differ, the repository
    that is listed first wins.

    The output of the last run is replaced completely or not at all. If a repository would lose too many entities, its
    last ones stay, and so do those of a folder that can't be read. Before entities vanish, a second look must find the
    same files. A second run at the same time is refused. If errors leave no entity at all, the FILE of an earlier run
    is kept.

    With --propose, the files of --in-place become a pull request on the repository's code host, one of those in
    SCENEDOCK_CODE_HOSTS. The next run updates it, and does nothing if nothing has changed.

    Exit codes: 0 done, 1 findings of severity error, 2 wrong usage or a repository that can't be read, 4 too many
    entities would vanish, 75 another run is writing, or files are changing while they are read. With --propose also 3
    it isn't allowed there, 4 others have committed to its branch, 75 the code host can't be reached.
    """
    only_files = output == STDOUT and layout == "yaml" and until == "exported"
    _check_options(sources, only_files=only_files, in_place=in_place, propose=propose, exit_code=exit_code)
    from scenedock.doors.cli.proposing import CatalogProposals

    output = STDOUT if output == "/dev/stdout" else output
    proposals = CatalogProposals() if propose else None
    target = Target(
        sources.roots,
        output,
        layout,
        in_place,
        allow_deletions,
        lambda found: strict and _failed(found, strict=True),
        proposals,
    )
    from scenedock.usecases.catalog.publish_catalog import files_to_add, publish_confirmed

    with target.locked(), sources.opened() as opened:

        def look() -> Export:
            with _progress(quiet=quiet) as progress:
                return sources.export_of(opened, until, progress, jobs=jobs)

        def publish(result: Export, unchanged: Mapping[str, float]) -> PublishedCatalog:
            return target.publish(result, opened, dict.fromkeys(opened, inf) if sources.ref else unchanged)

        published = publish_confirmed(look, publish, sources.signatures, _pause)
    findings = (*published.result.findings, *published.findings)
    if report:
        from scenedock.effects.local.disk import write_file

        write_file(report, json.dumps(as_report(published, findings), indent=2, ensure_ascii=False) + "\n")
    # With the entities on standard output, words for people go beside it.
    said = [each for each in findings if each not in published.refused]  # these come last, as errors
    words = tell(published, said, table=not target.to_stdout, verbose=verbose, quiet=quiet)
    click.echo("\n".join(coloured(printable(word)) for word in words), err=target.to_stdout)
    if proposals and not published.withheld:
        proposals.propose(published.result)
    to_add = files_to_add(published, sources.roots) if exit_code else []
    if to_add:
        click.echo("\n".join(map(printable, ["Add these changes to the commit (git add):", *to_add])))
    if published.refused:
        for each in published.refused:
            click.echo(printable(f"Error: {each.place}: {each.message}. {each.remedy}"), err=True)
        ctx.exit(ConflictError.exit_code)
    ctx.exit(1 if to_add or _failed(findings, strict=strict) else 0)


def _check_options(sources: Sources, *, only_files: bool, in_place: bool, propose: bool, exit_code: bool) -> None:
    if in_place and (not only_files or (sources.ref and not propose)):
        raise click.UsageError("--in-place writes YAML into each folder: remove --output, --format, --until and --ref.")
    if (exit_code or propose) and not in_place:
        raise click.UsageError("--exit-code and --propose are about the files of --in-place: add --in-place.")
    if exit_code and propose:
        raise click.UsageError("--propose writes no file that could be in a commit: remove --exit-code.")


def _pause(published: PublishedCatalog, seconds: float) -> None:
    said = "; ".join(f"{each.place}: {each.message}" for each in published.refused)
    click.echo(printable(f"{said}. Looking again in {seconds:g} s (--allow-deletions doesn't wait)."), err=True)
    sleep(seconds)


def _failed(findings: Sequence[Finding], *, strict: bool) -> bool:
    return any(each.severity == "error" or (strict and each.severity == "warning") for each in findings)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress bar for runs of more than a second on a terminal; nothing in a pipe."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    started = monotonic()
    bar = click.progressbar(length=1, label="Reading folders", file=sys.stderr, hidden=True)

    def show(done: int, total: int) -> None:
        if bar.hidden and monotonic() - started > _SECONDS_BEFORE_PROGRESS:
            bar.hidden = False
        bar.length = total
        bar.update(done - bar.pos)

    with bar:
        yield show
