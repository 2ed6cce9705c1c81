"""Flux: HelmReleases and Kustomizations."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scenedock.catalog.reading.layouts.shape import Given, Layout, LayoutFacts
from scenedock.catalog.reading.sources import Manifest
from scenedock.model.helm import Deployed
from scenedock.model.json import as_text, value_at

_RELEASES = "helm.toolkit.fluxcd.io/"
_KUSTOMIZATIONS = "kustomize.toolkit.fluxcd.io/"


def _read(given: Given) -> LayoutFacts:
    documents = (each for path in given.documents for each in given.documents[path])
    return LayoutFacts(deployed=tuple(_deployed(documents)))


def _deployed(documents: Iterator[Manifest]) -> Iterator[Deployed]:
    for each in documents:
        version, kind = as_text(each.value.get("apiVersion")), each.value.get("kind")
        name, here = as_text(value_at(each.value, ("metadata", "name"))), posixpath.dirname(each.place.path)
        if kind == "HelmRelease" and version.startswith(_RELEASES):
            yield Deployed("Flux HelmRelease", name, each.place, ((each.place.repository, here),))
        elif kind == "Kustomization" and version.startswith(_KUSTOMIZATIONS):
            path = as_text(value_at(each.value, ("spec", "path")))
            folder = posixpath.normpath(path).lstrip("/").removeprefix(".") if path else here
            yield Deployed("Flux Kustomization", name, each.place, ((each.place.repository, folder),))


FLUX = Layout("flux", _read, marks=(b"toolkit.fluxcd.io/",))
