"""Where a secret of a deployment is, or belongs, and the bytes of its file with further keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from scenedock.changes.contents import value_in, with_value
from scenedock.changes.planned import PlannedFile
from scenedock.changes.secrets.manifests import Kind, Remote, Store, external_secret, sealed_secret
from scenedock.changes.secrets.naming import Scope
from scenedock.gitops.in_place.paths import Key, shown
from scenedock.gitops.values_edits import add_value
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.releases.release import PairKey
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass

Form: TypeAlias = Literal["manifest", "values"]
"""A manifest of its own, or values from which a library chart makes one."""


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a secret is or belongs, in a file of a repository.

    `spot` is that of the whole secret: its document, or its entry in values; None where the manifest gets a file of its
    own. `has` are the keys that are there. `namespace` is the one of the deployment, `written_namespace` the one that a
    new manifest has. `also` are files that must change with it. `cluster` is where it is deployed, if known.
    `shared_with` are other deployments that get the file, too.
    """

    kind: Kind
    form: Form
    key: PairKey
    repository: str
    path: str
    name: str
    namespace: str
    scope: Scope
    before: bytes = b""
    spot: Spot | None = None
    has: frozenset[str] = frozenset()
    written_namespace: str = ""
    also: tuple[PlannedFile, ...] = ()
    notes: tuple[str, ...] = ()
    cluster: str = ""
    shared_with: tuple[PairKey, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether there is no such secret yet."""
        return self.spot is None or not as_object(value_in(self.before, self.spot))

    @property
    def pair(self) -> str:
        """`billing/qa`."""
        _, service, environment = self.key
        return f"{service}/{environment}" if environment else service


def sealed_in(place: SecretPlace, data: bytes) -> dict[str, str]:
    """The encrypted values of a secret in another state of its file."""
    found = _secret_in(place, data)
    held = found if place.form == "values" else as_object(found.get("spec"))
    return {key: each for key, each in as_object(held.get("encryptedData")).items() if isinstance(each, str)}


def remotes_in(place: SecretPlace, data: bytes) -> dict[str, Remote]:
    """The references of a secret in another state of its file."""
    found = _secret_in(place, data)
    if place.form == "values":
        listed = {key: as_object(each) for key, each in as_object(found.get("data")).items()}
    else:
        items = map(as_object, as_list(value_at(found, ("spec", "data"))))
        listed = {as_text(each.get("secretKey")): as_object(each.get("remoteRef")) for each in items}
    return {key: Remote(as_text(each.get("key")), as_text(each.get("property"))) for key, each in listed.items()}


def _secret_in(place: SecretPlace, data: bytes) -> JsonObject:
    """The whole secret; empty where it isn't there."""
    found = as_object(value_in(data, place.spot or Spot(())))
    is_it = place.form == "values" or as_text(value_at(found, ("metadata", "name"))) == place.name
    return found if is_it else {}


def with_sealed(place: SecretPlace, sealed: Mapping[str, str], secret_type: str = "") -> bytes:
    """The file of a place with encrypted values; all other bytes stay.

    Raises
    ------
    InputError   they can't be put there without changing something else; with the line
    """
    if place.spot is None:
        return sealed_secret(place.name, place.written_namespace, place.scope, sealed, secret_type)
    data, spot = place.before, place.spot
    if place.form == "manifest":
        for key, value in sealed.items():
            data = with_value(data, spot.below(("spec", "encryptedData", key)), value, place.path)
        return data
    is_new = place.is_new
    for key, value in sealed.items():
        data = with_value(data, spot.below(("encryptedData", key)), value, place.path)
    if is_new and secret_type:
        data = with_value(data, spot.below(("type",)), secret_type, place.path)
    if is_new and place.scope != "strict":
        data = with_value(data, spot.below(("scope",)), place.scope, place.path)
    return data


def with_remotes(place: SecretPlace, remotes: Mapping[str, Remote], store: Store) -> bytes:
    """The file of a place with references to a store; only a new secret gets the store.

    Raises
    ------
    InputError   they can't be put there without changing something else; with the line
    """
    if place.spot is None:
        return external_secret(place.name, place.written_namespace, store, remotes)
    data, spot = place.before, place.spot
    if place.form == "values" and place.is_new:
        data = with_value(data, spot.below(("store",)), store.name, place.path)
        if store.kind != "ClusterSecretStore":
            data = with_value(data, spot.below(("storeKind",)), store.kind, place.path)
    for key, remote in remotes.items():
        for name, value in remote.written.items():
            if place.form == "values":
                data = with_value(data, spot.below(("data", key, name)), as_text(value), place.path)
            else:
                path = f"spec.data[secretKey={key}].{shown([Key('remoteRef'), Key(name)])}"
                data = add_value(data, path, value, place.path, spot.document)
    return data


def planned_files(place: SecretPlace, after: bytes) -> tuple[PlannedFile, ...]:
    """The files that change with a place."""
    return PlannedFile(place.repository, place.path, place.before, after), *place.also
