"""The last catalog, in which only services are replaced whose folders say something else that no other depends on.

The services are mapped twice: of what their folders said, and of what they say. What they were must be in the catalog
exactly so; else, or if others may depend on what has changed, nothing is patched, and everything is mapped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Literal

from scenedock.catalog.comparing.doubts import is_less_than
from scenedock.catalog.emitting.service_links import ServiceLinks
from scenedock.catalog.mapping.links import find_cycles
from scenedock.catalog.mapping.services import service_again
from scenedock.catalog.reading.folder_facts import FolderFacts
from scenedock.catalog.refreshing.alone import CatalogIndex, MappedAlone
from scenedock.catalog.vocabulary.owners import MAX_BYTES
from scenedock.effects.facts.table import FactsTable, OpenFacts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding
from scenedock.model.helm import HelmFolder
from scenedock.model.kept_catalog import KeptCatalog, digest_of
from scenedock.structs import dataclass
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.refreshing.kept_facts import known_folder, known_parts, known_proofs
from scenedock.usecases.catalog.refreshing.kept_index import LostPartError, known_index
from scenedock.usecases.catalog.refreshing.looking import Looked, keep_changes, look_at
from scenedock.usecases.catalog.refreshing.record_edits import RecordEdit
from scenedock.usecases.catalog.watching import CatalogEdit


def still_makes(table: FactsTable, repositories: Mapping[str, ServedRepository], result: str) -> bool:
    """Whether the repositories still make the catalog that has this digest, and nothing is to be built.

    What has changed, but says the same, is kept.
    """
    with table.opened(steady=True) as facts:
        version, looked = facts.version, look_at(facts, repositories, result)
    if looked is None or not looked.says_the_same:
        return False
    keep_changes(table, version, looked)
    return True


def patch_catalog(
    table: FactsTable, repositories: Mapping[str, ServedRepository], last: KeptCatalog, links: ServiceLinks
) -> KeptCatalog | None:
    """The catalog of now, with these links; None where it must be built.

    What is known of it is kept.
    """
    data = last.data
    edit = edit_catalog(table, repositories, digest_of(data), lambda: data, links)
    return KeptCatalog.of(b"".join(edit.kept.applied(data))) if edit else None


def edit_catalog(
    table: FactsTable,
    repositories: Mapping[str, ServedRepository],
    result: str,
    load: Callable[[], bytes],
    links: ServiceLinks,
) -> CatalogEdit | None:
    """What makes the catalog of now of the last one, which has this digest; None where it must be built.

    Its data is loaded if anything is to be replaced. What is known of the other one is kept.
    """
    with table.opened(steady=True) as facts:
        version, looked = facts.version, look_at(facts, repositories, result)
        if looked is None:
            return None
        patch = None if looked.says_the_same else _patched(facts, looked, load(), result, links)
        if patch is None and not looked.says_the_same:
            return None
    if patch is None:
        keep_changes(table, version, looked)
        return CatalogEdit()
    keep_changes(table, version, looked, patch.edit.kept.digest, patch.proofs, patch.index)
    return patch.edit


@dataclass(frozen=True, slots=True)
class _Patched:
    """An edit, what is known then of the feed's files, and the index where that is another."""

    edit: CatalogEdit
    proofs: Mapping[str, str]
    index: CatalogIndex | None


def _patched(facts: OpenFacts, looked: Looked, data: bytes, result: str, links: ServiceLinks) -> _Patched | None:
    """What is replaced in the data of the catalog of a digest; None where that isn't enough."""
    index = known_index(facts)
    if index is None or digest_of(data) != result:
        return None
    edit = RecordEdit(data, links)
    try:
        now = _replaced(facts, index, looked, edit)
    except LostPartError:
        return None
    if now is None:
        return None
    proofs = {name: proof for name, proof in known_proofs(facts).items() if name not in edit.files}
    return _Patched(edit.edit, proofs, None if now is index else now)


def _replaced(facts: OpenFacts, index: CatalogIndex, looked: Looked, edit: RecordEdit) -> CatalogIndex | None:
    """Replace what has changed; the index of now, or None where that isn't enough."""
    now, names = index, {index.rules.names.get(folder, "") for folder in looked.otherwise}
    for (repository, path), data in looked.codeowners.items():
        is_used = path == index.repositories[repository].codeowners.path and len(data) <= MAX_BYTES
        owned = now.with_codeowners(repository, data) if is_used else None
        if owned is None:
            return None
        now, names = owned[0], names | owned[1]
    is_done = "" not in names and _Patch(facts, (index, now), looked.otherwise, edit).is_done(names)
    return now if is_done else None


@dataclass(frozen=True, slots=True)
class _Patch:
    """A catalog that is patched: the indexes are those before and now, `otherwise` is as in `Looked`."""

    facts: OpenFacts
    indexes: tuple[CatalogIndex, CatalogIndex]
    otherwise: Mapping[tuple[str, str], tuple[FolderFacts, FolderFacts]]
    edit: RecordEdit

    def is_done(self, names: Collection[str]) -> bool:
        """Replace what has changed of these services; False where that isn't enough."""
        before: list[Finding] = []
        now: list[Finding] = []
        others: dict[EntityRef, Entity] = {}
        for name in sorted(names):
            was, is_now = self._mapped(name, 0), self._mapped(name, 1)
            if was is None or is_now is None or not was.is_the_same_to_others(is_now):
                return False
            if any(map(is_less_than, was.emitted, is_now.emitted)):
                return False  # files that can't be read may be why: the build looks at them
            if not all(self.edit.replace(name, *each) for each in zip(was.emitted, is_now.emitted, strict=True)):
                return False
            before.extend(was.findings)
            now.extend(is_now.findings)
            if was.relations != is_now.relations:
                others |= {each.ref: each for each in is_now.emitted}
        if others:
            entities = read_memory(self.edit.remembered).entities
            cycles = [*find_cycles(entities)]
            left = [*find_cycles([others.get(each.ref, each) for each in entities])]
            if Counter(left) - Counter(cycles):
                return False  # a new one says where it begins, but what is remembered has no lines
            before.extend(cycles)
            now.extend(left)
        return self.edit.replace_findings(before, now)

    def _mapped(self, name: str, of: Literal[0, 1]) -> MappedAlone | None:
        """A service of what its folders said, or say now."""
        made_of = []
        for repository, parts in known_parts(self.facts, name):
            folders = [self._folder(repository, path, of) for path in parts.paths]
            whole = tuple(folder for folder in folders if folder)
            if len(whole) < len(folders):
                return None
            made_of.append((self.indexes[of].repositories[repository], parts, whole))
        return self.indexes[of].map_alone(service_again(name, made_of)) if made_of else None

    def _folder(self, repository: str, path: str, of: Literal[0, 1]) -> HelmFolder | None:
        if changed := self.otherwise.get((repository, path)):
            return changed[of].folder
        return known_folder(self.facts, repository, path)
