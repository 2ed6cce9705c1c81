"""All layouts, and what they say together."""

from __future__ import annotations

from collections.abc import Collection

from scenedock.catalog.reading.layouts.argocd import ARGOCD
from scenedock.catalog.reading.layouts.fleet import FLEET
from scenedock.catalog.reading.layouts.flux import FLUX
from scenedock.catalog.reading.layouts.helmfile import HELMFILE
from scenedock.catalog.reading.layouts.kustomize import KUSTOMIZE
from scenedock.catalog.reading.layouts.shape import Given, Layout, LayoutFacts

LAYOUTS: tuple[Layout, ...] = (ARGOCD, FLUX, KUSTOMIZE, HELMFILE, FLEET)


def read_layouts(given: Given, switched_off: Collection[str] = ()) -> LayoutFacts:
    """What all layouts say of a repository; those that are switched off have only the units of its charts."""
    said = [(layout, layout.read(given)) for layout in LAYOUTS]
    return LayoutFacts(
        units=tuple(
            unit
            for layout, facts in said
            for unit in facts.units
            if layout.name not in switched_off or given.here.charts.intersection((unit.path, *unit.folders))
        ),
        deployed=tuple(each for _, facts in said for each in facts.deployed),
        findings=tuple(each for _, facts in said for each in facts.findings),
        applications=tuple(each for _, facts in said for each in facts.applications),
    )
