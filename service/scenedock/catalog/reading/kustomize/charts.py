"""The charts from elsewhere that kustomizations inflate: which one a service is."""

from __future__ import annotations

from collections.abc import Iterable

from scenedock.catalog.reading.kustomize.building import Taken
from scenedock.catalog.reading.kustomize.objects import KubernetesObject
from scenedock.catalog.vocabulary.backing_services import BACKING_SERVICES


def installed(
    first: KubernetesObject | Taken, running: Iterable[KubernetesObject | Taken], name: str
) -> tuple[KubernetesObject | Taken, str]:
    """What a service is of all that runs in an environment: of several charts, the one with its name.

    Or the first, and why its version isn't the service's.
    """
    charts = [each for each in running if isinstance(each, Taken) and each.chart and each.chart.remote]
    taken = [each for each in charts if is_chart_of_others(each)] or (charts if first in charts else [])
    named = [each for each in taken if each.chart and each.chart.name == name] or taken
    versions = {(each.chart.name, each.chart.version): each for each in named if each.chart}
    if not isinstance(first, Taken) or not named:
        return first, ""
    several = ", ".join(f"{chart} {version}".strip() for chart, version in versions)
    return named[0], f"it installs several charts from elsewhere: {several}" if len(versions) > 1 else ""


def is_chart_of_others(one: KubernetesObject | Taken) -> bool:
    """Whether it is a chart from elsewhere, and none of a mere database or the like."""
    chart = one.chart if isinstance(one, Taken) else None
    return chart is not None and chart.remote and chart.name not in BACKING_SERVICES
