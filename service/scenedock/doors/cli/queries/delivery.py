"""`scenedock deployments metrics`: how often services are deployed to production, and how long that takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.tables import layout_option, print_table
from scenedock.doors.cli.settings import print_json
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.releases.vocabulary import By


@click.command("metrics", short_help="Show how often and how fast services are deployed.")
@source_options(here=True)
@click.option("--days", type=click.IntRange(1, 3_650), default=90, show_default=True, help="The last days to measure.")
@click.option(
    "--by", type=click.Choice(["owner", "service"]), default="owner", show_default=True, help="What a row stands for."
)
@layout_option
def show_metrics(*, sources: Sources, days: int, by: By, layout: str) -> None:
    """Show how often services of REPO... are deployed to production, and how long versions take to get there.

    A deployment is a new version in the files of an environment of production: not what a repository's first commit
    brought, where its history begins, nor the same tag with another digest. The lead time is the median of the hours
    from a version's first environment to production; MEASURED is the number of versions of which it is known. What
    the history doesn't tell is said last, with csv and markdown on stderr.

    Exit codes: 0 done, 2 wrong usage or a repository that can't be read.
    """
    from scenedock.usecases.releases.measure_delivery import measure_delivery

    with sources.opened() as opened:
        delivery = measure_delivery(sources.export_of(opened, keep_documents=True), opened, days, by, datetime.now(UTC))
    if layout == "json":
        from scenedock.actions.releases.delivery import DeliveryOutput

        print_json(DeliveryOutput.of(delivery).model_dump(by_alias=True))
        return
    header = [by.upper(), "DEPLOYMENTS", "PER WEEK", "LEAD TIME (H)", "MEASURED"]
    rows = [
        [each.name, str(each.deployments), str(each.per_week), _hours(each.lead_time), str(each.measured)]
        for each in delivery.metrics
    ]
    print_table([header, *rows], layout)
    if layout == "text":
        click.echo(f"\nSince {delivery.since[:10]}, {days:,} day{'' if days == 1 else 's'}. {_NOT_COUNTED}")
    for reason in delivery.incomplete:
        click.echo(printable(reason), err=layout != "text")


_NOT_COUNTED = "What a repository's first commit brought isn't counted."


def _hours(number: float | None) -> str:
    return "" if number is None else str(number)
