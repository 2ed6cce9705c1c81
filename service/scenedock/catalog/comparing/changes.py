"""What changed from one catalog to another: entities that were added, removed, changed or renamed."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from scenedock.catalog.comparing.differences import FieldChange, differences
from scenedock.catalog.comparing.renames import Contents, recognise_renames
from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import JsonObject, as_text
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class EntityChange:
    """An entity that both catalogs have, perhaps under two names, with the fields that differ."""

    before: Entity
    after: Entity
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs, each part sorted by reference."""

    added: tuple[Entity, ...] = ()
    removed: tuple[Entity, ...] = ()
    changed: tuple[EntityChange, ...] = ()
    renamed: tuple[EntityChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.renamed)

    def __str__(self) -> str:
        """`2 added, 1 renamed`, or `no changes`."""
        counts = {
            "added": self.added,
            "changed": self.changed,
            "renamed": self.renamed,
            "removed": self.removed,
        }
        return ", ".join(f"{len(entities):,} {word}" for word, entities in counts.items() if entities) or "no changes"

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners whose entities changed, those of before and of after, in full: `group:default/payments`."""
        entities = [*self.added, *self.removed]
        entities += [entity for each in (*self.changed, *self.renamed) for entity in (each.before, each.after)]
        return tuple(sorted({str(owner) for entity in entities if (owner := owner_ref(entity))}))


def changes_between(
    before: Sequence[Entity],
    after: Sequence[Entity],
    contents_gone: Contents = MappingProxyType({}),
    contents_new: Contents = MappingProxyType({}),
) -> Changes:
    """Compare two catalogs; where the files of folders are known, they decide what was renamed."""
    old, new = _by_ref(before), _by_ref(after)
    gone = [old[ref] for ref in sorted(old.keys() - new.keys())]
    come = [new[ref] for ref in sorted(new.keys() - old.keys())]
    renames = recognise_renames(gone, come, contents_gone, contents_new)
    arrived = set(renames.values())
    return Changes(
        added=tuple(entity for entity in come if entity.ref not in arrived),
        removed=tuple(entity for entity in gone if entity.ref not in renames),
        changed=tuple(
            _change(old[ref], new[ref])
            for ref in sorted(old.keys() & new.keys())
            if old[ref].document != new[ref].document
        ),
        renamed=tuple(_change(old[was], new[now]) for was, now in sorted(renames.items())),
    )


def describe_changes(changes: Changes) -> JsonObject:
    """The changes as JSON."""
    return {
        "added": [_described(entity) for entity in changes.added],
        "changed": [{**_described(each.after), "fields": _fields(each)} for each in changes.changed],
        "renamed": [
            {**_described(each.after), "from": str(each.before.ref), "fields": _fields(each)}
            for each in changes.renamed
        ],
        "removed": [_described(entity) for entity in changes.removed],
        "owners": list(changes.owners),
    }


def owner_ref(entity: Entity) -> EntityRef | None:
    """Who owns an entity; None where the owner isn't known."""
    owner = as_text(entity.spec.get("owner"))
    try:
        return EntityRef.parse(owner, default_kind="group") if owner not in {"", UNKNOWN} else None
    except ValueError:
        return None


def _by_ref(entities: Sequence[Entity]) -> dict[EntityRef, Entity]:
    return {entity.ref: entity for entity in entities}


def _change(before: Entity, after: Entity) -> EntityChange:
    return EntityChange(before, after, tuple(differences(before.document, after.document)))


def _described(entity: Entity) -> dict[str, str | None]:
    owner = owner_ref(entity)
    return {"ref": str(entity.ref), "owner": str(owner) if owner else None}


def _fields(change: EntityChange) -> list[JsonObject]:
    return [{"path": list(each.path), "before": each.before, "after": each.after} for each in change.fields]
