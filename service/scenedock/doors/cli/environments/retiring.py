"""`scenedock environments retire` and `scenedock deployments retire`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

from scenedock.doors.cli.changes.outcome import edited, what_is_done
from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.programs import Programs, rendering_options
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.changes.retirement import PlannedRetirement, Retirement

_LIFTS = {"locked": "--pass-lock REASON", "depended-on": "--force"}


def _retiring(command: Callable[..., Retirement]) -> Callable[..., object]:
    """A command of a function that says what to retire, with the options that both commands have."""

    @source_options(here=True)
    @wraps(command)
    def retiring(
        *, sources: Sources, programs: Programs, plan: bool, write: bool, commit: bool, layout: str, **others: Any
    ) -> None:
        if (write or commit) and (plan or sources.ref is not None):
            raise click.UsageError(f"with {'--plan' if plan else '--ref'} nothing can be written")
        planned = _planned(sources, programs, command(**others))
        commits: Mapping[str, str] = {}
        if (write or commit) and not planned.refusals:
            from scenedock.usecases.changes.make_locally import make_locally

            commits = make_locally(planned.as_planned, sources.roots, commit=commit)
        _print(planned, commits, layout, written=write or commit)
        click.get_current_context().exit(1 if planned.refusals else 0)

    found = rendering_options(retiring)
    for option in reversed(
        (
            click.option("--repository", metavar="NAME", help="Name of the repository, where several deploy it."),
            click.option("--plan", is_flag=True, help="Only show what it would do, as without --write and --commit."),
            click.option("--force", is_flag=True, help="Retire what others depend on."),
            click.option("--pass-lock", metavar="REASON", default="", help="Pass the locks of it, for a reason."),
            click.option("--write", is_flag=True, help="Write the files."),
            click.option("--commit", is_flag=True, help="Write the files, and commit them."),
            format_option,
        )
    ):
        found = option(found)
    return found


@click.command("retire", short_help="Retire a service in one environment.")
@click.argument("service")
@click.argument("environment")
@_retiring
def retire_environment(**wanted: Any) -> Retirement:
    """Retire SERVICE in ENVIRONMENT, in REPO... (the current folder).

    The blast radius is shown: the files that go or change, what is in the cluster and stays there, who depends on it,
    entities, locks, and what it leaves. Nothing is written without --write or --commit. With helm at hand, the objects
    in the cluster are rendered.

    Exit codes: 0 done, or nothing speaks against it, 1 it is refused, 2 wrong usage, no such deployment, or a
    repository that can't be read, 4 a file has other changes.
    """
    from scenedock.changes.retirement import Retirement

    return Retirement(**wanted)


@click.command("retire", short_help="Retire a service in all environments.")
@click.argument("service")
@_retiring
def retire_deployment(**wanted: Any) -> Retirement:
    """Retire SERVICE in all environments of REPO... (the current folder): its folder, and all that names it.

    Everything else is as with `environments retire`.

    Exit codes: 0 done, or nothing speaks against it, 1 it is refused, 2 wrong usage, no such deployment, or a
    repository that can't be read, 4 a file has other changes.
    """
    from scenedock.changes.retirement import Retirement

    return Retirement(**wanted)


def _planned(sources: Sources, programs: Programs, retirement: Retirement) -> PlannedRetirement:
    from scenedock.usecases.changes.ground import Ground
    from scenedock.usecases.changes.plan_served import export_again
    from scenedock.usecases.environments.retire import plan_retirement

    with sources.opened() as opened:
        result = sources.export_of(opened)
        again = sources.export_of if sources.settings else partial(export_again, result.names)
        ground = Ground.of(result, opened, again, datetime.now(UTC))
        return plan_retirement(ground, retirement, programs.tools())


def _print(planned: PlannedRetirement, commits: Mapping[str, str], layout: str, *, written: bool) -> None:
    if layout == "json":
        from scenedock.actions.environments.retiring import RetirementPlan

        print_json({**RetirementPlan.of(planned).model_dump(by_alias=True), "commits": dict(commits)})
        return
    click.echo("\n".join(map(printable, _lines(planned, commits, written=written))))


def _lines(planned: PlannedRetirement, commits: Mapping[str, str], *, written: bool) -> Iterator[str]:
    yield planned.title
    yield from (f"  - {each.repository}:{each.path}" for each in planned.gone)
    for file in planned.changed:
        yield from edited(file)
    for title, items in planned.radius.sections:
        yield f"{title}:"
        yield from (f"  {each}" for each in items)
    for refusal in planned.lifted:
        yield f"allowed: {refusal.message}"
    for refusal in planned.refusals:
        place = f" ({refusal.place})" if str(refusal.place) and str(refusal.place) not in refusal.message else ""
        yield f"refused: {refusal.message}{place}"
        option = f" ({_LIFTS[refusal.code]})" if refusal.code in _LIFTS else ""
        if refusal.remedy or option:
            yield f"    {refusal.remedy}{option}"
    if not planned.refusals:
        yield from what_is_done(planned.files, commits, written=written)
