"""Which fields of an entity are references to others, and how the catalog reads those.

Source of the rules: `BuiltinKindsEntityProcessor` and `ScaffolderEntitiesProcessor`, which link entities after these
have been judged, and `parseEntityRef` of `@backstage/catalog-model`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scenedock.model.entity import EntityRef
from scenedock.model.json import Json, JsonObject, as_object, as_text

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
    """A reference as it is written: where, the text, and the kind that it means if it names none."""

    path: tuple[str | int, ...]
    text: str
    default_kind: str

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


def rename_references(entity: JsonObject, renamed: Mapping[EntityRef, EntityRef]) -> JsonObject:
    """The entity with its references to what has another name now."""
    if "spec" not in entity or not renamed:
        return entity
    spec: dict[str, Json] = dict(as_object(entity["spec"]))
    for field, default_kind in RELATION_FIELDS.get(as_text(entity.get("kind")), {}).items():
        value = spec.get(field)
        if isinstance(value, str):
            spec[field] = _renamed(value, default_kind, renamed)
        elif isinstance(value, list):
            spec[field] = [_renamed(item, default_kind, renamed) if isinstance(item, str) else item for item in value]
    return {**entity, "spec": spec}


def _renamed(text: str, default_kind: str, renamed: Mapping[EntityRef, EntityRef]) -> str:
    if Reference((), text, default_kind).fault:
        return text
    new = renamed.get(EntityRef.parse(text, default_kind=default_kind))
    if new is None:
        return text
    return new.short.removeprefix(f"{default_kind.lower()}:") if default_kind else new.short


def references_of(entity: JsonObject) -> Iterator[Reference]:
    """Every reference in the relation fields of an entity of a core kind, in the order of `RELATION_FIELDS`."""
    spec = as_object(entity.get("spec"))
    for field, default_kind in RELATION_FIELDS.get(as_text(entity.get("kind")), {}).items():
        value = spec.get(field)
        if isinstance(value, str) and value:
            yield Reference(("spec", field), value, default_kind)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str):
                    yield Reference(("spec", field, index), item, default_kind)
