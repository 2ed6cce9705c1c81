"""The documents of the files that some layout looks at. A quick look at name and bytes decides which are parsed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scenedock.catalog.reading.layouts.shape import Layout
from scenedock.catalog.reading.layouts.templates import read_template
from scenedock.catalog.reading.sources import Manifest
from scenedock.documents.reading import DocumentError, read_documents
from scenedock.model.finding import Finding, Place
from scenedock.model.json import as_object


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """What a file says: its documents, if any layout looks at it, or what is wrong with it."""

    documents: tuple[Manifest, ...] = ()
    finding: Finding | None = None


NOTHING = ManifestFile()
UNREADABLE_MANIFEST = "unreadable-manifest"
"""The code of the finding for a manifest that is no YAML."""


def read_manifest_file(layouts: tuple[Layout, ...], place: Place, data: bytes) -> ManifestFile:
    """The documents of a file; `place` is the file's.

    A template is no mistake: its documents are what is literal in it.
    """
    if not _is_looked_at(layouts, place.path, data):
        return NOTHING
    try:
        documents = read_documents(data)
    except DocumentError as error:
        if b"{{" in data:
            return ManifestFile(tuple(_of_template(layouts, place, data)))
        said, here = f"not used as evidence: {error}", Place(place.repository, place.path, error.line)
        remedy = "Fix the YAML; the tool that deploys it can't read the file, either."
        return ManifestFile(finding=Finding("warning", UNREADABLE_MANIFEST, said, here, remedy))
    return ManifestFile(
        tuple(
            Manifest(Place(place.repository, place.path, document.line), as_object(document.value))
            for document in documents
        )
    )


def _of_template(layouts: tuple[Layout, ...], place: Place, data: bytes) -> Iterator[Manifest]:
    """The manifests in a template, where a layout reads these."""
    if any(layout.reads_templates and mark in data for layout in layouts for mark in layout.marks):
        for each in read_template(data):
            here = Place(place.repository, place.path, each.line)
            yield Manifest(here, as_object(each.value), is_template=True, requires=each.requires)


def is_named(layouts: tuple[Layout, ...], path: str) -> bool:
    """Whether a layout looks at a file for its name, whatever is in it."""
    return any(layout.has_file(path) for layout in layouts)


def _is_looked_at(layouts: tuple[Layout, ...], path: str, data: bytes) -> bool:
    return any(mark in data for layout in layouts for mark in layout.marks) or is_named(layouts, path)
