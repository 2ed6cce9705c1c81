"""`scenedock deployments create`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenedock.doors.cli.environments.showing import Doing, decision_options, end, files, make, shown_manifests, table
from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.programs import Programs
from scenedock.doors.cli.settings import print_json
from scenedock.doors.cli.skeletons import library_options
from scenedock.doors.cli.sources import Sources
from scenedock.runtime.wiring import open_skeletons

if TYPE_CHECKING:
    from scenedock.changes.deployments.planned import DeploymentPlan
    from scenedock.manifests.difference import ManifestDiff


@click.command("create", short_help="Create the deployment of a service.")
@click.argument("service", metavar="NEW")
@click.option("--from", "source", metavar="OLD", default="", help="The service that is copied.")
@click.option(
    "--skeleton", metavar="NAME", default="deployment", show_default=True, help="The skeleton, where no OLD is given."
)
@click.option("--repository", metavar="NAME", help="Name of the repository, where there are several.")
@click.option(
    "--environment", "environments", metavar="NAME", multiple=True, help="Only in this environment; may be repeated."
)
@click.option("--version", metavar="VERSION", default="", help="The version of its image, in all environments.")
@library_options
@decision_options
def create(
    *,
    sources: Sources,
    programs: Programs,
    layout: str,
    doing: Doing,
    listed: Path | None,
    shipped: Path | None,
    **asked: Any,
) -> None:
    """Create the deployment of a service NEW from that of OLD, or from a skeleton, in REPO... (the current folder).

    Each key of OLD, or each question of the skeleton, is copied, replaced, left out or asked, with the evidence;
    nothing is written without --write or --commit, and neither does anything while keys are asked and not answered.
    Lists that say what is deployed and CODEOWNERS get the service, too. What it lacks then, such as secrets to seal and
    the image, is at the end.

    Exit codes: 0 done, or planned, 1 it is refused, 2 wrong usage, a key isn't answered, no such service, values that
    the schema doesn't allow, or a repository that can't be read, 4 it is there already, or a file has other changes.
    """
    from scenedock.changes.deployments.planned import NewDeployment
    from scenedock.effects.bakes.confined_bakes import ConfinedBakes
    from scenedock.usecases.changes.ground import Ground
    from scenedock.usecases.deployments.plan_served import baked, plan_with, with_rendered
    from scenedock.usecases.deployments.skeleton_answers import decide_answers

    wish = NewDeployment(**asked)
    library = open_skeletons(listed, shipped)
    with sources.opened() as opened:
        made = baked(library, ConfinedBakes(), wish, lambda wish, schema: decide_answers(opened, wish, schema))
        ground = Ground.of(sources.export_of(opened), opened, sources.export_of, datetime.now(UTC))
        plan, rendered, reason = with_rendered(plan_with(ground, wish, made), opened, programs.tools())
    commits = make(plan, sources, doing)
    _print(plan, rendered if doing.diffs else None, reason, layout, commits, written=doing.writes)
    click.get_current_context().exit(1 if plan.planned.refusals else 0)


def _print(
    plan: DeploymentPlan,
    rendered: ManifestDiff | None,
    reason: str,
    layout: str,
    commits: Mapping[str, str],
    *,
    written: bool,
) -> None:
    if layout == "json":
        from scenedock.actions.deployments.planned import DeploymentOutput
        from scenedock.manifests.described import as_json

        document = DeploymentOutput.of(plan).model_dump(by_alias=True)
        print_json({**document, "manifests": as_json(rendered) if rendered else None, "commits": dict(commits)})
        return
    shown = [*table(plan), *files(plan), *map(str, plan.releases), *shown_manifests(rendered, reason)]
    click.echo("\n".join(map(printable, [*shown, *end(plan, commits, written=written)])))
