"""`scenedock applications`: what Argo CD's manifests in repositories make, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.programs import Programs, rendering_options
from scenedock.doors.cli.queries.tables import layout_option, print_table
from scenedock.doors.cli.settings import print_json
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.model.json import JsonObject
    from scenedock.usecases.manifests.list_applications import ApplicationList, ListedApplication

_HEADER = ["NAME", "PROJECT", "SOURCE", "REVISION", "DESTINATION", "VALUES FILES", "MADE BY"]


@click.command("list", short_help="List the Argo CD Applications of repositories.")
@source_options(here=True)
@layout_option
@rendering_options
def list_applications(*, sources: Sources, layout: str, programs: Programs) -> None:
    """List the Argo CD Applications that REPO... make, by default the current folder, without a server.

    Those that are written down, those that ApplicationSets make, and those that charts write (apps of apps), which Helm
    renders. The last column is the file and line of the manifest or template. What needs a cluster is said last, with
    the reason, with csv and markdown on standard error.

    Exit codes: 0 done, 2 wrong usage, or a repository that can't be read, 3 this machine can't sandbox Helm.
    """
    from scenedock.usecases.manifests.list_applications import list_applications as list_in

    with sources.opened() as opened:
        listed = list_in(opened, programs.tools())
    if layout == "json":
        print_json(_described(listed))
        return
    if listed.applications or layout != "text":
        print_table([_HEADER, *map(_row, listed.applications)], layout)
    else:
        click.echo("These repositories make no Argo CD Applications.")
    lines = [f"{each.place}: {each.kind} {each.name}: {each.reason}" for each in listed.not_evaluated]
    if layout == "text":
        total = len(listed.applications)
        lines.append(f"{total:,} Application{'' if total == 1 else 's'}, {len(lines):,} not evaluated")
        lines.insert(0, "")
    if lines:
        click.echo("\n".join(map(printable, lines)), err=layout != "text")


def _row(each: ListedApplication) -> list[str]:
    sources = each.sources
    return [
        each.name,
        each.project,
        ", ".join(filter(None, (one.path or one.chart for one in sources))),
        ", ".join(dict.fromkeys(one.revision or "HEAD" for one in sources)),
        f"{each.namespace}@{each.destination}" if each.destination else each.namespace,
        ", ".join(file for one in sources for file in one.value_files),
        " ".join(filter(None, (str(each.place), f"({each.by})" if each.by else ""))),
    ]


def _described(listed: ApplicationList) -> JsonObject:
    return {
        "applications": [
            {
                "name": each.name,
                "project": each.project,
                "service": each.service,
                "environment": each.environment,
                "destination": each.destination,
                "namespace": each.namespace,
                "sources": [
                    {
                        "repository": one.repository,
                        "path": one.path or None,
                        "chart": one.chart or None,
                        "revision": one.revision,
                        "valueFiles": list(one.value_files),
                    }
                    for one in each.sources
                ],
                "repository": each.place.repository,
                "file": each.place.path,
                "line": each.place.line,
                "madeBy": each.by or None,
                "reason": each.reason or None,
            }
            for each in listed.applications
        ],
        "notEvaluated": [
            {
                "kind": each.kind,
                "name": each.name,
                "repository": each.place.repository,
                "file": each.place.path,
                "line": each.place.line,
                "reason": each.reason,
            }
            for each in listed.not_evaluated
        ],
    }
