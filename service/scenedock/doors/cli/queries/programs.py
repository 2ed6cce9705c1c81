"""The options that say what renders: the programs, and the charts from elsewhere that are kept or may be fetched."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.queries.verification import helm_option
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.effects.helm.chart_fetching import ChartFetcher
    from scenedock.usecases.manifests.tools import RenderingTools

_OPTIONS = (
    helm_option,
    click.option(
        "--kustomize",
        envvar="SCENEDOCK_KUSTOMIZE",
        show_envvar=True,
        default="",
        metavar="PROGRAM",
        help="Kustomize or kubectl: a path, or a name on PATH. By default, the one that is on PATH.",
    ),
    click.option(
        "--charts",
        envvar="SCENEDOCK_HELM_CHARTS",
        show_envvar=True,
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Where charts from elsewhere are kept. By default, in the user's cache folder.",
    ),
    click.option(
        "--fetch-charts",
        is_flag=True,
        help="Fetch charts from elsewhere that aren't kept yet: over https or from OCI registries, with the "
        "credentials of the list of code hosts (SCENEDOCK_CODE_HOSTS).",
    ),
)


@dataclass(frozen=True, slots=True)
class Programs:
    """What the options say."""

    helm: str
    kustomize: str
    charts: Path | None
    fetch_charts: bool

    def tools(self) -> RenderingTools:
        """What renders with them."""
        from scenedock.effects.helm.chart_cache import ChartCache
        from scenedock.effects.helm.program import HelmProgram
        from scenedock.effects.kustomize.program import KustomizeProgram
        from scenedock.effects.local.disk import cache_folder
        from scenedock.usecases.manifests.tools import RenderingTools

        charts = ChartCache(self.charts or cache_folder() / "charts", _fetcher() if self.fetch_charts else None)
        return RenderingTools(HelmProgram(self.helm), KustomizeProgram(self.kustomize), charts)


def rendering_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add --helm, --kustomize, --charts and --fetch-charts to a command, which gets them as `programs`."""

    @wraps(command)
    def with_programs(
        *, helm: str, kustomize: str, charts: Path | None, fetch_charts: bool, **others: object
    ) -> object:
        return command(programs=Programs(helm, kustomize, charts, fetch_charts), **others)

    for option in reversed(_OPTIONS):
        option(with_programs)
    return with_programs


def _fetcher() -> ChartFetcher:
    from scenedock.effects.helm.chart_fetching import ChartFetcher
    from scenedock.runtime.wiring import list_code_hosts

    listed = os.environ.get("SCENEDOCK_CODE_HOSTS")
    return ChartFetcher(list_code_hosts(Path(listed) if listed else None).login_at)
