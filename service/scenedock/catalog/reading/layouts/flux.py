"""Flux: HelmReleases, and folders of manifests that its Kustomizations deploy."""

from __future__ import annotations

from scenedock.catalog.reading.layouts.kustomizations import evaluate
from scenedock.catalog.reading.layouts.shape import Given, LayoutFacts

_KINDS = frozenset({"Flux HelmRelease", "Flux Kustomization"})


def read(given: Given) -> LayoutFacts:
    """What Flux deploys."""
    found = evaluate(given)
    units = tuple(unit for unit in found.units if unit.kind in _KINDS)
    return LayoutFacts(units, tuple(each for each in found.deployed if each.kind in _KINDS))
