"""`scenedock catalog export`: a Helm repository in, a Backstage catalog out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from scenedock.catalog.output import Format, describe_repository, render
from scenedock.doors.cli.export_views import as_report, tell
from scenedock.errors import InputError
from scenedock.usecases.export_catalog import PHASES, Export, Phase, export_catalog, name_repositories, write_in_place

if TYPE_CHECKING:
    from scenedock.model.entity import EntityRef
    from scenedock.model.finding import Finding
    from scenedock.model.json import JsonObject
    from scenedock.usecases.export_catalog import Progress

_SECONDS_BEFORE_PROGRESS = 1.0


@click.command()
@click.argument("repositories", nargs=-1, required=True, metavar="REPO...")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["yaml", "json", "jsonl"]),
    default="yaml",
    show_default=True,
    help="How entities are written.",
)
@click.option("--output", "-o", default="-", metavar="FILE", help="Where entities go; - is standard output.")
@click.option("--in-place", is_flag=True, help="Write a catalog-info.yaml into each folder instead.")
@click.option("--settings", type=click.Path(path_type=Path), metavar="FILE", help="Read this, and no scenedock.yaml.")
@click.option(
    "--known",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Entities or references that exist elsewhere; references to anything else are findings.",
)
@click.option("--until", type=click.Choice(PHASES), default="exported", show_default=True, help="Stop after a phase.")
@click.option("--strict", is_flag=True, help="Warnings are errors, and with any error nothing is written.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="Write a report as JSON.")
@click.option("--verbose", "-v", is_flag=True, help="Print every finding and every skipped folder.")
@click.pass_context
def export(  # noqa: PLR0913 - click hands over each option
    ctx: click.Context,
    repositories: tuple[str, ...],
    layout: Format,
    output: str,
    *,
    in_place: bool,
    settings: Path | None,
    known: Path | None,
    until: Phase,
    strict: bool,
    report: Path | None,
    verbose: bool,
) -> None:
    """Make Backstage entities of the Helm folders in REPO...

    Each REPO is the root of a GitOps repository whose folders are deployments. Folders of several repositories with
    one name are one Component; where they differ, the repository that is listed first wins.

    An error that leaves not one entity leaves the FILE of an earlier run as it is.

    Exit codes: 0 done, 1 findings of severity error, 2 wrong usage or a repository that can't be read.
    """
    if in_place and (output != "-" or layout != "yaml" or until != "exported"):
        raise click.UsageError("--in-place writes YAML into each folder: leave out --output, --format and --until.")
    output = "-" if output == "/dev/stdout" else output
    roots = name_repositories([(path, os.path.abspath(path)) for path in repositories])  # noqa: PTH100 - it resolves no links
    with _progress() as progress:
        result = _run(roots, settings, known, until, progress)
    written: list[str] = []
    findings = result.findings
    if not (strict and _fails(findings, strict=True)):
        if in_place:
            written, more = write_in_place(result, {name: Path(path) for name, path in roots.items()})
            findings = (*findings, *more)
        else:
            written = _write_entities(result, layout, output)
    if report:
        _write(json.dumps(as_report(result, findings), indent=2, ensure_ascii=False) + "\n", str(report))
    # With the entities on standard output, words for people go beside it.
    tell(result, findings, written, to_stderr=output == "-" and not in_place, verbose=verbose)
    ctx.exit(1 if _fails(findings, strict=strict) else 0)


def _fails(findings: Sequence[Finding], *, strict: bool) -> bool:
    return any(each.severity == "error" or (strict and each.severity == "warning") for each in findings)


def _run(roots: dict[str, str], settings: Path | None, known: Path | None, until: Phase, progress: Progress) -> Export:
    from scenedock.doors.wiring import open_repository
    from scenedock.effects.disk import read_file

    return export_catalog(
        {name: open_repository(path) for name, path in roots.items()},
        settings=None if settings is None else (str(settings), read_file(settings)),
        known=_known(known),
        until=until,
        progress=progress,
    )


def _known(path: Path | None) -> Collection[EntityRef]:
    from scenedock.catalog.known import read_known
    from scenedock.effects.disk import read_file

    return read_known(read_file(path), label=str(path)) if path else ()


def _write_entities(result: Export, layout: Format, output: str) -> list[str]:
    """Write what there is; but an error that left nothing doesn't empty the file of an earlier run."""
    documents = _documents(result)
    if output != "-" and not documents and _fails(result.findings, strict=False):
        return []
    return _write(render(documents, layout), output)


def _documents(result: Export) -> list[JsonObject]:
    if result.mapped is None:
        return [document for contents in result.repositories for document in describe_repository(contents)]
    return [entity.document for entity in result.entities]


def _write(text: str, output: str) -> list[str]:
    """Write one text; the files that it went to, none for standard output."""
    from scenedock.effects.disk import write_file

    if output == "-":
        try:
            click.echo(text, nl=False)
        except BrokenPipeError:  # whoever reads has seen enough
            raise
        except OSError as error:
            # What can't be written must not be tried again when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise InputError(f"standard output can't be written: {error.strerror}") from error
        return []
    write_file(Path(output), text)
    return [output]


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar for runs of more than a second on a terminal; silence in a pipe."""
    started = monotonic()
    bar = click.progressbar(length=1, label="Reading folders", file=sys.stderr, hidden=True)

    def show(done: int, total: int) -> None:
        if bar.hidden and sys.stderr.isatty() and monotonic() - started > _SECONDS_BEFORE_PROGRESS:
            bar.hidden = False
        bar.length = total
        bar.update(done - bar.pos)

    with bar:
        yield show
