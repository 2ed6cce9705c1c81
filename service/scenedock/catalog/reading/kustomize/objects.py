"""The Kubernetes objects in the files that a kustomization takes, reduced to what the catalog needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scenedock.catalog.vocabulary.formats import is_kind
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.model.units import UnitImage, Written
from scenedock.structs import dataclass, field, replace

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
GROUPS = frozenset({"containers", "initContainers"})
"""The lists of containers in a workload."""
_IMAGE = re.compile(r"(?P<name>[^@\s]+?)(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]*))?(?P<digest>@sha256:[0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class KubernetesObject:
    """One object: `folder` is that of the kustomization which takes it, or of its file where none does.

    `document` is whole for Flux's objects and for ConfigMaps that may hold values, else only what names the object.
    `names` are those that it had in turn, the first as it is written. `chain` are the folders of the kustomizations
    that it went through, from its own on. `patched_by` are the patches that changed it. `unclear` says why its images
    may be others; `is_labelled` that a kustomization has added labels or annotations, which aren't in the document.
    """

    document: JsonObject
    place: Place
    folder: str
    namespace: str = ""
    names: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    images: tuple[UnitImage, ...] = field(default=(), compare=False)
    patched_by: tuple[Written, ...] = ()
    unclear: str = field(default="", compare=False)
    is_labelled: bool = field(default=False, compare=False)

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
        images=tuple(images_of_workload(Written(place), document)),
    )


def _is_whole(document: JsonObject, version: str) -> bool:
    if FLUX in version or document.get("kind") in _SOURCES:
        return True
    values = as_object(document.get("data"))
    return document.get("kind") == "ConfigMap" and any(key.endswith((".yaml", ".yml")) for key in values)


def images_of_workload(written: Written, document: JsonObject) -> Iterator[UnitImage]:
    """The images of a workload's containers; `written` is the document, or the text of a patch."""
    for path in _POD_SPECS:
        pod = as_object(value_at(document, path))
        for group in sorted(GROUPS):
            for number, container in enumerate(map(as_object, as_list(pod.get(group)))):
                if found := image_of(as_text(container.get("image"))):
                    at: tuple[str | int, ...] = (*path, group, number)
                    keys = (*at, "image")
                    there = replace(written, inner=keys) if written.keys else replace(written, keys=keys)
                    yield UnitImage(as_text(container.get("name")), *found, there, at=at)


def image_of(text: str) -> tuple[str, str] | None:
    """The repository and the tag of an image, the tag with its digest, or a digest alone; None for other text.

    A variable in it is left as it is: what has one is no tag. In front of its name it is a registry's or an owner's.
    """
    if "$" in text:
        head, slash, last = text.rpartition("/")
        name, _, tag = last.partition("@")[0].partition(":")
        return f"{head}{slash}{name}", tag or ("$" if "$" in last else "")
    found = _IMAGE.fullmatch(text)
    return (found["name"], f"{found['tag'] or ''}{found['digest'] or ''}".lstrip("@")) if found else None
