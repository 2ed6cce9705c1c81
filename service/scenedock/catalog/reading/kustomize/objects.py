"""The Kubernetes objects in the files that a kustomization takes, reduced to what the catalog needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from scenedock.catalog.vocabulary.formats import is_kind
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.model.units import UnitImage, Written

HELM_RELEASE = "HelmRelease"
FLUX_KUSTOMIZATION = "Kustomization"
FLUX = "toolkit.fluxcd.io/"
KUSTOMIZE_GROUP = "kustomize.config.k8s.io/"

_SOURCES = frozenset({"GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket", "ArtifactGenerator"})
_POD_SPECS: tuple[tuple[str, ...], ...] = (
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
    ("spec",),
)
_IMAGE = re.compile(r"(?P<name>[^@\s]+?)(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]*))?(?P<digest>@sha256:[0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class KubernetesObject:
    """One object: `folder` is that of the kustomization which takes it, or of its file where none does.

    `document` is whole for Flux's objects and for ConfigMaps that may hold values, else only what names the object.
    `names` are those that it had in turn, the first as it is written. `chain` are the folders of the kustomizations
    that it went through, from its own on. `patched_by` are the patches that changed it.
    """

    document: JsonObject
    place: Place
    folder: str
    namespace: str = ""
    names: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    images: tuple[UnitImage, ...] = field(default=(), compare=False)
    patched_by: tuple[Written, ...] = ()

    @property
    def kind(self) -> str:
        """Its kind."""
        return as_text(self.document.get("kind"))

    @property
    def name(self) -> str:
        """Its name as it is written."""
        return self.names[0] if self.names else ""

    @property
    def is_flux(self) -> bool:
        """Whether it is one of Flux's own."""
        return FLUX in as_text(self.document.get("apiVersion")) or "extensions.fluxcd.io/" in as_text(
            self.document.get("apiVersion")
        )

    @property
    def is_release(self) -> bool:
        """Whether it is a HelmRelease of Flux."""
        return self.kind == HELM_RELEASE and self.is_flux

    @property
    def is_flux_kustomization(self) -> bool:
        """Whether it is a Kustomization of Flux."""
        return self.kind == FLUX_KUSTOMIZATION and self.is_flux


def objects_in(place: Place, document: JsonObject, folder: str) -> Iterator[KubernetesObject]:
    """The objects of one document, which may be a list of them."""
    if document.get("kind") == "List" and document.get("apiVersion") == "v1":
        for item in map(as_object, as_list(document.get("items"))):
            yield from objects_in(place, item, folder) if item.get("kind") != "List" else ()
        return
    kind, version, metadata = document.get("kind"), as_text(document.get("apiVersion")), document.get("metadata")
    if not is_kind(as_text(kind)) or not version or version.startswith(KUSTOMIZE_GROUP):
        return
    named = as_object(metadata)
    reduced: dict[str, object] = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {key: named.get(key) for key in ("name", "namespace", "labels", "annotations")},
    }
    yield KubernetesObject(
        document if _is_whole(document, version) else reduced,  # type: ignore[arg-type]
        place,
        folder,
        as_text(named.get("namespace")),
        (as_text(named.get("name")),),
        images=tuple(images_of_workload(place, document)),
    )


def with_images_of(one: KubernetesObject, place: Place, patch: JsonObject) -> KubernetesObject:
    """A workload with the images that a patch gives to its containers."""
    patched = {image.container: image for image in images_of_workload(place, patch)}
    if not patched:
        return one
    return replace(one, images=tuple(patched.get(image.container, image) for image in one.images))


def _is_whole(document: JsonObject, version: str) -> bool:
    if FLUX in version or document.get("kind") in _SOURCES:
        return True
    values = as_object(document.get("data"))
    return document.get("kind") == "ConfigMap" and any(key.endswith((".yaml", ".yml")) for key in values)


def images_of_workload(place: Place, document: JsonObject) -> Iterator[UnitImage]:
    """The images of a workload's containers."""
    for path in _POD_SPECS:
        pod = as_object(value_at(document, path))
        for group in ("containers", "initContainers"):
            for number, container in enumerate(map(as_object, as_list(pod.get(group)))):
                found = _IMAGE.fullmatch(as_text(container.get("image")))
                if found:
                    tag = (found["tag"] or "") + (found["digest"] or "")
                    keys = (*path, group, number, "image")
                    written = Written(place, keys)
                    yield UnitImage(as_text(container.get("name")), found["name"], tag, written)
