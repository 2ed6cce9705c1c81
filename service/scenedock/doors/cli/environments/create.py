"""`scenedock environments create`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from scenedock.doors.cli.environments.showing import Doing, decision_options, end, files, make, shown_manifests, table
from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.programs import Programs
from scenedock.doors.cli.settings import print_json
from scenedock.doors.cli.sources import Sources

if TYPE_CHECKING:
    from scenedock.changes.environments.planned import EnvironmentPlan
    from scenedock.manifests.difference import ManifestDiff


@click.command("create", short_help="Create an environment of a service from another.")
@click.argument("service", metavar="SERVICE")
@click.argument("environment", metavar="NEW")
@click.option("--from", "source", metavar="OLD", required=True, help="The environment that is copied.")
@click.option("--repository", metavar="NAME", help="Name of the repository, where several deploy the service there.")
@decision_options
def create(
    *,
    sources: Sources,
    programs: Programs,
    layout: str,
    doing: Doing,
    **asked: Any,
) -> None:
    """Create the environment NEW of SERVICE from OLD, in REPO... (the current folder).

    Each key of OLD is copied, replaced, left out or asked, with the evidence; nothing is written without --write or
    --commit, and neither does anything while keys are asked and not answered. What the environment lacks then, such as
    secrets to seal, is at the end.

    Exit codes: 0 done, or planned, 1 it is refused, 2 wrong usage, a key isn't answered, no such environment, or a
    repository that can't be read, 4 it is there already, or a file has other changes.
    """
    from scenedock.changes.environments.planned import NewEnvironment
    from scenedock.usecases.changes.ground import Ground
    from scenedock.usecases.environments.plan_environment import plan_environment
    from scenedock.usecases.environments.plan_served import with_rendered

    wish = NewEnvironment(**asked)
    with sources.opened() as opened:
        ground = Ground.of(sources.export_of(opened), opened, sources.export_of, datetime.now(UTC))
        plan, rendered, reason = with_rendered(plan_environment(ground, wish), opened, programs.tools())
    commits = make(plan, sources, doing)
    _print(plan, rendered if doing.diffs else None, reason, layout, commits, written=doing.writes)
    click.get_current_context().exit(1 if plan.planned.refusals else 0)


def _print(
    plan: EnvironmentPlan,
    rendered: ManifestDiff | None,
    reason: str,
    layout: str,
    commits: Mapping[str, str],
    *,
    written: bool,
) -> None:
    if layout == "json":
        from scenedock.actions.environments.planned import PlanOutput
        from scenedock.manifests.described import as_json

        document = PlanOutput.of(plan).model_dump(by_alias=True)
        manifests = as_json(rendered) if rendered else None
        print_json({**document, "manifests": manifests, "commits": dict(commits)})
        return
    where = [
        f"namespace: {plan.namespace or 'the repository does not say it'}",
        f"hosts: {', '.join(plan.hosts) or 'none'}",
    ]
    shown = [*table(plan), *files(plan), *where, *shown_manifests(rendered, reason)]
    lines = [*shown, *end(plan, commits, written=written)]
    click.echo("\n".join(map(printable, lines)))
