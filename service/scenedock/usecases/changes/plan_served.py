"""Plan a change of versions on the repositories of a service, with what it does to the manifests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from scenedock.changes.planned import Lifted, Planned
from scenedock.changes.text import Verb, markdown
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.errors import ScenedockError
from scenedock.manifests.markdown import as_markdown
from scenedock.model.entity import service_name
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.export_catalog import Export, Names, map_catalog, read_repositories
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.promote import Promotion, promote
from scenedock.usecases.changes.roll_back import RollBack, roll_back
from scenedock.usecases.manifests.preview import preview
from scenedock.usecases.manifests.tools import RenderingTools
from scenedock.usecases.releases.rendered import let_helm_choose

Wish: TypeAlias = Promotion | RollBack

_LONGEST = 60_000
_SHORTEST = 1_000
"""Bytes of the text of a pull request, and those that rendered manifests need at least to say anything."""


@dataclass(frozen=True, slots=True)
class PlannedHere:
    """A plan, where each of its repositories lives, and by their names what it does to the manifests, as Markdown."""

    planned: Planned
    homes: Mapping[str, Home] = field(default_factory=dict)
    manifests: Mapping[str, str] = field(default_factory=dict)


def plan_served(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    wish: Wish,
    lifted: Lifted,
    verb: Verb,
    tools: RenderingTools,
) -> PlannedHere:
    """The plan on the repositories as they are now, under the names of a `kept` catalog.

    Raises
    ------
    NotFoundError   there is no such service, environment or version
    InputError      the wish contradicts itself, or no repository can be read
    """
    names = read_memory(kept).names if kept else {}
    with export_served(repositories, kept) as (result, opened):
        choose = let_helm_choose(tools.helm, opened, frozenset(map(service_name, wish.services)))
        ground = Ground.of(result, opened, partial(export_again, names), datetime.now(UTC), choose)
        planned = roll_back(ground, wish, lifted) if isinstance(wish, RollBack) else promote(ground, wish, lifted, verb)
        changed = {file.repository for file in planned.files}
        facts = [each.facts for each in result.repositories if each.facts.name in changed]
        homes = {each.name: Home.of(each, opened[each.name]) for each in facts}
        manifests = {} if planned.refusals else {name: _rendered(opened, name, planned, tools, names) for name in homes}
    return PlannedHere(planned, homes, manifests)


def export_again(names: Names, repositories: Mapping[str, Repository]) -> Export:
    """The catalog of repositories, under the names that services had before; what one says wrong costs only itself."""
    return map_catalog(read_repositories(repositories, tolerate=True), names=names)


def _rendered(
    opened: Mapping[str, Repository], name: str, planned: Planned, tools: RenderingTools, names: Names
) -> str:
    """What the files of a repository do to the manifests, or in a line why that isn't known."""
    changed = {file.path: file.after for file in planned.files if file.repository == name}
    try:
        tools.helm.check()
        diff = preview(opened, name, changed, tools, planned.pairs, names)
    except ScenedockError as error:
        return f"What it does to the manifests isn't known: {markdown(str(error))}"
    return as_markdown(diff, max(_SHORTEST, _LONGEST - len(planned.body.encode())))
