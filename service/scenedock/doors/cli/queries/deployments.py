"""`scenedock deployments`: which version git says is where, and which line says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import MOST_SHOWN, printable
from scenedock.doors.cli.queries.selecting import Selection, notes, selection_options
from scenedock.doors.cli.queries.tables import layout_option, print_table
from scenedock.doors.cli.queries.verification import helm_option
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.effects.helm.program import HelmProgram
from scenedock.releases.vocabulary import MOST_VERSIONS, VERSIONS

if TYPE_CHECKING:
    from scenedock.releases.history import VersionHistory
    from scenedock.releases.listing import Behind
    from scenedock.releases.release import Release
    from scenedock.usecases.releases.list_deployments import Deployments

_UNKNOWN = "?"
_BEHIND = " (behind)"
_HISTORY_HEADER = ["ENVIRONMENT", "VERSION", "SINCE", "COMMIT", "AUTHOR", "LINE"]
_DIGITS = 10
"""Of a commit, for people."""


@click.command("list", short_help="List which version is in which environment.")
@source_options(here=True)
@layout_option
@click.option(
    "--verbose", "-v", is_flag=True, help="Print the reason of every deployment without a version, and all findings."
)
@click.option(
    "--history", is_flag=True, help="With `json`: also since when, by git's history; it takes a second or more."
)
@selection_options
@click.option("--render", is_flag=True, help="Where several images may be a service's own, let Helm decide.")
@helm_option
def list_deployments(
    *, sources: Sources, layout: str, verbose: bool, history: bool, chosen: Selection, render: bool, helm: str
) -> None:
    """List which version of each service git says is in which environment, in REPO... or the current folder.

    Only the repositories are read: whether a version runs, only the cluster knows. A service that is behind has an
    older semantic version than another of its environments. `json` has an object for each service and environment,
    with the file and line that set the version.

    Exit codes: 0 done, 2 wrong usage, no such environment, a repository that can't be read, or with --render no Helm
    that can be used, 3 this machine can't sandbox it.
    """
    if history and layout != "json":
        raise click.UsageError("--history needs --format json")
    program = HelmProgram(helm) if render else None
    if program:
        program.check()
    every = _followed(sources, program) if history else _deployments(sources, program)
    if sources.ref is None:
        for note in notes(sources, every):
            click.echo(printable(note), err=True)
    deployments = chosen.of(every)
    if layout == "json":
        _print_json(deployments)
        return
    print_table(_matrix(deployments), layout)
    if layout == "text":
        click.echo("\n".join(map(printable, ["", *_summary(deployments, verbose=verbose)])))


@click.command("show", short_help="Show the versions of a service, and who set them.")
@click.argument("service", metavar="SERVICE")
@source_options(here=True)
@format_option
@helm_option
def show_deployment(*, service: str, sources: Sources, layout: str, helm: str) -> None:
    """Show the versions of SERVICE in REPO..., by default in the current folder: the line that sets each, since when.

    Where several images may be its own, Helm decides, if there is one.

    Exit codes: 0 done, 2 there is no such service, wrong usage, or a repository that can't be read.
    """
    deployments = _followed(sources, HelmProgram(helm), service).of(service)
    if layout == "json":
        _print_json(deployments)
    else:
        click.echo("\n".join(map(printable, _details(deployments))))


@click.command("history", short_help="Show which versions a service had, and since when.")
@click.argument("service", metavar="SERVICE")
@source_options(here=True)
@click.option("--environment", metavar="NAME", help="Only this environment; by default, all of the service.")
@click.option(
    "--most",
    type=click.IntRange(1, MOST_VERSIONS),
    default=VERSIONS,
    show_default=True,
    help="How many of the last versions.",
)
@layout_option
@helm_option
def show_history(*, service: str, sources: Sources, environment: str | None, most: int, layout: str, helm: str) -> None:
    """Show which versions SERVICE had in REPO..., by default in the current folder: since when, and who changed it.

    The newest is first. The time is that of the commit that changed the version on the branch that is read; if it was
    merged, that of the merge. What the history doesn't tell is said last, with csv and markdown on stderr.

    Exit codes: 0 done, 2 there is no such service, wrong usage, or a repository that can't be read.
    """
    found = _followed(sources, HelmProgram(helm), service, environment, most).histories_of(service, environment)
    if layout == "json":
        from scenedock.actions.releases.deployments import HistoryOutput

        print_json([HistoryOutput.of(each).model_dump(by_alias=True) for each in found])
        return
    print_table([_HISTORY_HEADER, *(row for each in found for row in _versions(each))], layout)
    for each in found:
        if each.incomplete:
            click.echo(printable(f"{each.environment or each.service}: {each.incomplete}"), err=layout != "text")
        elif each.versions and (first := each.versions[-1]).is_first and first.commit:
            said = f"the history begins with {first.commit.id[:_DIGITS]}; {first.version} may have been there before"
            click.echo(printable(f"{each.environment or each.service}: {said}"), err=layout != "text")


def _deployments(sources: Sources, helm: HelmProgram | None) -> Deployments:
    from scenedock.usecases.releases.list_deployments import list_deployments as list_in

    with sources.opened() as opened:
        return list_in(sources.export_of(opened, keep_documents=True), opened, helm)


def _followed(
    sources: Sources,
    helm: HelmProgram | None,
    service: str | None = None,
    environment: str | None = None,
    most: int | None = None,
) -> Deployments:
    """The deployments with the last versions of those of a service and an environment, or of all.

    Without `most`, that is since when they have theirs, and how many are between.
    """
    from scenedock.usecases.releases.follow_versions import Extent, Selected, follow_deployments

    extent = Extent() if most is None else Extent(most, between=False)
    with sources.opened() as opened:
        selected = Selected(service, environment)
        return follow_deployments(sources.export_of(opened, keep_documents=True), opened, selected, extent, helm)


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
        text += _BEHIND if each.key in deployments.behind else ""
        cells.setdefault((each.service, each.environment), []).append(text)
    header = ["SERVICE", *(each or "(no environment)" for each in environments)]
    services = dict.fromkeys(each.service for each in deployments.releases)
    return [header] + [
        [service, *(", ".join(dict.fromkeys(cells.get((service, each), []))) for each in environments)]
        for service in services
    ]


def _versions(history: VersionHistory) -> Iterator[list[str]]:
    for each in history.versions:
        commit = each.commit
        place = f"{history.repository}:{each.path}:{each.line}" if each.path else ""
        yield [
            history.environment or "",
            each.version or _UNKNOWN,
            commit.date if commit else "",
            commit.id[:_DIGITS] if commit else "",
            commit.author if commit else "",
            place,
        ]


def _summary(deployments: Deployments, *, verbose: bool) -> Iterator[str]:
    unknown = deployments.unknown
    shown = unknown if verbose else unknown[:MOST_SHOWN]
    yield from (f"{_UNKNOWN} {each.pair}: {each.reason}" for each in shown)
    if hidden := len(unknown) - len(shown):
        yield f"and {hidden:,} more; --verbose prints all"
    yield from _findings(deployments, verbose=verbose)
    yield from _locks(deployments, datetime.now(UTC))
    total = len(deployments.releases)
    inherited = sum(each.inherited for each in deployments.releases)
    behind = sum(each.key in deployments.behind for each in deployments.releases)
    yield (
        f"{total:,} deployment{'' if total == 1 else 's'}: {total - len(unknown):,} with a version "
        f"({inherited:,} inherited), {behind:,} behind"
    )


def _findings(deployments: Deployments, *, verbose: bool) -> Iterator[str]:
    """Each once, though it may be about several deployments."""
    keys = (each.key for each in deployments.releases)
    told = {each.message: each for key in keys for each in deployments.findings.get(key, ())}
    shown = list(told.values())[: None if verbose else MOST_SHOWN]
    yield from (f"{each.severity}: {each.place}: {each.message}. {each.remedy}" for each in shown)
    if hidden := len(told) - len(shown):
        yield f"and {hidden:,} more findings; --verbose prints all"


def _locks(deployments: Deployments, now: datetime) -> Iterator[str]:
    for each in deployments.locks:
        if each.is_active(now):
            yield f"{each.place}: {each}"
        else:
            yield f"info: {each.place}: a lock of {each.environment} ended: {each.until}. Remove it."
    yield from (f"{each.severity}: {each.place}: {each.message}. {each.remedy}" for each in deployments.of_locks)


def _details(deployments: Deployments) -> Iterator[str]:
    for each in deployments.releases:
        yield f"{each.pair}: {each.version or _UNKNOWN}"
        yield from (f"    {line}" for line in _lines(each) if line)
        yield from (f"    {line}" for line in _since(deployments.histories.get(each.key)))
        if ahead := deployments.behind.get(each.key):
            yield f"    behind {ahead.release.environment}, which has {ahead.release.version}{_distance(ahead)}"
    yield from _findings(deployments, verbose=True)
    found = [deployments.histories.get(each.key) for each in deployments.releases]
    reasons = dict.fromkeys(each.why_unknown for each in found if each)
    yield from (f"since when isn't known: {reason}" for reason in reasons if reason)


def _since(history: VersionHistory | None) -> Iterator[str]:
    commit = history.newest.commit if history and history.newest else None
    if commit:
        by = f" by {commit.author}" if commit.author else ""
        yield f"since {commit.date}: commit {commit.id[:_DIGITS]}{by}"


def _distance(ahead: Behind) -> str:
    if ahead.versions is None:
        return f" ({ahead.gap.unit})"
    return f" ({ahead.gap.unit}, {ahead.versions} version{'' if ahead.versions == 1 else 's'} ahead)"


def _lines(release: Release) -> Iterator[str]:
    yield release.reason
    if release.version is not None:
        what = f" of the chart {release.chart}" if release.chart else f" of {release.image}" if release.image else ""
        inherited = ", inherited" if release.inherited else ""
        rendered = ", its own as rendered" if release.rendered else ""
        yield f"{release.place}: {release.shown_shape}{what}{rendered}{inherited}"
    if release.shared_with:
        others = ", ".join(release.shared_with[:MOST_SHOWN])
        more = f" and {len(release.shared_with) - MOST_SHOWN:,} more" if len(release.shared_with) > MOST_SHOWN else ""
        yield f"the same line serves {others}{more}"
