"""Which fields of an entity are references to others, and how the catalog reads those.

Source of the rules: `BuiltinKindsEntityProcessor` and `ScaffolderEntitiesProcessor`, which link entities after these
have been validated, and `parseEntityRef` of `@backstage/catalog-model`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.model.entity import DEFAULT_NAMESPACE, EntityRef
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass

RELATION_FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "API": {"owner": "Group", "system": "System"},
        "Component": {
            "owner": "Group",
            "system": "System",
            "subcomponentOf": "Component",
            "providesApis": "API",
            "consumesApis": "API",
            "dependsOn": "",
            "dependencyOf": "",
        },
        "Domain": {"owner": "Group", "subdomainOf": "Domain"},
        "Group": {"parent": "Group", "children": "Group", "members": "User"},
        "Resource": {"owner": "Group", "system": "System", "dependsOn": "", "dependencyOf": ""},
        "System": {"owner": "Group", "domain": "Domain"},
        "Template": {"owner": "Group"},
        "User": {"memberOf": "Group"},
    }
)
"""By kind: the fields of `spec` that refer to entities, and the kind that a reference without one means; empty where a
reference must name its kind."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as it is written: where, the text, and the kind and namespace that it means if it names none."""

    path: tuple[str | int, ...]
    text: str
    default_kind: str
    default_namespace: str = DEFAULT_NAMESPACE

    @property
    def fault(self) -> str:
        """Why the catalog can't read it; empty if it can."""
        colon, slash = self.text.find(":"), self.text.find("/")
        if -1 < slash < colon:  # a colon behind the slash belongs to the name
            colon = -1
        kind = self.default_kind if colon < 0 else self.text[:colon]
        namespace = "default" if slash < 0 else self.text[colon + 1 : slash]
        name = self.text[max(colon, slash) + 1 :]
        if kind and namespace and name:
            return ""
        if colon < 0 and namespace and name:
            return f"{self.text!r} must name its kind, as in component:{self.text}"
        return f"{self.text!r} is not a reference of the form [kind:][namespace/]name"

    @property
    def ref(self) -> EntityRef:
        """What it means; only of one without a fault."""
        return EntityRef.parse(self.text, default_kind=self.default_kind, default_namespace=self.default_namespace)


def references_of(entity: JsonObject) -> Iterator[Reference]:
    """Every reference in the relation fields of an entity of a core kind, in the order of `RELATION_FIELDS`.

    One without a namespace means the entity's own.
    """
    namespace = as_text(as_object(entity.get("metadata")).get("namespace")) or DEFAULT_NAMESPACE
    spec = as_object(entity.get("spec"))
    for field, default_kind in RELATION_FIELDS.get(as_text(entity.get("kind")), {}).items():
        value = spec.get(field)
        if isinstance(value, str) and value:
            yield Reference(("spec", field), value, default_kind, namespace)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str):
                    yield Reference(("spec", field, index), item, default_kind, namespace)


def drop_unreadable_references(entity: JsonObject) -> JsonObject:
    """The entity without the references that have a fault; its owner, which an entity must have, is unknown then."""
    faulty = {reference.path[1:] for reference in references_of(entity) if reference.fault}
    if not faulty:
        return entity
    spec: dict[str, Json] = dict(as_object(entity.get("spec")))
    for field in {str(path[0]) for path in faulty}:
        if isinstance(items := spec[field], list):
            spec[field] = [item for index, item in enumerate(items) if (field, index) not in faulty]
        elif field == "owner":
            spec[field] = UNKNOWN
        else:
            del spec[field]
    return {**entity, "spec": spec}


def rename_references(entity: JsonObject, renamed: Mapping[EntityRef, EntityRef]) -> JsonObject:
    """The entity with its references to what has another name now."""

    def rewrite(reference: Reference) -> str:
        new = renamed.get(reference.ref)
        return new.written(reference.default_kind, reference.default_namespace) if new else reference.text

    return _rewritten(entity, rewrite) if renamed else entity


def qualify_references(entity: JsonObject) -> JsonObject:
    """The entity with references that mean the same in every namespace; an unknown owner stays unknown."""
    return _rewritten(entity, lambda reference: reference.text if reference.text == UNKNOWN else str(reference.ref))


def _rewritten(entity: JsonObject, rewrite: Callable[[Reference], str]) -> JsonObject:
    """The entity with each readable reference rewritten."""
    spec: dict[str, Json] = dict(as_object(entity.get("spec")))
    for reference in references_of(entity):
        if reference.fault:
            continue
        match reference.path[1:]:
            case (str(field),):
                spec[field] = rewrite(reference)
            case (str(field), int(index)):
                items = list(as_list(spec[field]))
                items[index] = rewrite(reference)
                spec[field] = items
    return {**entity, "spec": spec} if "spec" in entity else entity
