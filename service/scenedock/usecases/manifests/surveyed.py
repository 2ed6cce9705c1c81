"""What the survey of versions knows to be deployed, as targets: folders with their values files, and releases."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.effects.kustomize.files import files_of_kustomization, kustomization_in
from scenedock.model.helm import CHART_FILE
from scenedock.model.json import JsonObject
from scenedock.model.units import Unit
from scenedock.releases.deployed import Deployed, Layer
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import ChartPart, FilesPart, KustomizePart, Part, Target, ValuesFile
from scenedock.usecases.releases.reading.argo_values import KUSTOMIZE_IMAGES
from scenedock.usecases.releases.reading.pairs import Pair
from scenedock.usecases.releases.survey import Survey


def surveyed_targets(survey: Survey, state: State) -> Iterator[Target]:
    """A target for each service in each environment."""
    for pair, deployed in zip(survey.pairs, survey.deployed, strict=True):
        yield target_of(pair, deployed, state)


def target_of(pair: Pair, deployed: Deployed, state: State) -> Target:
    """The target of a service in an environment."""
    name, unit = deployed.release, pair.deployment.unit
    target = Target(deployed.repository, deployed.service, deployed.environment, name, place=pair.member.place)
    if deployed.chart and posixpath.basename(deployed.chart.path) == CHART_FILE:
        folder = posixpath.dirname(deployed.chart.path)
        values = tuple(_given(deployed, each) for each in deployed.layers if not _is_default(each, folder))
        release, namespace = _installed_as(unit, deployed)
        part = ChartPart(deployed.repository, folder, release, namespace, values)
        return _with(target, part)
    if unit and unit.chart and unit.chart_repository:
        return _with(target, _release(unit, deployed))
    if unit and not unit.chart and (overlays := _overlays(unit, state)):
        return _with(target, *(KustomizePart(unit.repository, folder) for folder in overlays))
    if unit and unit.manifests and not unit.chart:
        return _with(target, FilesPart(deployed.repository, unit.manifests))
    files = [each.path for each in deployed.layers if each.is_file and not each.elsewhere]
    about = tuple((deployed.repository, path) for path in (*files, *(unit.manifests if unit else ())))
    return Target(*target.key, reason="its chart is in none of these repositories", place=target.place, about=about)


def _with(target: Target, *parts: Part) -> Target:
    return Target(*target.key, parts=parts, place=target.place)


def _release(unit: Unit, deployed: Deployed) -> ChartPart:
    """A release of a chart from elsewhere."""
    chart = RemoteChart(unit.chart_repository, unit.chart, unit.version)
    values: list[ValuesFile | JsonObject] = [ValuesFile(unit.repository, path) for path in unit.value_files]
    if unit.values:
        values.append(unit.values)
    release, namespace = _installed_as(unit, deployed)
    return ChartPart(unit.repository, "", release, namespace, tuple(values), remote=chart)


def _installed_as(unit: Unit | None, deployed: Deployed) -> tuple[str, str]:
    """The name of its release, and its namespace."""
    if unit is None:
        return deployed.release, deployed.namespace
    return unit.release or deployed.release, deployed.namespace or unit.namespace


def _overlays(unit: Unit, state: State) -> list[str]:
    """The folders with a kustomization that a unit is made of, without those that the others take."""
    source = state.source(unit.repository)
    folders = [folder for folder in (unit.folders or (unit.path,)) if kustomization_in(source, folder)]
    taken = {folder: files_of_kustomization(source, folder) for folder in folders}
    return [
        folder
        for folder in folders
        if not any(kustomization_in(source, folder) in taken[other] for other in folders if other != folder)
    ]


def _is_default(layer: Layer, folder: str) -> bool:
    """Whether it is the chart's own values.yaml, which helm reads anyway; or no values of a chart."""
    is_own = layer.is_file and layer.path == posixpath.join(folder, "values.yaml")
    return is_own or layer.shape == KUSTOMIZE_IMAGES


def _given(deployed: Deployed, layer: Layer) -> ValuesFile | JsonObject:
    return ValuesFile(deployed.repository, layer.path) if layer.is_file else layer.values
