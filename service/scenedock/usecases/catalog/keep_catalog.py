"""Put an export beside the last good result: names once given stay, and nothing vanishes by accident."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from scenedock.catalog.comparing.doubts import NO_DOUBTS, Doubts, find_doubts, is_less_than
from scenedock.catalog.comparing.keeping import FreshCatalog, Kept, keep_last_good
from scenedock.catalog.comparing.memory import CatalogMemory, attribute, is_main, memory_of
from scenedock.catalog.comparing.vanishing import Look
from scenedock.catalog.emitting.output import in_order
from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.reading.layouts.manifests import UNREADABLE_MANIFEST
from scenedock.catalog.vocabulary.formats import is_key_in_folder
from scenedock.model.entity import Entity
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding
from scenedock.structs import dataclass, replace
from scenedock.usecases.catalog.export_catalog import Export, Names, in_order_of_severity, map_catalog

ALLOW_DELETIONS = "repeat with --allow-deletions"
"""How somebody allows what vanishes from files."""

_NOTHING: Mapping[str, float] = MappingProxyType({})
_NO_PROBLEMS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class KeptExport:
    """An export, made with the names that were remembered, and what of the last result stays beside it."""

    export: Export
    kept: Kept

    @property
    def entities(self) -> tuple[Entity, ...]:
        """The catalog, sorted by kind, namespace and name."""
        return tuple(in_order(self.kept.memory.entities))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All there is to say, the worst first."""
        return in_order_of_severity([*self.export.findings, *self.kept.findings])


def keep_catalog(
    export: Export,
    memory: CatalogMemory,
    *,
    unchanged: Mapping[str, float] = _NOTHING,
    problems: Mapping[str, str] = _NO_PROBLEMS,
    allow: str,
    allowed: bool = False,
) -> KeptExport:
    """The export with what of a memory must stay; the places of remembered entities may lack their repositories.

    `unchanged` says of repositories for how many seconds their files are known to be the same, `problems` which have
    one besides those that couldn't be read. `allow` and `allowed` are as in `keep_last_good`.
    """
    known = _attributed(memory, export)
    if _differ(known.names, export.names):
        export = map_catalog(
            export.read, names=known.names, known=export.known, elsewhere=export.elsewhere, until=export.until
        )
        known = _attributed(memory, export)
    looks: dict[str, Look] = {}
    doubts = _doubts(known, export)
    said = [each for found in doubts.values() for each in found.findings]
    for contents in export.repositories:
        name = contents.facts.name
        doubted = _no_deployments_any_more(contents, known.names.get(name, {}), export.entities)
        said.extend(doubted.values())
        in_doubt = doubts.get(name, NO_DOUBTS)
        looks[name] = Look(
            limit=contents.settings.vanishing,
            unchanged=unchanged.get(name, 0.0),
            unreadable=contents.unreadable
            | doubted.keys()
            | _of_services(in_doubt.unreadable, known.names.get(name, {})),
            directories=contents.directories | in_doubt.directories,
        )
    looks |= {name: Look(problem) for name, problem in {**problems, **export.read.problems}.items()}
    kept = keep_last_good(known, FreshCatalog(export.entities, export.names, looks), allow, allowed=allowed)
    export, more = _once_for_each_file(export, said)
    return KeptExport(export, replace(kept, findings=(*kept.findings, *more)))


def _of_services(folders: Iterable[str], names: Mapping[str, str]) -> set[str]:
    """The folders of the services of which some folders are a part; those that are of none as they are."""
    above = ((folder, [*folders_above(folder), folder]) for folder in folders)
    return {next((each for each in reversed(path) if each in names), folder) for folder, path in above}


def _doubts(known: CatalogMemory, export: Export) -> Mapping[str, Doubts]:
    """What can't be read and may have said what is gone, by the repository from which it is gone."""
    now = {entity.ref: entity for entity in export.entities}
    gone: dict[str, list[Entity]] = defaultdict(list)
    less: set[str] = set()
    for entity in known.entities:
        if entity.ref not in now:
            gone[entity.place.repository].append(entity)
        elif is_main(entity) and is_less_than(entity, now[entity.ref]):
            less.add(entity.place.repository)
    tools = {name: make() for name, make in export.read.tool_files.items()}
    return {
        name: find_doubts(
            tools[name],
            [tools[other] for other in tools if other != name],
            gone[name],
            export.findings,
            is_less=name in less,
        )
        for name in {*gone, *less} & tools.keys()
    }


def _once_for_each_file(export: Export, more: Sequence[Finding]) -> tuple[Export, tuple[Finding, ...]]:
    """What is said of files that can't be read, the worst of each: what the export says, and what there is besides."""
    told = {(each.place.repository, each.place.path) for each in export.findings if each.severity == "error"}
    added: dict[tuple[str, str], Finding] = {}
    for each in in_order_of_severity(more):
        file = each.place.repository, each.place.path
        if file not in told:
            added.setdefault(file, each)
    rest = (
        each
        for each in export.findings
        if each.severity == "error"
        or not each.code.startswith("unreadable")
        or (each.place.repository, each.place.path) not in added
    )
    return replace(export, findings=tuple(rest)) if added else export, tuple(added.values())


def _attributed(memory: CatalogMemory, export: Export) -> CatalogMemory:
    if all(entity.place.repository for entity in memory.entities):
        return memory
    fresh = {entity.ref: entity for entity in export.entities}
    addresses = {contents.facts.name: contents.facts.url for contents in export.repositories}
    found = memory_of(attribute(memory.entities, fresh, addresses))
    return replace(found, refused=memory.refused, accepted=memory.accepted)


def _differ(before: Names, now: Names) -> bool:
    """Whether a folder that is still there had another name before, or a name in a folder of several is gone."""
    return any(
        now.get(repository, {}).get(path, "" if is_key_in_folder(path) else name).lower() != name.lower()
        for repository, names in before.items()
        for path, name in names.items()
    )


def _no_deployments_any_more(
    contents: RepositoryContents, names: Mapping[str, str], entities: Iterable[Entity]
) -> dict[str, Finding]:
    """The folders that gave an entity before, and now nothing, although they have a file that can't be read.

    A manifest of a tool may be that of any service that is gone, wherever this is at home.
    """
    read = {*(folder.path for folder in contents.folders), *contents.unit_folders}
    if not contents.doubtful:
        return {}
    now = {entity.name.lower() for entity in entities}
    is_gone = any(name.lower() not in now for name in names.values())
    return {
        path: finding
        for path, finding in contents.doubtful.items()
        if (path in names and path not in read) or (is_gone and finding.code == UNREADABLE_MANIFEST)
    }
