"""What rendered manifests prove: which image is a service's own, and whether a version is the one that is deployed.

Where values name several images that may be a service's own, each tag is marked, the chart is rendered, and the marks
are looked for in the pods.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import reduce
from typing import Final

from scenedock.documents.merging import merge_values
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.releases.deployed import Deployed
from scenedock.releases.images import Image, Keys, split_reference, text_of
from scenedock.releases.release import Chosen, Release
from scenedock.structs import dataclass

_LASTING: Final = frozenset({"DaemonSet", "Deployment", "Pod", "ReplicaSet", "Rollout", "StatefulSet"})
_DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"
_DIGEST: Final = "sha256:"
_LONGEST_TAG: Final = 128


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a workload that was rendered; `is_main` says whether its pod names it as the default one."""

    kind: str
    workload: str
    name: str
    image: str
    is_main: bool

    def __str__(self) -> str:
        """`web of Deployment billing`."""
        return f"{self.name} of {self.kind} {self.workload}"


def marked(deployed: Deployed, candidates: Sequence[Image]) -> tuple[JsonObject, dict[str, Image]]:
    """Values that give each candidate a tag of its own when they are merged last, and the candidates by its end."""
    merged: JsonObject = reduce(merge_values, (layer.values for layer in deployed.all_layers), as_object({}))
    marks = {}
    values: Json = merged
    for number, image in enumerate(candidates):
        mark, tag = _mark(image.tag, number)
        marks[mark] = image
        whole = text_of(value_at(merged, image.keys))  # the tag, or a reference that ends with it
        values = _with(values, image.keys, whole.removesuffix(image.tag) + tag)
    changed = {str(image.keys[0]) for image in candidates}
    return {key: value for key, value in as_object(values).items() if key in changed}, marks


def own_image(
    manifests: Iterable[JsonObject], marks: dict[str, Image], names: Collection[str], release: str = ""
) -> Chosen:
    """The candidate in the main container of the service's own workload; none, with the reason, where two may be that.

    `names` are those of the service, in lower case; of several workloads with such names, the one called like the
    `release` counts. Init containers don't count, and jobs only where nothing lasts.
    """
    found = [
        (container, image)
        for container in containers_of(manifests)
        for mark, image in marks.items()
        if re.search(rf"{re.escape(mark)}(?!\d)", container.image)
    ]
    lasting = [each for each in found if each[0].kind in _LASTING] or found
    if not lasting:
        return Chosen(None, "rendered, none of them is in a container")
    own = [each for each in lasting if each[0].workload.lower() in names]
    main = [each for each in own if each[0].is_main or each[0].name.lower() in names]
    called = [each for each in main if release and each[0].workload == release]
    for left in (lasting, own, main, called):
        if len({image.tag for _, image in left}) == 1:
            container, image = left[0]
            if not image.tag and not any(container.image.endswith(mark) for mark in marks):
                return Chosen(None, f"rendered, something else sets the tag of {image.repository} in {container}")
            return Chosen(image)
    places = dict.fromkeys(f"{image.tag or 'no tag'} in {container}" for container, image in lasting)
    return Chosen(None, f"rendered, {' and '.join(list(places)[:4])}")


def containers_of(manifests: Iterable[JsonObject]) -> Iterator[Container]:
    """The containers of all workloads, without init containers."""
    for manifest in manifests:
        kind, name = as_text(manifest.get("kind")), as_text(as_object(manifest.get("metadata")).get("name"))
        if kind == "List":
            yield from containers_of(map(as_object, as_list(manifest.get("items"))))
            continue
        pod = as_object(manifest) if kind == "Pod" else _pod_of(as_object(manifest.get("spec")))
        containers = list(map(as_object, as_list(as_object(pod.get("spec")).get("containers"))))
        default = value_at(pod, ("metadata", "annotations", _DEFAULT_CONTAINER))
        for each in containers:
            word = as_text(each.get("name"))
            is_main = len(containers) == 1 or word == default
            yield Container(kind, name, word, as_text(each.get("image")), is_main)


def images_of(value: Json) -> Iterator[str]:
    """All images that rendered manifests name, in whatever kind: the texts under a key `image`."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "image" and isinstance(below, str):
                yield below
            else:
                yield from images_of(below)
    elif isinstance(value, list):
        for item in value:
            yield from images_of(item)


def is_deployed(release: Release, images: Iterable[str]) -> bool:
    """Whether one of these images has the version; of the release's own repository, if both say one.

    A template may put a registry before the repository, or a name behind it, and a `v` before a version.
    """
    version, name = (release.version or "").removeprefix("v"), release.image.rpartition("/")[2]
    for image in images:
        repository, tag = split_reference(image)
        is_named = repository.rpartition("/")[2] == name or repository.startswith(f"{release.image}/")
        if (is_named or not name) and version in {tag.removeprefix("v"), tag.partition("@")[0].removeprefix("v")}:
            return True
    return False


def is_changed_by(images: Collection[str], changed: Iterable[str], tag: str, mark: str) -> bool:
    """Whether one of these images has the tag as a part of its own: with the mark behind it, it is a `changed` one."""
    return any(f"{tag}{mark}" in each and each.replace(mark, "") in images for each in changed)


def _pod_of(spec: JsonObject) -> JsonObject:
    """The template of the pods of a workload; of a cron job, that of its jobs."""
    template = as_object(spec.get("template"))
    return template or as_object(as_object(as_object(spec.get("jobTemplate")).get("spec")).get("template"))


def _mark(tag: str, number: int) -> tuple[str, str]:
    """The end of a tag that nothing else has, and a tag with it, of the same form: charts compare versions."""
    plain, is_digest, _ = tag.partition(_DIGEST)
    if is_digest:
        end = f"{number:064x}"
        return end, f"{plain}{_DIGEST}{end}"
    end = f"-scenedock.{number}"
    return end, f"{tag[: _LONGEST_TAG - len(end)]}{end}"


def _with(value: Json, keys: Keys, new: str) -> Json:
    """A value with another text at a path, and otherwise the same."""
    if not keys:
        return new
    if isinstance(value, list) and isinstance(keys[0], int):
        return [_with(item, keys[1:], new) if number == keys[0] else item for number, item in enumerate(value)]
    below = as_object(value)
    return {**below, str(keys[0]): _with(below.get(str(keys[0])), keys[1:], new)}
