"""`scenedock deployments`: which version git says is where, and which line says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import MOST_SHOWN, printable
from scenedock.doors.cli.queries.verification import helm_option
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.effects.helm.program import HelmProgram

if TYPE_CHECKING:
    from scenedock.releases.release import Release
    from scenedock.usecases.releases.list_deployments import Deployments

_UNKNOWN = "?"
_BEHIND = " (behind)"


@click.command("list")
@source_options(here=True)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "csv", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option("--render", is_flag=True, help="Where several images may be a service's own, let Helm decide.")
@helm_option
@click.option("--verbose", "-v", is_flag=True, help="Print the reason of every deployment without a version.")
def list_deployments(*, sources: Sources, layout: str, render: bool, helm: str, verbose: bool) -> None:
    """List which version of each service git says is in which environment, in REPO... or the current folder.

    Only the repositories are read: whether a version runs, only the cluster knows. A service that is behind has an
    older semantic version than another of its environments. `json` has an object for each service and environment,
    with the file and line that set the version.

    Exit codes: 0 done, 2 wrong usage, a repository that can't be read, or with --render no Helm that can be used, 3
    this machine can't sandbox it.
    """
    program = HelmProgram(helm) if render else None
    if program:
        program.check()
    deployments = _deployments(sources, program)
    if layout == "json":
        _print_json(deployments)
        return
    rows = _matrix(deployments)
    if layout == "csv":
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows([[_safe_cell(cell) for cell in row] for row in rows])
        click.echo(written.getvalue(), nl=False)
    elif layout == "markdown":
        cells = [[printable(cell).replace("|", "\\|") for cell in row] for row in rows]
        lines = [f"| {' | '.join(row)} |" for row in cells]
        click.echo("\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]]))
    else:
        click.echo("\n".join(map(printable, [*_table(rows), "", *_summary(deployments, verbose=verbose)])))


@click.command("show")
@click.argument("service", metavar="SERVICE")
@source_options(here=True)
@format_option
@helm_option
def show_deployment(*, service: str, sources: Sources, layout: str, helm: str) -> None:
    """Show the versions of SERVICE in REPO..., by default in the current folder, and the line that sets each.

    Where several images may be its own, Helm decides, if there is one.

    Exit codes: 0 done, 2 there is no such service, wrong usage, or a repository that can't be read.
    """
    deployments = _deployments(sources, HelmProgram(helm), service).of(service)
    if layout == "json":
        _print_json(deployments)
    else:
        click.echo("\n".join(map(printable, _details(deployments))))


def _deployments(sources: Sources, helm: HelmProgram | None, service: str = "") -> Deployments:
    from scenedock.usecases.releases.list_deployments import list_deployments as list_in

    with sources.opened() as opened:
        return list_in(sources.export_of(opened), opened, helm, service)


def _print_json(deployments: Deployments) -> None:
    from scenedock.actions.releases.deployments import DeploymentList

    print_json(DeploymentList.of(deployments).model_dump(by_alias=True)["deployments"])


def _matrix(deployments: Deployments) -> list[list[str]]:
    """A header and a row for each service, with a column for each environment; where none is named, the first."""
    from scenedock.usecases.releases.list_deployments import environments_of

    environments: list[str | None] = [*environments_of(deployments.releases)]
    if any(each.environment is None for each in deployments.releases) or not environments:
        environments.insert(0, None)
    cells: dict[tuple[str, str | None], list[str]] = {}
    for each in deployments.releases:
        text = each.version or _UNKNOWN
        text += _BEHIND if each.pair in deployments.behind else ""
        cells.setdefault((each.service, each.environment), []).append(text)
    header = ["SERVICE", *(each or "(no environment)" for each in environments)]
    services = dict.fromkeys(each.service for each in deployments.releases)
    return [header] + [
        [service, *(", ".join(dict.fromkeys(cells.get((service, each), []))) for each in environments)]
        for service in services
    ]


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join((cell or "-").ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _safe_cell(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _summary(deployments: Deployments, *, verbose: bool) -> Iterator[str]:
    unknown = deployments.unknown
    shown = unknown if verbose else unknown[:MOST_SHOWN]
    yield from (f"{_UNKNOWN} {each.pair}: {each.reason}" for each in shown)
    if hidden := len(unknown) - len(shown):
        yield f"and {hidden:,} more; --verbose prints all"
    total = len(deployments.releases)
    inherited = sum(each.inherited for each in deployments.releases)
    behind = sum(each.pair in deployments.behind for each in deployments.releases)
    yield (
        f"{total:,} deployment{'' if total == 1 else 's'}: {total - len(unknown):,} with a version "
        f"({inherited:,} inherited), {behind:,} behind"
    )


def _details(deployments: Deployments) -> Iterator[str]:
    for each in deployments.releases:
        yield f"{each.pair}: {each.version or _UNKNOWN}"
        yield from (f"    {line}" for line in _lines(each) if line)
        if ahead := deployments.behind.get(each.pair):
            yield f"    behind {ahead.environment}, which has {ahead.version}"


def _lines(release: Release) -> Iterator[str]:
    yield release.reason
    if release.version is not None:
        what = f" of the chart {release.chart}" if release.chart else f" of {release.image}" if release.image else ""
        inherited = ", inherited" if release.inherited else ""
        rendered = ", its own as rendered" if release.rendered else ""
        yield f"{release.repository}:{release.path}:{release.line}: {release.shape}{what}{rendered}{inherited}"
    if release.shared_with:
        others = ", ".join(release.shared_with[:MOST_SHOWN])
        more = f" and {len(release.shared_with) - MOST_SHOWN:,} more" if len(release.shared_with) > MOST_SHOWN else ""
        yield f"the same line serves {others}{more}"
