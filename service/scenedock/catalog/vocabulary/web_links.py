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


def drop_unsafe_links(document: JsonObject, place_of: Callable[[Path], Place]) -> tuple[JsonObject, list[Finding]]:
    """An entity without links that are no address for a browser, and an error for each of them.

    `place_of` says where a path of the document was read.
    """
    metadata: dict[str, Json] = dict(as_object(document.get("metadata")))
    links, annotations = as_list(metadata.get("links")), as_object(metadata.get("annotations"))
    unsafe: list[Path] = [
        ("metadata", "links", number, "url")
        for number, link in enumerate(links)
        if isinstance(url := as_object(link).get("url"), str) and not is_web_link(url)
    ]
    unsafe += [("metadata", "annotations", name) for name in unsafe_annotations(annotations)]
    if not unsafe:
        return document, []
    metadata["links"] = [
        link for number, link in enumerate(links) if ("metadata", "links", number, "url") not in unsafe
    ]
    metadata["annotations"] = {
        name: value for name, value in annotations.items() if ("metadata", "annotations", name) not in unsafe
    }
    kept = {key: value for key, value in metadata.items() if value or key not in {"links", "annotations"}}
    findings = [
        Finding("error", "unsafe-link", f"{shown(path)} {RULE}; it is left out", place_of(path), "Correct the link.")
        for path in unsafe
    ]
    return {**document, "metadata": kept}, findings
