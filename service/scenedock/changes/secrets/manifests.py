"""SealedSecrets and ExternalSecrets as manifests: found in files, and written.

Sources: Sealed Secrets, "SealedSecrets as templates for secrets"; External Secrets Operator, "ExternalSecret".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from scenedock.changes.secrets.naming import Scope, annotations_of, scope_in
from scenedock.documents.reading import read_documents
from scenedock.documents.writing import write_documents
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.structs import dataclass

Kind: TypeAlias = Literal["SealedSecret", "ExternalSecret"]
API_VERSIONS: Final[Mapping[Kind, str]] = {
    "SealedSecret": "bitnami.com/v1alpha1",
    "ExternalSecret": "external-secrets.io/v1",
}


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a value is in a store: the path of the secret there, and the part of it; empty: all of it."""

    key: str
    part: str = ""

    @property
    def written(self) -> JsonObject:
        """As a `remoteRef` has it."""
        return {"key": self.key, **({"property": self.part} if self.part else {})}


@dataclass(frozen=True, slots=True)
class Store:
    """The store that an ExternalSecret reads from."""

    name: str
    kind: Literal["ClusterSecretStore", "SecretStore"] = "ClusterSecretStore"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest in a file: the number of its document, from 1, and its keys. `target` is the name of the Secret."""

    document: int
    name: str
    target: str
    namespace: str
    scope: Scope
    keys: frozenset[str]


def manifests_in(data: bytes, kind: Kind) -> Iterator[Manifest]:
    """The manifests of a kind in a file.

    Raises
    ------
    DocumentError   it isn't YAML, as a template of Helm's may not be
    """
    if kind.encode() not in data:
        return
    for document in read_documents(data):
        value = as_object(document.value)
        if value.get("kind") == kind:
            metadata = as_object(value.get("metadata"))
            name = as_text(metadata.get("name"))
            target = as_text(value_at(value, ("spec", "target", "name"))) if kind == "ExternalSecret" else ""
            yield Manifest(
                document.number,
                name,
                target or name,
                as_text(metadata.get("namespace")),
                scope_in(metadata.get("annotations")),
                frozenset(_keys(value, kind)),
            )


def _keys(value: JsonObject, kind: Kind) -> Iterator[str]:
    if kind == "SealedSecret":
        yield from as_object(value_at(value, ("spec", "encryptedData")))
    else:
        yield from (as_text(as_object(each).get("secretKey")) for each in as_list(value_at(value, ("spec", "data"))))


def sealed_secret(name: str, namespace: str, scope: Scope, sealed: Mapping[str, str], secret_type: str = "") -> bytes:
    """The manifest of a SealedSecret. Without a namespace, the one that it is deployed to counts."""
    annotations = annotations_of(scope)
    metadata: dict[str, Json] = {"name": name, **({"namespace": namespace} if namespace else {})}
    own = {**metadata, **({"annotations": dict(annotations)} if annotations else {})}
    template: dict[str, Json] = {"type": secret_type or "Opaque", "metadata": own}
    return _manifest("SealedSecret", own, {"encryptedData": dict(sealed), "template": template})


def external_secret(name: str, namespace: str, store: Store, remotes: Mapping[str, Remote]) -> bytes:
    """The manifest of an ExternalSecret that makes a Secret of its name."""
    metadata: dict[str, Json] = {"name": name, **({"namespace": namespace} if namespace else {})}
    spec: JsonObject = {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": store.kind, "name": store.name},
        "target": {"name": name},
        "data": [{"secretKey": key, "remoteRef": each.written} for key, each in remotes.items()],
    }
    return _manifest("ExternalSecret", metadata, spec)


def _manifest(kind: Kind, metadata: JsonObject, spec: JsonObject) -> bytes:
    manifest: JsonObject = {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata, "spec": spec}
    return write_documents([manifest]).encode()
