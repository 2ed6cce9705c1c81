"""Backstage's entity envelope and the references between entities.

Source of the rules: Backstage, "Descriptor Format of Catalog Entities" and "Entity References".
"""

from __future__ import annotations

from typing import NamedTuple

from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_object, as_text
from scenedock.structs import dataclass, field, force_setattr

API_VERSION = "backstage.io/v1alpha1"
DEFAULT_NAMESPACE = "default"


class EntityRef(NamedTuple):
    """`kind:namespace/name`, compared without regard to case as Backstage does (all three are kept in lower case)."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, kind: str, name: str, namespace: str = DEFAULT_NAMESPACE) -> EntityRef:
        """The reference to an entity, in lower case."""
        return cls(kind.lower(), namespace.lower(), name.lower())

    @classmethod
    def parse(cls, text: str, *, default_kind: str, default_namespace: str = DEFAULT_NAMESPACE) -> EntityRef:
        """Read `[kind:][namespace/]name`, split at the first colon and slash as Backstage's `parseEntityRef` does.

        Raises
        ------
        ValueError   a part is empty
        """
        before, slash, after = text.partition("/")
        kind, colon, rest = before.partition(":")
        namespace, name = (rest if colon else before, after) if slash else (None, rest if colon else before)
        if not name or (colon and not kind) or namespace == "":
            raise ValueError(f"{text!r} is not an entity reference; write [kind:][namespace/]name")
        return cls.of(kind if colon else default_kind, name, namespace or default_namespace)

    @property
    def short(self) -> str:
        """`kind:name` in the default namespace, else the full form."""
        return f"{self.kind}:{self.name}" if self.namespace == DEFAULT_NAMESPACE else str(self)

    def written(self, default_kind: str, default_namespace: str) -> str:
        """The shortest text for this reference in a field with these defaults."""
        kind = "" if self.kind == default_kind.lower() else f"{self.kind}:"
        namespace = "" if self.namespace == default_namespace.lower() else f"{self.namespace}/"
        return f"{kind}{namespace}{self.name}"

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Entity:
    """One catalog entity: the document that Backstage reads, and the place that it describes or comes from."""

    document: JsonObject
    place: Place = field(default_factory=Place)
    ref: EntityRef = field(init=False, repr=False, compare=False)
    """The reference of this entity in Backstage."""

    def __post_init__(self) -> None:
        force_setattr(self, "ref", EntityRef.of(self.kind, self.name, self.namespace))

    @property
    def kind(self) -> str:
        """For example `Component`; empty if the document has none."""
        return as_text(self.document.get("kind"))

    @property
    def metadata(self) -> JsonObject:
        """`metadata`, or an empty object."""
        return as_object(self.document.get("metadata"))

    @property
    def spec(self) -> JsonObject:
        """`spec`, or an empty object."""
        return as_object(self.document.get("spec"))

    @property
    def name(self) -> str:
        """`metadata.name`, or an empty string."""
        return as_text(self.metadata.get("name"))

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, or `default`."""
        return as_text(self.metadata.get("namespace")) or DEFAULT_NAMESPACE


def build_entity(kind: str, name: str, metadata: JsonObject, spec: JsonObject, place: Place) -> Entity:
    """An entity without empty fields, with its keys in the order in which people write them."""
    document: dict[str, Json] = {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, **{key: value for key, value in metadata.items() if value}},
        "spec": {key: value for key, value in spec.items() if value or value == []},
    }
    return Entity(document, place)


def service_name(typed: str) -> str:
    """The name of a service in a reference of its Component, or the name itself."""
    return typed.removeprefix("component:").removeprefix("default/")
