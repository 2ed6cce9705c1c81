"""What the survey of versions knows to be deployed, as targets: folders with their values files, and releases."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scenedock.model.helm import CHART_FILE
from scenedock.model.json import JsonObject
from scenedock.releases.release import Deployed, Layer
from scenedock.usecases.manifests.targets import ChartPart, FilesPart, Target, ValuesFile
from scenedock.usecases.releases.argo_values import KUSTOMIZE_IMAGES
from scenedock.usecases.releases.list_deployments import Survey
from scenedock.usecases.releases.version_facts import Pair


def surveyed_targets(survey: Survey) -> Iterator[Target]:
    """A target for each service in each environment."""
    for pair, deployed in zip(survey.pairs, survey.deployed, strict=True):
        yield target_of(pair, deployed)


def target_of(pair: Pair, deployed: Deployed) -> Target:
    """The target of a service in an environment."""
    name, unit = deployed.release, pair.deployment.unit
    target = Target(deployed.repository, deployed.service, deployed.environment, name, place=pair.member.place)
    if deployed.chart and posixpath.basename(deployed.chart.path) == CHART_FILE:
        folder = posixpath.dirname(deployed.chart.path)
        values = tuple(_given(deployed, each) for each in deployed.layers if not _is_default(each, folder))
        part = ChartPart(deployed.repository, folder, deployed.release, deployed.namespace, values)
        return _with(target, part)
    if unit and unit.manifests and not unit.chart:
        return _with(target, FilesPart(deployed.repository, unit.manifests))
    return Target(*target.key, reason="its chart is in none of these repositories", place=target.place)


def _with(target: Target, part: ChartPart | FilesPart) -> Target:
    return Target(*target.key, parts=(part,), place=target.place)


def _is_default(layer: Layer, folder: str) -> bool:
    """Whether it is the chart's own values.yaml, which helm reads anyway; or no values of a chart."""
    is_own = layer.is_file and layer.path == posixpath.join(folder, "values.yaml")
    return is_own or layer.shape == KUSTOMIZE_IMAGES


def _given(deployed: Deployed, layer: Layer) -> ValuesFile | JsonObject:
    return ValuesFile(deployed.repository, layer.path) if layer.is_file else layer.values
