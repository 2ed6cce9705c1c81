"""Links that Backstage shows: only those that a browser opens, and none that it would run (`javascript:`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scenedock.catalog.vocabulary.formats import well_formed
from scenedock.documents.problems import Path, shown
from scenedock.model.finding import Finding, Place
from scenedock.model.json import Json, JsonObject, as_list, as_object

RULE = "must be an address that begins with https:, http: or mailto:"

_PROTOCOLS = frozenset({"https:", "http:", "mailto:"})
_ANNOTATIONS = ("backstage.io/view-url", "backstage.io/edit-url")


def is_web_link(text: str) -> bool:
    """Whether a text is an address for a browser or a mail program: browsers ignore tabs in `javascript:`."""
    from can_ada import parse

    try:
        return parse(well_formed(text)).protocol in _PROTOCOLS
    except ValueError:
        return False


def unsafe_annotations(annotations: JsonObject) -> Iterator[str]:
    """The annotations that Backstage shows as links and that are no address for a browser."""
    for name in _ANNOTATIONS:
        if name in annotations and isinstance(value := annotations[name], str) and not is_web_link(value):
            yield name


def unsafe_links(entity: JsonObject) -> Iterator[Path]:
    """The paths of the links of an entity that are no address for a browser."""
    metadata = as_object(entity.get("metadata"))
    for number, link in enumerate(as_list(metadata.get("links"))):
        if isinstance(url := as_object(link).get("url"), str) and not is_web_link(url):
            yield "metadata", "links", number, "url"
    yield from (
        ("metadata", "annotations", name) for name in unsafe_annotations(as_object(metadata.get("annotations")))
    )


def drop_unsafe_links(entity: JsonObject, place_of: Callable[[Path], Place]) -> tuple[JsonObject, list[Finding]]:
    """The entity without links that are no address for a browser, and an error for each of them.

    `place_of` says where a path of the entity was read.
    """
    unsafe = list(unsafe_links(entity))
    if not unsafe:
        return entity, []
    metadata: dict[str, Json] = dict(as_object(entity.get("metadata")))
    links, annotations = as_list(metadata.pop("links", None)), as_object(metadata.pop("annotations", None))
    if safe := [each for number, each in enumerate(links) if ("metadata", "links", number, "url") not in unsafe]:
        metadata["links"] = safe
    names = {name for name in annotations if ("metadata", "annotations", name) not in unsafe}
    if names:
        metadata["annotations"] = {name: value for name, value in annotations.items() if name in names}
    findings = [
        Finding("error", "unsafe-link", f"{shown(path)} {RULE}; it is left out", place_of(path), "Correct the link.")
        for path in unsafe
    ]
    return {**entity, "metadata": metadata}, findings
