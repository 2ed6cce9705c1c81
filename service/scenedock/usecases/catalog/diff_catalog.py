"""The changes of the catalog between two states of some repositories."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from scenedock.catalog.comparing.changes import Changes, changes_between
from scenedock.catalog.reading.handwritten import CATALOG_FILE
from scenedock.effects.git.repositories import Repository
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.helm import Listing
from scenedock.structs import dataclass
from scenedock.usecases.catalog.export_catalog import Export


@dataclass(frozen=True, slots=True)
class State:
    """An export, and its repositories, which are still open."""

    result: Export
    repositories: Mapping[str, Repository]


def diff_catalog(before: State, after: State) -> Changes:
    """The changes from one state to another. A folder half of whose files are equal to another's counts as renamed.

    Raises
    ------
    InputError   a file can't be read
    """
    old, new = before.result.entities, after.result.entities
    refs_before, refs_after = {entity.ref for entity in old}, {entity.ref for entity in new}
    return changes_between(
        old,
        new,
        _contents(before, [entity for entity in old if entity.ref not in refs_after]),
        _contents(after, [entity for entity in new if entity.ref not in refs_before]),
    )


def _contents(state: State, entities: Sequence[Entity]) -> dict[EntityRef, frozenset[str]]:
    """The files in the folders of Components and Systems: for each a text of its path in the folder and its digest."""
    refs = {entity.ref for entity in entities}
    services = state.result.mapped.services if refs and state.result.mapped else ()
    listings = {name: repository.listing() for name, repository in state.repositories.items()} if services else {}
    contents: dict[EntityRef, frozenset[str]] = {}
    for each in services:
        files = [
            _fingerprint(state.repositories[member.contents.facts.name], folder.path, path)
            for member in each.service.members
            for folder in member.folders
            if each.main.ref in refs
            for path in _readable_in(listings[member.contents.facts.name], folder.path)
        ]
        if files:
            contents[each.main.ref] = frozenset(files)
    return contents


def _readable_in(listing: Listing, folder: str) -> Iterator[str]:
    """The files in a folder, without catalog-info.yaml, which may be generated."""
    for path in listing.inside:
        if path.startswith(f"{folder}/") and path != f"{folder}/{CATALOG_FILE}":
            yield path


def _fingerprint(repository: Repository, folder: str, path: str) -> str:
    return f"{hashlib.sha256(repository.read(path)).hexdigest()} {path.removeprefix(folder)}"
