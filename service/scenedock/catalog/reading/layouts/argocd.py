"""Argo CD: Applications whose chart comes from elsewhere, and those of folders that have none."""

from __future__ import annotations

from scenedock.catalog.reading.argo.application_units import settled
from scenedock.catalog.reading.argo.applications import API_GROUP, read_applications
from scenedock.catalog.reading.layouts.shape import Given, Layout, LayoutFacts


def _read(given: Given) -> LayoutFacts:
    documents = ((each.place, each.value) for path in given.documents for each in given.documents[path])
    read = read_applications(documents, given.repositories)
    return LayoutFacts(settled(read.units), tuple(read.seen), tuple(read.findings), tuple(read.applications))


ARGOCD = Layout("argocd", _read, marks=(API_GROUP.encode(),))
