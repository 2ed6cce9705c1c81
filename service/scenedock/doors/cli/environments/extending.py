"""`scenedock environments extend`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import click

from scenedock.doors.cli.changes.outcome import edited, what_is_done
from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.sources import Sources, source_options


@click.command("extend", short_help="Move the day on which an environment ends.")
@click.argument("service")
@click.argument("environment")
@source_options(here=True)
@click.option("--until", metavar="DAY", default="", help="The day on which it ends, such as 2027-01-15.")
@click.option("--for-good", is_flag=True, help="It shall have no end.")
@click.option("--repository", metavar="NAME", help="Name of the repository, where several deploy it.")
@click.option("--plan", is_flag=True, help="Only show what it would do, as without --write and --commit.")
@click.option("--write", is_flag=True, help="Write the file.")
@click.option("--commit", is_flag=True, help="Write the file, and commit it.")
def extend_environment(
    service: str,
    environment: str,
    sources: Sources,
    until: str,
    *,
    for_good: bool,
    repository: str | None,
    **asked: bool,
) -> None:
    """Move the day on which SERVICE ends in ENVIRONMENT, in the scenedock.yaml of REPO... (the current folder).

    The line is shown. Nothing is written without --write or --commit.

    Exit codes: 0 done, or shown, 2 wrong usage, no such deployment, or settings that can't be edited, 4 a file
    has other changes.
    """
    from scenedock.changes.end_edits import checked_end
    from scenedock.usecases.changes.make_locally import make_locally
    from scenedock.usecases.environments.plan_extension import plan_extension

    if bool(until) == for_good:
        raise click.UsageError("give either --until or --for-good")
    writes, plan = asked["write"] or asked["commit"], asked["plan"]
    if writes and (plan or sources.ref is not None):
        raise click.UsageError(f"with {'--plan' if plan else '--ref'} nothing can be written")
    checked_end(until, datetime.now(UTC).date())
    with sources.opened() as opened:
        planned = plan_extension(sources.export_of(opened), opened, (service, environment, repository), until)
    commits: Mapping[str, str] = make_locally(planned, sources.roots, commit=asked["commit"]) if writes else {}
    done = what_is_done(planned.files, commits, written=writes) if planned.files else ["nothing to change"]
    lines = [planned.title, *(line for file in planned.files for line in edited(file)), *done]
    click.echo("\n".join(map(printable, lines)))
