"""Lines that an automation writes: a person's edit of them is overwritten, or in its way."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from scenedock.model.json import JsonObject, as_object, as_text, value_at
from scenedock.releases.images import split_reference

_FLUX = re.compile(r"#.*\{\s*\"\$imagepolicy\"\s*:\s*\"([^\"]+)\"")
_RENOVATE = re.compile(r"#\s*renovate:")
_IMAGE_LIST = "argocd-image-updater.argoproj.io/image-list"


def writer_of_line(data: bytes, line: int | None) -> str:
    """What writes a line of a file, as comments say; empty if nothing does."""
    return writer_in(data.decode("utf-8", "replace").splitlines(), line) if line else ""


def writer_in(lines: Sequence[str], line: int) -> str:
    """What writes one of the lines of a file."""
    if not 0 < line <= len(lines):
        return ""
    if found := _FLUX.search(lines[line - 1]):
        return f"Flux's image automation, by the policy {found[1]}"
    above = lines[line - 2] if line > 1 and lines[line - 2].lstrip().startswith("#") else ""
    if _RENOVATE.search(lines[line - 1]) or _RENOVATE.search(above):
        return "Renovate, as its comment says"
    return ""


def writer_of_image(path: str, application: JsonObject, image: str) -> str:
    """What writes the version of an image of an Application; empty if nothing does.

    `path` is the file that has it: Argo CD Image Updater has files of its own. Else its annotation names the images.
    """
    if posixpath.basename(path).startswith(".argocd-source"):
        return "Argo CD Image Updater, in a file of its own"
    listed = as_text(as_object(value_at(application, ("metadata", "annotations"))).get(_IMAGE_LIST))
    for each in listed.split(","):
        name = each.strip().rpartition("=")[2]
        named, _ = split_reference(name)
        if named and image and f"/{image}".endswith(f"/{named}"):
            return f"Argo CD Image Updater, as the annotation {_IMAGE_LIST} says"
    return ""
