"""`scenedock catalog adopt`: what the entities that a catalog has from elsewhere lack of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.compare import TOKEN, entities_at
from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenedock.catalog.comparing.origins import Adoption
    from scenedock.model.entity import Entity


@click.command(short_help="Print what hand-written files of others lack.")
@source_options
@click.option("--backstage", metavar="URL", help=f"Address of the backend. The variable {TOKEN} may hold a token.")
@click.option(
    "--propose",
    is_flag=True,
    help="Also open or update a pull request with the annotations, on hosts of SCENEDOCK_CODE_HOSTS.",
)
def adopt(*, sources: Sources, backstage: str | None, propose: bool) -> None:
    """Print what catalog-info.yaml files elsewhere lack, for the entities that an export of REPO... leaves out.

    The catalog that exists is asked with --backstage, or is the FILE of --known. For each entity that it has from
    elsewhere, the annotations of ours that theirs lacks are printed as YAML, to be copied into their file; so are the
    APIs that only the Component itself can name. Entities that lack nothing are not printed.

    With --propose, the annotations (not the APIs) are added to the files, one pull request for each repository and
    branch; every other byte of a file stays. A later run updates it, and does nothing if nothing has changed.

    Exit codes: 0 done, 2 wrong usage, something that can't be read or a file that can't be edited, 3 Backstage or the
    code host refuses, 4 the branch of the proposal has commits of others, 75 Backstage or the code host can't be
    reached.
    """
    from scenedock.catalog.comparing.origins import adoptions, not_generated

    if (backstage is None) == (sources.known is None):
        raise click.UsageError("Name the existing catalog with either --backstage or --known.")
    there = entities_at(backstage) if backstage else sources.known_entities()
    export = sources.export()
    ours = (*export.entities, *(export.mapped.elsewhere if export.mapped else ()))
    elsewhere = not_generated(there)
    out = [entity for entity in ours if entity.ref in elsewhere]
    lacking = adoptions(there, out)
    click.echo("---\n".join(_text(each) for each in lacking), nl=False)
    click.echo(printable(_summary(out, lacking)), err=True)
    if propose:
        from scenedock.doors.cli.proposing import propose_adoptions

        propose_adoptions(lacking)


def _text(adoption: Adoption) -> str:
    """What belongs into a file, below a comment that says into which."""
    from scenedock.catalog.comparing.origins import origin_of
    from scenedock.documents.writing import write_documents

    origin = origin_of(adoption.there)
    head = f"# {adoption.there.ref}{f', from {origin}' if origin else ''}"
    return f"{printable(head)}\n{write_documents([adoption.fragment])}"


def _summary(out: Sequence[Entity], lacking: Sequence[Adoption]) -> str:
    count = f"{len(out):,} {'entity comes' if len(out) == 1 else 'entities come'} from elsewhere"
    lack = "lacks" if len(lacking) == 1 else "lack"
    return f"{count}; {len(lacking):,} of them {lack} something" if lacking else f"{count}; none of them lacks anything"
