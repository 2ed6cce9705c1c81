"""The documents of the files that some layout looks at. A quick look at name and bytes decides which are parsed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from scenedock.catalog.reading.layouts.table import LAYOUTS, is_named
from scenedock.catalog.reading.layouts.templates import read_template
from scenedock.catalog.reading.sources import Manifest
from scenedock.documents.reading import DocumentError, as_utf8, conflict_in, read_documents
from scenedock.model.finding import Finding, Place
from scenedock.model.json import as_object
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """What a file says: its documents, if any layout looks at it, or what is wrong with it."""

    documents: tuple[Manifest, ...] = ()
    finding: Finding | None = None


NOTHING = ManifestFile()
UNREADABLE_MANIFEST = "unreadable-manifest"
"""The code of the finding for a manifest that is not YAML."""


def read_manifest_file(place: Place, data: bytes) -> ManifestFile:
    """The documents of a file; `place` is the file's.

    A template is no mistake: its documents are what is literal in it; but one with a conflict is. A file that a merge
    has left with conflicts may be a manifest, whatever is left of it.
    """
    with suppress(DocumentError):
        data = as_utf8(data)
    marked = [layout for layout in LAYOUTS if any(mark in data for mark in layout.marks)]
    is_looked_at = bool(marked) or is_named(place.path)
    if not is_looked_at and (b"{{" in data or conflict_in(data) is None):
        return NOTHING
    try:
        documents = read_documents(data)
    except DocumentError as error:
        if b"{{" in data and conflict_in(data) is None:
            reads_templates = any(layout.reads_templates for layout in marked)
            return ManifestFile(tuple(_of_template(place, data))) if reads_templates else NOTHING
        said, here = f"not used as evidence: {error}", Place(place.repository, place.path, error.line)
        remedy = "Fix the YAML; the tool that deploys it can't read the file, either."
        return ManifestFile(finding=Finding("warning", UNREADABLE_MANIFEST, said, here, remedy))
    if not is_looked_at:
        return NOTHING
    return ManifestFile(
        tuple(
            Manifest(Place(place.repository, place.path, document.line), as_object(document.value))
            for document in documents
        )
    )


def _of_template(place: Place, data: bytes) -> Iterator[Manifest]:
    """The manifests in a template."""
    for each in read_template(data):
        here = Place(place.repository, place.path, each.line)
        yield Manifest(here, as_object(each.value), is_template=True, requires=each.requires)
