"""What patches and `images` make of the images of workloads; and where something else may, which isn't followed.

Source: Kustomize, "patches", "images", "replacements", "transformers"; RFC 6902, JSON Patch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scenedock.catalog.reading.kustomize.files import ImageChange
from scenedock.catalog.reading.kustomize.objects import GROUPS, KubernetesObject, image_of, images_of_workload
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.model.units import UnitImage, Written
from scenedock.structs import replace

_DIRECTIVE = "$patch"
_HOLDS_IMAGES = re.compile(
    r"/(?:spec|template|jobTemplate|containers|initContainers)(?:/(?:[0-9]+|-))?(?![\w/-])"
    r"|\b(?:containers|initContainers)['\"]?:\s*(?:null|None|\[\])"
)
"""The path of an operation that leads to a container, or to what holds one; or a patch without any."""
_MOST_OPERATIONS = 1000
_MOST_KEYS = 50
"""Of an operation's path; those of containers are shorter."""


def with_patched_images(one: KubernetesObject, written: Written, patch: Json) -> KubernetesObject:
    """A workload with the images that a patch gives to its containers; unclear where that isn't followed."""
    if not one.images or one.unclear:
        return one
    if isinstance(patch, list):
        return _operated(one, written, patch)
    document = as_object(patch)
    patched = {image.container: image for image in images_of_workload(written, document)}
    containers = list(_containers(document))
    gone = {as_text(each.get("name")) for each in containers if each.get(_DIRECTIVE) == "delete"}
    is_followed = _directives(document.get("spec")) == len(gone) and all(
        as_text(each.get("name")) in patched for each in containers if "image" in each and _DIRECTIVE not in each
    )
    if not is_followed:
        return replace(one, unclear=_unclear(written.place, "a patch changes its containers"))
    known = {image.container for image in one.images}
    repositories = {image.repository for image in one.images}
    if _without_containers(document) or any(
        name not in known and image.repository in repositories for name, image in patched.items()
    ):
        return replace(one, unclear=_unclear(written.place, "a patch changes its containers"))
    moves = bool(gone) or any(as_text(each.get("name")) not in known for each in containers)
    images = [
        replace(patched.get(image.container, image), at=() if moves else image.at)
        for image in one.images
        if image.container not in gone
    ]
    return replace(one, images=tuple(images))


def _operated(one: KubernetesObject, written: Written, operations: list[Json]) -> KubernetesObject:
    """A workload after the operations of a JSON patch."""
    images = one.images
    for number, operation in enumerate(map(as_object, operations)):
        made = _after(images, operation, _inside(written, number)) if number < _MOST_OPERATIONS else None
        if made is None:
            return replace(one, unclear=_unclear(written.place, "a patch changes its containers"))
        images = made
    return replace(one, images=images) if images != one.images else one


def _after(images: tuple[UnitImage, ...], operation: JsonObject, written: Written) -> tuple[UnitImage, ...] | None:
    """The images after one operation; None where it may change one, and nobody can tell to what."""
    kind = as_text(operation.get("op"))
    keys = _keys(operation, "path")
    taken = _keys(operation, "from") if kind == "move" else ()
    if kind == "test" or not keys:
        return images
    if GROUPS.isdisjoint({*keys, *taken}):
        is_above = any(_is_above(at, each) for at in (keys, taken) if at for each in images)
        return None if is_above else images
    if (kind == "add" and len(keys) > 1 and keys[-1] == "-" and keys[-2] in GROUPS) or _is_beside(keys, taken):
        return images
    found = image_of(as_text(operation.get("value"))) if kind in {"add", "replace"} else None
    at = next((n for n, each in enumerate(images) if (*map(str, each.at), "image") == keys and each.at), None)
    if found is None or at is None:
        return None
    changed = replace(images[at], repository=found[0], tag=found[1], written=written, shape="image: repo:tag")
    return (*images[:at], changed, *images[at + 1 :])


def _is_beside(keys: tuple[str, ...], taken: tuple[str, ...]) -> bool:
    """Whether an operation is about something of a container that isn't its image."""
    group = next((number for number, key in enumerate(keys) if key in GROUPS), len(keys))
    return len(keys) > group + 2 and keys[group + 2] != "image" and not taken


def _is_above(keys: tuple[str, ...], image: UnitImage) -> bool:
    """Whether some keys lead to what holds the container of an image, of which the place may be unknown."""
    whole = tuple(map(str, image.at)) or ("spec", "template", "spec")
    return whole[: len(keys)] == keys


def _keys(operation: JsonObject, name: str) -> tuple[str, ...]:
    return tuple(as_text(operation.get(name)).split("/", _MOST_KEYS)[1:])


def _inside(written: Written, number: int) -> Written:
    """Where the value of an operation is, of a patch that is a file, or a text at some keys."""
    keys = (number, "value")
    return replace(written, inner=keys) if written.keys else replace(written, keys=keys)


def _containers(document: JsonObject) -> Iterable[JsonObject]:
    """All that a patch says of containers, in any kind of workload."""
    pending: list[Json] = [document.get("spec")]
    while pending:
        below = as_object(pending.pop())
        for key in ("template", "jobTemplate", "spec"):
            pending += [below[key]] if key in below else []
        for group in GROUPS:
            yield from map(as_object, as_list(below.get(group)))


def _without_containers(document: JsonObject) -> bool:
    """Whether a patch removes a list of containers, or what holds it."""
    pending: list[tuple[JsonObject, str]] = [(document, "spec")]
    while pending:
        holder, key = pending.pop()
        if key in holder and holder[key] is None:
            return True
        below = as_object(holder.get(key))
        if any(group in below and below[group] is None for group in GROUPS):
            return True
        pending += ((below, each) for each in ("template", "jobTemplate", "spec") if each in below)
    return False


def _directives(value: Json) -> int:
    """How many directives of patches there are in a value."""
    count, pending = 0, [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            count += _DIRECTIVE in each
            pending += each.values()
        elif isinstance(each, list):
            pending += each
    return count


def with_changed_images(one: KubernetesObject, place: Place, changes: Iterable[ImageChange]) -> KubernetesObject:
    """An object with what the items of `images` make of its images; `place` is that of their document."""
    images = one.images
    for change in changes if images else ():
        images = tuple(_changed(each, change, place) if each.repository == change.name else each for each in images)
    return replace(one, images=images) if images != one.images else one


def _changed(image: UnitImage, change: ImageChange, place: Place) -> UnitImage:
    """An image with the name and the tag that an item of `images` gives it."""
    renamed = replace(image, repository=change.new_name or image.repository)
    tag = f"{image.tag.partition('@')[0]}{change.suffix}" if change.suffix else change.tag
    return replace(renamed, tag=tag, written=Written(place, change.at), shape="newTag") if tag else renamed


def may_set_images(value: Json) -> bool:
    """Whether something that isn't followed, such as a transformer, may change images by what it says.

    It may name none, and replace or remove a whole container, or what holds it.
    """
    said = str(value)
    return "image" in said.lower() or _DIRECTIVE in said or _HOLDS_IMAGES.search(said) is not None


def may_set_versions(value: Json) -> bool:
    """Whether a patch that isn't followed may change an image, or the version of a release's chart."""
    said = str(value)
    return may_set_images(value) or "'version'" in said or "/version'" in said


def with_unclear_images(one: KubernetesObject, place: Place, what: str, *, releases: bool = False) -> KubernetesObject:
    """A workload of which only Kustomize knows the images, or also one of Flux's `releases`."""
    has_images = bool(one.images) or (releases and one.is_release)
    return replace(one, unclear=_unclear(place, what)) if has_images and not one.unclear else one


def _unclear(place: Place, what: str) -> str:
    return f"{place.path}:{place.line}: {what}, which only Kustomize can tell"
