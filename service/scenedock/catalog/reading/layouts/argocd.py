"""Argo CD: Applications of charts from elsewhere and of folders without one; what deploys charts of the run besides."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scenedock.catalog.reading.argo.application_units import settled
from scenedock.catalog.reading.argo.applications import API_GROUP, read_applications
from scenedock.catalog.reading.layouts.shape import Given, LayoutFacts
from scenedock.catalog.reading.sources import Manifest
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.model.json import as_text, value_at
from scenedock.model.units import Unit
from scenedock.structs import replace

_VALUES = re.compile(r"^[^/]*values[^/]*\.ya?ml$")


def read(given: Given) -> LayoutFacts:
    """What Argo CD deploys, but for charts of the run: what does, is among the applications."""
    documents = (each for path in given.documents for each in given.documents[path] if _is_enabled(given, each))
    read = read_applications(documents, given.repositories)
    units = settled(_without_parents(given, read.units))
    return LayoutFacts(units, tuple(read.seen), tuple(read.findings), tuple(read.applications))


def _without_parents(given: Given, units: list[Unit]) -> Iterator[Unit]:
    """The units without those of folders that hold nothing but Argo CD's own manifests: an app of apps.

    What a kustomization puts together is not known here, so such a folder has no manifests.
    """
    kept: dict[int, tuple[str, ...] | None] = {}  # many units of a set share the files of one folder
    for unit in units:
        if id(unit.manifests) not in kept:
            is_kustomized = any(posixpath.basename(path) in KUSTOMIZATIONS for path in unit.manifests)
            own = tuple(path for path in unit.manifests if not is_kustomized and not _is_argo(given, path))
            kept[id(unit.manifests)] = own if own or is_kustomized else None
        files = kept[id(unit.manifests)]
        if unit.chart or files is not None:
            yield replace(unit, manifests=files or ())


def _is_enabled(given: Given, manifest: Manifest) -> bool:
    """Whether some values file of its chart has all the values without which a template writes nothing."""
    if not manifest.requires:
        return True
    chart = given.here.deployment_folder(manifest.place.path)
    files = (path for path in given.here.below(chart) if _VALUES.match(path[len(chart) + 1 if chart else 0 :]))
    return any(
        all(value_at(values, key.split(".")) for key in manifest.requires) for values in map(given.here.read, files)
    )


def _is_argo(given: Given, path: str) -> bool:
    documents = given.documents.get(path, ())
    return any(as_text(each.value.get("apiVersion")).startswith(f"{API_GROUP}/") for each in documents)
