"""Rancher Fleet: each folder with a fleet.yaml is a bundle, of a chart, of Kustomize or of manifests.

Source: Fleet, "fleet.yaml" and "How Repo Contents are Scanned".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from scenedock.catalog.reading.layouts.shape import Given, LayoutFacts, chart_called
from scenedock.catalog.reading.layouts.table import FLEET_FILES
from scenedock.catalog.reading.plan import reason_in_name
from scenedock.catalog.reading.sources import Manifest
from scenedock.documents.merging import merge_values
from scenedock.errors import InputError
from scenedock.model.finding import Place
from scenedock.model.helm import Deployed
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.model.units import Unit

_KEYS = frozenset(
    """bundleSpecVersion correctDrift defaultNamespace deleteNamespace dependsOn diff driftCorrection helm ignore
    keepResources kustomize labels name namespace namespaceAnnotations namespaceLabels overrideTargets paused
    rolloutStrategy serviceAccount targetCustomizations targets yaml""".split()
)
_LABELS = ("environment", "env", "stage")


def read(given: Given) -> LayoutFacts:
    """What Fleet deploys."""
    bundles = {
        posixpath.dirname(path): bundle
        for path in given.here.files
        if _is_fleet(path) and not reason_in_name(posixpath.dirname(path).split("/"))
        if (bundle := _bundle(given, path)) and bundle.value.keys() <= _KEYS
    }
    units: list[Unit] = []
    seen: list[Deployed] = []
    for folder, bundle in bundles.items():
        mine = list(_units(given, folder, bundle, bundles))
        units.extend(mine)
        target = mine[0].path if mine else folder
        seen.append(Deployed("Fleet bundle", folder or ".", bundle.place, ((given.here.name, target),)))
    return LayoutFacts(tuple(units), tuple(seen))


def _bundle(given: Given, path: str) -> Manifest | None:
    """What a fleet.yaml says, which may be empty; None where it can't be read."""
    if documents := given.documents.get(path):
        return documents[0]
    try:
        is_empty = not any(line.strip() and not line.startswith(b"#") for line in given.read(path).splitlines())
    except InputError:
        return None
    return Manifest(Place(given.here.name, path), {}) if is_empty else None


def _is_fleet(path: str) -> bool:
    return posixpath.basename(path) in FLEET_FILES


def _units(given: Given, folder: str, bundle: Manifest, bundles: Mapping[str, Manifest]) -> Iterator[Unit]:
    """A bundle in each of the environments that its targets are, or in none where no target says."""
    targets = [as_object(each) for each in as_list(bundle.value.get("targetCustomizations"))]
    environments: dict[str | None, JsonObject] = {
        name: target
        for target in targets
        if target.get("doNotDeploy") is not True and (name := _environment_of(given, folder, target))
    }
    for environment, target in (environments or {None: {}}).items():
        yield from _unit(given, folder, bundle, bundles, environment, target)


def _unit(
    given: Given,
    folder: str,
    bundle: Manifest,
    bundles: Mapping[str, Manifest],
    environment: str | None,
    target: JsonObject,
) -> Iterator[Unit]:
    """A bundle for a target; none where there is nothing in it."""
    helm = merge_values(as_object(bundle.value.get("helm")), as_object(target.get("helm")))
    chart, local = _chart_of(given, folder, helm)
    manifests = () if chart or local is not None else tuple(_manifests(given, folder, bundles))
    if not chart and local is None and not manifests:
        return
    namespaces = (each.get(key) for key in ("namespace", "defaultNamespace") for each in (target, bundle.value))
    files = (
        posixpath.normpath(posixpath.join(folder, file)) for file in map(as_text, as_list(helm.get("valuesFiles")))
    )
    kustomize = as_text(as_object(bundle.value.get("kustomize")).get("dir"))
    yield Unit(
        "Fleet bundle",
        as_text(helm.get("releaseName")),
        folder if local is None else local,
        bundle.place,
        given.here.name,
        next(filter(None, map(as_text, namespaces)), ""),
        environment,
        chart,
        folders=tuple(
            filter(None, (folder, posixpath.normpath(posixpath.join(folder, kustomize)) if kustomize else ""))
        ),
        value_files=tuple(files),
        values=as_object(helm.get("values")),
        manifests=manifests,
    )


def _chart_of(given: Given, folder: str, helm: JsonObject) -> tuple[str, str | None]:
    """The name of a bundle's chart from elsewhere, or the folder of its local one."""
    chart = as_text(helm.get("chart"))
    local = posixpath.normpath(posixpath.join(folder, chart)) if chart else folder
    if not helm.get("repo") and local.removeprefix(".") in given.here.charts:
        return "", local.removeprefix(".")
    return chart_called(chart or as_text(helm.get("repo"))), None


def _environment_of(given: Given, folder: str, target: JsonObject) -> str:
    """The environment that a target is: by the label that selects its clusters, or by its name."""
    labels = as_object(as_object(target.get("clusterSelector")).get("matchLabels"))
    said = next((text for key in _LABELS if (text := as_text(labels.get(key)))), "")
    return said or given.here.environments.of(folder).named(as_text(target.get("name"))) or ""


def _manifests(given: Given, folder: str, bundles: Mapping[str, Manifest]) -> Iterator[str]:
    """The files of a bundle: all YAML below it that is no other bundle's, nor in its overlays."""
    start = len(folder) + 1 if folder else 0
    for path in given.here.below(folder):
        above = posixpath.dirname(path)
        if not path.endswith((".yaml", ".yml")) or _is_fleet(path) or path[start:].startswith("overlays/"):
            continue
        while above not in bundles and above:
            above = posixpath.dirname(above)
        if above == folder:
            yield path
