"""Argo CD: Applications of charts from elsewhere and of folders without one; what deploys charts of the run besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scenedock.catalog.reading.argo.application_units import settled
from scenedock.catalog.reading.argo.applications import API_GROUP, read_applications
from scenedock.catalog.reading.layouts.shape import Given, Layout, LayoutFacts
from scenedock.model.json import as_text
from scenedock.model.units import Unit


def _read(given: Given) -> LayoutFacts:
    documents = (each for path in given.documents for each in given.documents[path])
    read = read_applications(documents, given.repositories)
    units = settled(_without_parents(given, read.units))
    return LayoutFacts(units, tuple(read.seen), tuple(read.findings), tuple(read.applications))


def _without_parents(given: Given, units: list[Unit]) -> Iterator[Unit]:
    """The units without those of folders that hold nothing but Argo CD's own manifests: an app of apps."""
    for unit in units:
        files = tuple(path for path in unit.manifests if not _is_argo(given, path))
        if unit.chart or files:
            yield replace(unit, manifests=files)


def _is_argo(given: Given, path: str) -> bool:
    documents = given.documents.get(path, ())
    return any(as_text(each.value.get("apiVersion")).startswith(f"{API_GROUP}/") for each in documents)


ARGOCD = Layout("argocd", _read, marks=(API_GROUP.encode(),))
