"""`scenedock environments extend`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from scenedock.doors.cli.sources import Sources, source_options


@click.command("extend")
@click.argument("service")
@click.argument("environment")
@source_options(here=True)
@click.option("--until", metavar="DAY", default="", help="The day on which it ends, such as 2027-01-15.")
@click.option("--for-good", is_flag=True, help="It shall have no end.")
@click.option("--repository", metavar="NAME", help="Name of the repository, where several deploy it.")
@click.option("--commit", is_flag=True, help="Commit it, too.")
def extend_environment(
    service: str,
    environment: str,
    sources: Sources,
    until: str,
    *,
    for_good: bool,
    repository: str | None,
    commit: bool,
) -> None:
    """Move the day on which SERVICE ends in ENVIRONMENT, in the scenedock.yaml of REPO... (the current folder).

    Exit codes: 0 done, 2 wrong usage, no such deployment, or settings that can't be edited, 4 a file has other changes.
    """
    from scenedock.changes.end_edits import checked_end
    from scenedock.usecases.environments.extend_locally import extend_locally

    if bool(until) == for_good:
        raise click.UsageError("give either --until or --for-good")
    if sources.ref is not None:
        raise click.UsageError("with --ref nothing can be written")
    checked_end(until, datetime.now(UTC).date())
    with sources.opened() as opened:
        done = extend_locally(
            sources.export_of(opened), opened, sources.roots, (service, environment, repository), until, commit=commit
        )
    click.echo(f"{done.title}{f': {done.commit}' if done.commit else ''}")
