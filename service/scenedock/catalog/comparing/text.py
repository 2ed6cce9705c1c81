"""Changes as lines of a `diff` block, for terminals and comments: `+` added, `-` removed, `!` changed or renamed."""

from __future__ import annotations

from collections.abc import Iterator

from scenedock.catalog.comparing.changes import Changes, EntityChange, owner_ref
from scenedock.model.entity import Entity


def as_lines(changes: Changes) -> Iterator[str]:
    """A summary with the owners, then each entity, with its fields where they differ."""
    owners = f"; owners affected: {', '.join(map(_short, changes.owners))}" if changes.owners else ""
    yield f"Catalog: {changes}{owners}"
    yield from (f"+ {_described(entity)}" for entity in changes.added)
    yield from (f"- {_described(entity)}" for entity in changes.removed)
    for each in changes.renamed:
        yield f"! {each.before.ref.short} is now {_described(each.after)}"
        yield from _fields(each)
    for each in changes.changed:
        yield f"! {_described(each.after)}"
        yield from _fields(each)


def _fields(change: EntityChange) -> Iterator[str]:
    return (f"      {field}" for field in change.fields)


def _described(entity: Entity) -> str:
    owner = owner_ref(entity)
    return f"{entity.ref.short} ({_short(str(owner)) if owner else 'no owner'})"


def _short(ref: str) -> str:
    """An owner without the default kind and namespace."""
    return ref.removeprefix("group:default/")
