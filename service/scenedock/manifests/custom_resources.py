"""Schemas of custom resources: what a repository's own CustomResourceDefinitions say, as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from scenedock.manifests.objects import objects_in
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text

DIALECT: Final = "http://json-schema.org/draft-04/schema#"
"""OpenAPI 3.0 has the keywords of draft 4: there `exclusiveMinimum` is true or false."""

_KEPT = frozenset(
    "allOf anyOf enum exclusiveMaximum exclusiveMinimum items maxItems maxLength maxProperties maximum minItems "
    "minLength minProperties minimum multipleOf not oneOf pattern required type uniqueItems".split()
)
_LOGIC = frozenset({"allOf", "anyOf", "not", "oneOf"})
_ANYTHING: Final[JsonObject] = {"apiVersion": {}, "kind": {}, "metadata": {}}


class GroupVersionKind(NamedTuple):
    """What chooses the schema of an object."""

    group: str
    version: str
    kind: str

    @classmethod
    def of(cls, manifest: JsonObject) -> GroupVersionKind:
        """That of a manifest."""
        group, _, version = as_text(manifest.get("apiVersion")).rpartition("/")
        return cls(group, version, as_text(manifest.get("kind")))

    def __str__(self) -> str:
        """`Certificate of cert-manager.io/v1`."""
        return f"{self.kind} of {self.group}/{self.version}" if self.group else f"{self.kind} of {self.version}"


def schemas_of(manifests: Iterable[JsonObject]) -> dict[GroupVersionKind, JsonObject]:
    """The schemas in those of the manifests that are CustomResourceDefinitions."""
    return {
        key: schema
        for each in objects_in(manifests)
        if each.get("kind") == "CustomResourceDefinition"
        for key, schema in _schemas(as_object(each.get("spec")))
    }


def _schemas(spec: JsonObject) -> Iterator[tuple[GroupVersionKind, JsonObject]]:
    group, kind = as_text(spec.get("group")), as_text(as_object(spec.get("names")).get("kind"))
    shared = as_object(spec.get("validation")).get("openAPIV3Schema")  # of apiextensions.k8s.io/v1beta1
    for version in map(as_object, as_list(spec.get("versions"))):
        schema = as_object(version.get("schema")).get("openAPIV3Schema") or shared
        if isinstance(schema, Mapping):
            yield GroupVersionKind(group, as_text(version.get("name")), kind), _object(schema)


def _object(schema: JsonObject) -> JsonObject:
    """Of a whole object, whose metadata only the API server knows."""
    converted: dict[str, Any] = {**_converted(schema), "$schema": DIALECT}
    converted["properties"] = {**converted.get("properties", {}), **_ANYTHING}
    return converted


def _converted(schema: Json, *, is_logic: bool = False) -> dict[str, Any]:
    """The same as JSON Schema. A key that isn't in it is wrong, as for `kubectl apply`, except where all are kept."""
    written = as_object(schema)
    converted: dict[str, Any] = {key: written[key] for key in written if key in _KEPT - _LOGIC - {"items"}}
    for key in sorted(_LOGIC & written.keys()):
        below = written[key]
        if isinstance(below, Mapping):
            converted[key] = _converted(below, is_logic=True)
        else:
            converted[key] = [_converted(each, is_logic=True) for each in as_list(below)]
    if "items" in written:
        converted["items"] = _converted(written["items"], is_logic=is_logic)
    properties = as_object(written.get("properties"))
    if properties:
        converted["properties"] = {key: _converted(below, is_logic=is_logic) for key, below in properties.items()}
    more = written.get("additionalProperties")
    keeps = written.get("x-kubernetes-preserve-unknown-fields") is True
    if isinstance(more, Mapping):
        converted["additionalProperties"] = _converted(more)
    elif properties and not keeps and not is_logic and more is None:
        converted["additionalProperties"] = False
    if written.get("x-kubernetes-embedded-resource") is True and "properties" in converted:
        converted["properties"] |= _ANYTHING
    if written.get("x-kubernetes-int-or-string") is True:
        converted.pop("type", None)
        converted.pop("anyOf", None)
        converted["type"] = ["integer", "string"]
    if written.get("nullable") is True and isinstance(converted.get("type"), str):
        converted["type"] = [converted["type"], "null"]
    return converted
