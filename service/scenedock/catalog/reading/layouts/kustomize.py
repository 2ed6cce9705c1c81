"""Kustomize: bases with their overlays, and folders of manifests that a kustomization puts together."""

from __future__ import annotations

import posixpath

from scenedock.catalog.reading.kustomize.files import KUSTOMIZATIONS
from scenedock.catalog.reading.layouts.kustomizations import evaluate
from scenedock.catalog.reading.layouts.shape import Given, Layout, LayoutFacts

_KIND = "Kustomize folder"


def _read(given: Given) -> LayoutFacts:
    found = evaluate(given)
    units = tuple(unit for unit in found.units if unit.kind == _KIND)
    return LayoutFacts(units, tuple(each for each in found.deployed if each.kind == _KIND), found.findings)


KUSTOMIZE = Layout("kustomize", _read, has_file=lambda path: posixpath.basename(path) in KUSTOMIZATIONS)
