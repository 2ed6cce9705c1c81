"""`scenedock catalog diff`: how a change of the repositories changes the catalog."""

from __future__ import annotations

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.structs import replace


@click.command(short_help="Show what changed in the catalog since a commit.")
@source_options(here=True)
@click.option("--since", required=True, metavar="REF", help="The branch, tag or commit to compare with.")
@format_option
def diff(
    *,
    sources: Sources,
    since: str,
    layout: str,
) -> None:
    """Show what changed in the catalog since REF.

    Compares the entities of the git repositories, by default the one of the current folder, at --since with those of
    their folders, or at --ref. Shows what was
    added, changed (field by field), renamed and removed, and the owners of these entities. A Component counts as
    renamed if at least half of its folder's files are the same.

    The text is meant for a comment on a pull request, as a code block of the language `diff`. To compare with the merge
    base of a branch: `--since $(git merge-base origin/main HEAD)`.

    Exit codes: 0 done, 2 wrong usage, or a repository or ref that can't be read.
    """
    from scenedock.catalog.comparing.changes import describe_changes
    from scenedock.catalog.comparing.text import as_lines
    from scenedock.usecases.catalog.diff_catalog import State, diff_catalog

    earlier = replace(sources, ref=since)
    with earlier.opened() as old, sources.opened() as new:
        changes = diff_catalog(State(earlier.export_of(old), old), State(sources.export_of(new), new))
    if layout == "json":
        print_json({"since": since, "ref": sources.ref, **describe_changes(changes)})
    else:
        click.echo("\n".join(map(printable, as_lines(changes))))
