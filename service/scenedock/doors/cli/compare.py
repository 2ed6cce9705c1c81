"""`scenedock catalog compare`: an existing catalog against our export, before that is registered."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import MOST_SHOWN, printable
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.catalog.comparing.comparison import Comparison, Difference
    from scenedock.model.entity import Entity
    from scenedock.model.json import JsonObject

TOKEN = "SCENEDOCK_BACKSTAGE_TOKEN"  # noqa: S105 - the name of a variable


@click.command(short_help="Compare an existing catalog with an export.")
@source_options
@click.option("--backstage", metavar="URL", help=f"Address of the backend. The variable {TOKEN} may hold a token.")
@click.option("--entities", type=click.Path(path_type=Path), metavar="FILE", help="A file with the existing entities.")
@format_option
@click.option("--verbose", "-v", is_flag=True, help="Print every entity and field.")
def compare(
    *,
    sources: Sources,
    backstage: str | None,
    entities: Path | None,
    layout: str,
    verbose: bool,
) -> None:
    """Compare an existing catalog with an export of REPO...

    Use it before the first registration. It shows which entities are the same, which differ (field by field), which
    exist only in the catalog or only in the export, and what to do about each. It changes nothing.

    FILE contains entities as YAML, JSON or JSON lines, or a saved response of Backstage's API.

    Exit codes: 0 done, whatever differs, 2 wrong usage or something that can't be read, 3 Backstage refuses the token,
    75 Backstage can't be reached.
    """
    from scenedock.catalog.comparing.comparison import compare_catalogs

    if (backstage is None) == (entities is None):
        raise click.UsageError("Name the existing catalog with either --backstage or --entities.")
    there = entities_at(backstage) if backstage else _entities_in(entities or Path())
    here = sources.export().entities
    comparison = compare_catalogs(there, here)
    if layout == "json":
        print_json(_as_json(comparison))
    else:
        click.echo("\n".join(map(printable, _lines(comparison, shown=None if verbose else MOST_SHOWN))))


def entities_at(url: str) -> Sequence[Entity]:
    """All entities of the Backstage at an address.

    Raises
    ------
    ScenedockError   as `BackstageCatalog.entities` does
    """
    from scenedock.effects.backstage.catalog import BackstageCatalog
    from scenedock.effects.backstage.client import BackstageClient

    return list(BackstageCatalog(BackstageClient.with_token(url, os.environ.get(TOKEN, "").strip())).entities())


def _entities_in(path: Path) -> Sequence[Entity]:
    from scenedock.catalog.reading.entity_files import read_entities
    from scenedock.effects.local.disk import read_file

    return read_entities(read_file(path), label=str(path))


def _lines(comparison: Comparison, *, shown: int | None) -> Iterator[str]:
    """Four parts, each with advice and its first `shown` entities."""
    yield _headline("same", comparison.same, "the export can replace them")
    advice = "catalog → export; to keep what the catalog has, set it in `overrides` of scenedock.yaml"
    yield _headline("differ", comparison.differs, advice)
    for each in comparison.differs[:shown]:
        yield f"  {each.here.ref.short}"
        yield from (f"      {field}" for field in each.fields)
    yield from _more(comparison.differs, shown)
    advice = "no folder of these repositories describes them; they stay registered as they are"
    yield _headline("only there", comparison.only_there, advice)
    yield from (f"  {entity.ref.short}" for entity in comparison.only_there[:shown])
    yield from _more(comparison.only_there, shown)
    if others := comparison.other_kinds:
        counts = ", ".join(f"{count:,} {kind}" for kind, count in others.items())
        yield f"only there, of kinds that the export has none of: {sum(others.values()):,} ({counts}; they stay, too)"
    yield _headline("only here", comparison.only_here, "new to the catalog")
    yield from (f"  {entity.ref.short}" for entity in comparison.only_here[:shown])
    yield from _more(comparison.only_here, shown)
    if comparison.origins:
        yield "Unregister these locations when you register ours: Backstage refuses a second location for an entity"
        yield "(or keep them, and leave out their folders: `handWritten: leave-out`, `folders.exclude`):"
        for origin, count in comparison.origins.items():
            more = comparison.also_there.get(origin, 0)
            yield f"  {origin} ({count:,})" + (f", with {more:,} that only it has and that vanish with it" * bool(more))
        if comparison.also_there:
            yield "Keep a location that has such entities, or register them elsewhere first."


def _headline(word: str, entities: Sequence[object], advice: str) -> str:
    return f"{word}: {len(entities):,}" + (f" ({advice})" if entities else "")


def _more(entities: Sequence[object], shown: int | None) -> Iterator[str]:
    if shown is not None and len(entities) > shown:
        yield f"  and {len(entities) - shown:,} more; --verbose prints all"


def _as_json(comparison: Comparison) -> JsonObject:
    return {
        "same": [str(each.here.ref) for each in comparison.same],
        "differs": [_difference(each) for each in comparison.differs],
        "onlyThere": [str(entity.ref) for entity in comparison.only_there],
        "onlyThereByKind": dict(comparison.other_kinds),
        "onlyHere": [str(entity.ref) for entity in comparison.only_here],
        "origins": dict(comparison.origins),
        "onlyThereByOrigin": dict(comparison.also_there),
    }


def _difference(difference: Difference) -> JsonObject:
    fields = [{"path": list(each.path), "there": each.before, "here": each.after} for each in difference.fields]
    return {"ref": str(difference.here.ref), "fields": fields}
