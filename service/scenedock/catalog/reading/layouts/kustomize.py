"""Kustomize: bases with their overlays, and folders of manifests that a kustomization puts together."""

from __future__ import annotations

from scenedock.catalog.reading.layouts.kustomizations import evaluate
from scenedock.catalog.reading.layouts.shape import Given, LayoutFacts

_KIND = "Kustomize folder"


def read(given: Given) -> LayoutFacts:
    """What Kustomize puts together."""
    found = evaluate(given)
    units = tuple(unit for unit in found.units if unit.kind == _KIND)
    return LayoutFacts(units, tuple(each for each in found.deployed if each.kind == _KIND), found.findings)
