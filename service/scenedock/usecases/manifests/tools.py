"""The programs that render, and the charts from elsewhere that are at hand."""

from __future__ import annotations

from scenedock.effects.helm.chart_cache import ChartCache
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.kustomize.program import KustomizeProgram
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, field


@dataclass(frozen=True, slots=True)
class RenderingTools:
    """What renders: helm, and kustomize where it is at hand; `charts` are those from elsewhere that are kept.

    Comparing validates by `schemas`, a version of Kubernetes and its definitions, if there are any.
    """

    helm: HelmProgram = field(default_factory=HelmProgram)
    kustomize: KustomizeProgram = field(default_factory=KustomizeProgram)
    charts: ChartCache | None = None
    schemas: tuple[str, JsonObject] | None = None
