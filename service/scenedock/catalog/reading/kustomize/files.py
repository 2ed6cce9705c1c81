"""kustomization.yaml, as facts: what it takes, and what it changes of that."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from scenedock.catalog.reading.kustomize.patching import Patch, patches_in
from scenedock.documents.scalars import HELM
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass, field

_LABELS = ("labels", "commonLabels", "commonAnnotations", "transformers")
"""The keys by which a kustomization adds labels and annotations."""


@dataclass(frozen=True, slots=True)
class ImageChange:
    """An item of `images`: the image `name` gets another name, or the tag that is written `at` some keys.

    Of a tag with a digest beside it the digest is what runs: both together are the tag. Without both, a tag may get a
    `suffix`.
    """

    name: str
    new_name: str
    tag: str
    at: tuple[str | int, ...]
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class InflatedChart:
    """An item of `helmCharts`, the one of this `number`; `values_files` are relative to the kustomization."""

    name: str
    release: str
    namespace: str
    remote: bool
    version: str = ""
    number: int = 0
    values_files: tuple[str, ...] = ()
    values: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kustomization:
    """What the kustomization of a folder says; paths as they are written, relative to the folder.

    `generated` has the files of each ConfigMap that it generates, by key, empty where the key is a literal; `secrets`
    are the names of the Secrets. `setters` are what else may change images: its `replacements` and `transformers`,
    each item as it is written. `labels` says that it adds labels or annotations.
    """

    folder: str
    place: Place
    is_component: bool = False
    resources: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    namespace: str = ""
    prefix: str = ""
    suffix: str = ""
    patches: tuple[Patch, ...] = ()
    images: tuple[ImageChange, ...] = ()
    charts: tuple[InflatedChart, ...] = ()
    generated: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    setters: tuple[Json, ...] = ()
    labels: bool = False


def read_kustomization(folder: str, place: Place, document: JsonObject) -> Kustomization:
    """The facts of a kustomization; whatever is written in another form than Kustomize's says nothing."""
    return Kustomization(
        folder,
        place,
        is_component=document.get("kind") == "Component",
        resources=_texts(document, "resources", "bases"),
        components=_texts(document, "components"),
        namespace=as_text(document.get("namespace")),
        prefix=as_text(document.get("namePrefix")),
        suffix=as_text(document.get("nameSuffix")),
        patches=tuple(patches_in(document)),
        images=tuple(image_changes(document)),
        charts=tuple(_charts(document)),
        generated=dict(_generated(document)),
        secrets=tuple(as_text(as_object(each).get("name")) for each in as_list(document.get("secretGenerator"))),
        setters=(*as_list(document.get("replacements")), *as_list(document.get("transformers"))),
        labels=any(document.get(key) for key in _LABELS),
    )


def image_changes(document: JsonObject, root: tuple[str, ...] = ()) -> Iterator[ImageChange]:
    """The items of `images`, of a kustomization or of Flux's, which has them below a `root`."""
    for number, item in enumerate(map(as_object, as_list(document.get("images")))):
        if name := as_text(item.get("name")):
            tag, digest = text_of(item.get("newTag")), text_of(item.get("digest"))
            said = f"{tag}@{digest}" if tag and digest else tag or digest
            suffix = "" if said else text_of(item.get("tagSuffix"))
            key = "tagSuffix" if suffix else "newTag" if tag else "digest"
            yield ImageChange(name, as_text(item.get("newName")), said, (*root, "images", number, key), suffix)


def text_of(value: Json) -> str:
    """A scalar as Helm and Kustomize print it; empty for anything else."""
    return HELM.key(value).strip() if isinstance(value, (str, int, float)) else ""


def _charts(document: JsonObject) -> Iterator[InflatedChart]:
    for number, item in enumerate(map(as_object, as_list(document.get("helmCharts")))):
        if name := as_text(item.get("name")):
            files = (item.get("valuesFile"), *as_list(item.get("additionalValuesFiles")))
            yield InflatedChart(
                name,
                as_text(item.get("releaseName")) or name,
                as_text(item.get("namespace")),
                bool(as_text(item.get("repo"))),
                text_of(item.get("version")),
                number,
                tuple(filter(None, map(as_text, files))),
                as_object(item.get("valuesInline")),
            )


def _generated(document: JsonObject) -> Iterator[tuple[str, dict[str, str]]]:
    """The ConfigMaps that are made of files: `values.yaml=app-values.yaml`, or the file's own name as the key.

    What a literal says is in no file: its key has an empty one.
    """
    for item in map(as_object, as_list(document.get("configMapGenerator"))):
        files: dict[str, str] = {}
        for text in map(as_text, as_list(item.get("files"))):
            key, given, path = text.rpartition("=")
            files[key if given else posixpath.basename(text)] = path
        files |= {text.partition("=")[0]: "" for text in map(as_text, as_list(item.get("literals")))}
        if name := as_text(item.get("name")):
            yield name, files


def _texts(document: Json, *keys: str) -> tuple[str, ...]:
    items = (item for key in keys for item in as_list(as_object(document).get(key)))
    return tuple(filter(None, map(as_text, items)))


def resolve(folder: str, text: str) -> str | None:
    """The path that a kustomization means; None where it leads out of the repository or elsewhere."""
    if is_remote(text) or text.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(folder, text))
    if path == ".":
        return ""
    return None if path == ".." or path.startswith("../") else path


def is_remote(text: str) -> bool:
    """Whether what a kustomization takes is elsewhere: an address, or a git repository in Kustomize's short form.

    >>> [is_remote(text) for text in ("github.com/acme/base?ref=v1", "https://a.example/x.yaml", "../base", "a.b/c")]
    [True, True, False, False]
    """
    first = text.partition("/")[0]
    return "://" in text or text.startswith("git@") or "?ref=" in text or first in {"github.com", "gitlab.com"}
