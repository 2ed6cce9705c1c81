"""Before the first registration: an existing catalog compared with the one that an export gives.

What Backstage itself adds to an entity (relations, ids, where it was read) and what only Scenedock uses is left out,
and references are compared by what they mean: `payments` and `group:default/payments` are one owner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from scenedock.catalog.comparing.differences import FieldChange, differences
from scenedock.catalog.comparing.origins import ORIGIN, origin_of
from scenedock.catalog.vocabulary.credentials import drop_credentials
from scenedock.catalog.vocabulary.relations import RELATION_FIELDS
from scenedock.model.entity import DEFAULT_NAMESPACE, Entity, EntityRef
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.structs import dataclass, replace

_ADDED_BY_BACKSTAGE = ("uid", "etag", "generation")
_DERIVED = frozenset(
    f"backstage.io/{name}" for name in ("managed-by-location", "orphan", "view-url", "edit-url", "source-location")
)
_OURS = "scenedock.dev/"


@dataclass(frozen=True, slots=True)
class Difference:
    """An entity that both have: theirs, ours, and the fields that differ (`before` is theirs)."""

    there: Entity
    here: Entity
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All entities of both catalogs, each part sorted by reference.

    `only_there` has only entities of the kinds that an export generates; `other_kinds` counts the rest of theirs, which
    can't conflict, by kind.
    """

    same: tuple[Difference, ...]
    differs: tuple[Difference, ...]
    only_there: tuple[Entity, ...]
    only_here: tuple[Entity, ...]
    other_kinds: Mapping[str, int]
    also_there: Mapping[str, int]
    """How many entities only each of their locations has that hold what both have, too."""

    @property
    def origins(self) -> Mapping[str, int]:
        """The locations that hold what both have, as Backstage names them, with how many entities each holds."""
        both = (*self.same, *self.differs)
        return _by_origin(each.there for each in both)


def compare_catalogs(there: Sequence[Entity], here: Sequence[Entity]) -> Comparison:
    """Compare an existing catalog with an export; credentials in addresses of the first are not shown."""
    theirs = {entity.ref: entity for entity in map(_without_credentials, there)}
    ours = {entity.ref: entity for entity in here}
    both = [
        Difference(theirs[ref], ours[ref], tuple(differences(_meaning(theirs[ref]), _meaning(ours[ref]))))
        for ref in sorted(theirs.keys() & ours.keys())
    ]
    kinds = {"component", "system", "api", "resource"} | {entity.kind.lower() for entity in here}
    only_there = [theirs[ref] for ref in sorted(theirs.keys() - ours.keys())]
    spelled = {each.ref.kind: each.kind for each in reversed(only_there)}
    others = Counter(spelled[each.ref.kind] for each in only_there if each.ref.kind not in kinds)
    shared = _by_origin(each.there for each in both)
    return Comparison(
        same=tuple(each for each in both if not each.fields),
        differs=tuple(each for each in both if each.fields),
        only_there=tuple(each for each in only_there if each.ref.kind in kinds),
        only_here=tuple(ours[ref] for ref in sorted(ours.keys() - theirs.keys())),
        other_kinds=dict(sorted(others.items())),
        also_there={origin: count for origin, count in _by_origin(only_there).items() if origin in shared},
    )


def _by_origin(entities: Iterable[Entity]) -> Mapping[str, int]:
    counts = Counter(map(origin_of, entities))
    return {origin: count for origin, count in sorted(counts.items()) if origin}


def _without_credentials(entity: Entity) -> Entity:
    document, _ = drop_credentials(entity.document, lambda _path: entity.place)
    return replace(entity, document=document)


def _meaning(entity: Entity) -> JsonObject:
    """The entity without what doesn't count, its references in full, and its lists in order."""
    metadata: dict[str, Json] = {
        key: value for key, value in entity.metadata.items() if key not in {*_ADDED_BY_BACKSTAGE, "annotations"}
    }
    metadata["namespace"] = entity.namespace.lower()
    annotations = as_object(entity.metadata.get("annotations"))
    metadata["annotations"] = {
        key: value
        for key, value in annotations.items()
        if key not in _DERIVED and key != ORIGIN and not key.startswith(_OURS)
    }
    references = RELATION_FIELDS.get(entity.kind, {})
    spec = {
        key: _in_full(value, references[key], entity.namespace) if key in references else value
        for key, value in entity.spec.items()
    }
    return {"metadata": {key: _in_order(value) for key, value in metadata.items()}, "spec": spec}


def _in_full(value: Json, default_kind: str, namespace: str) -> Json:
    """A reference, or a list of them, in the form `kind:namespace/name`."""
    if isinstance(value, str):
        try:
            ref = EntityRef.parse(value, default_kind=default_kind or "component")
        except ValueError:
            return value
        return str(
            ref if "/" in value or namespace == DEFAULT_NAMESPACE else EntityRef.of(ref.kind, ref.name, namespace)
        )
    if isinstance(value, Sequence):
        return _in_order([_in_full(item, default_kind, namespace) for item in value])
    return value


def _in_order(value: Json) -> Json:
    """A list of words sorted and each once, as their order means nothing; an empty one is nothing."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        words = [item for item in value if isinstance(item, str)]
        return (sorted(set(words)) or None) if len(words) == len(value) else list(value)
    return value
