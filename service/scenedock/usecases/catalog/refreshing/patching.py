"""The last catalog with only those services anew whose folders say something else, while no other depends on that.

The services are mapped twice: of what their folders said, and of what they say. What they were must be in the catalog
exactly so; else, or if others may depend on what has changed, nothing is patched, and everything is mapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from scenedock.catalog.emitting.service_links import ServiceLinks
from scenedock.catalog.mapping.services import DeployedService, service_again
from scenedock.catalog.reading.folder_facts import FolderFacts
from scenedock.catalog.refreshing.alone import CatalogIndex
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.local.facts_table import FactsTable, OpenFacts
from scenedock.model.finding import Finding
from scenedock.model.helm import HelmFolder
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.usecases.catalog.refreshing.kept_facts import (
    KnownCatalog,
    keep_changes,
    known_folder,
    known_index,
    known_parts,
    known_proofs,
    look_at,
)
from scenedock.usecases.catalog.refreshing.record_edits import RecordEdit


def still_makes(table: FactsTable, repositories: Mapping[str, ServedRepository], result: str) -> bool:
    """Whether the repositories still make the catalog that has this digest, and nothing is to be built.

    What has changed, but says the same, is kept.
    """
    with table.opened(steady=True) as facts:
        version, looked = facts.version, look_at(facts, repositories, result)
    if looked is None or looked.otherwise:
        return False
    keep_changes(table, version, looked.rows)
    return True


def patch_catalog(
    table: FactsTable, repositories: Mapping[str, ServedRepository], last: KeptCatalog, links: ServiceLinks
) -> KeptCatalog | None:
    """The catalog of now, with these links; None where it must be built.

    What is known of it is kept.
    """
    with table.opened(steady=True) as facts:
        version, looked = facts.version, look_at(facts, repositories, last.digest)
        index = known_index(facts) if looked else None
        if looked is None or index is None:
            return None
        edit = RecordEdit(last, links)
        if not _Patch(facts, index, looked.otherwise, edit).is_done():
            return None
        proofs = {name: proof for name, proof in known_proofs(facts).items() if name not in edit.files}
    made = replace(edit.kept, version="")
    keep_changes(table, version, looked.rows, KnownCatalog(tuple(repositories), made.digest), proofs)
    return made


@dataclass(frozen=True, slots=True)
class _Patch:
    facts: OpenFacts
    index: CatalogIndex
    otherwise: Mapping[tuple[str, str], tuple[FolderFacts, FolderFacts]]
    edit: RecordEdit

    def is_done(self) -> bool:
        """Replace all that has changed; False where that isn't enough."""
        names = {self.index.rules.names.get(folder) for folder in self.otherwise}
        before: list[Finding] = []
        now: list[Finding] = []
        for name in sorted(filter(None, names)):
            made = [self._service(name, of) for of in (0, 1)]
            was, is_now = (self.index.map_alone(each) if each else None for each in made)
            if was is None or is_now is None or not was.is_the_same_to_others(is_now):
                return False
            if not all(self.edit.replace(name, *each) for each in zip(was.emitted, is_now.emitted, strict=True)):
                return False
            before.extend(was.findings)
            now.extend(is_now.findings)
        return None not in names and self.edit.replace_findings(before, now)

    def _service(self, name: str, of: Literal[0, 1]) -> DeployedService | None:
        """A service of what its folders said, or say now."""
        made_of = []
        for repository, parts in known_parts(self.facts, name):
            folders = [self._folder(repository, path, of) for path in parts.paths]
            whole = tuple(folder for folder in folders if folder)
            if len(whole) < len(folders):
                return None
            made_of.append((self.index.repositories[repository], parts, whole))
        return service_again(name, made_of) if made_of else None

    def _folder(self, repository: str, path: str, of: Literal[0, 1]) -> HelmFolder | None:
        if changed := self.otherwise.get((repository, path)):
            return changed[of].folder
        return known_folder(self.facts, repository, path)
