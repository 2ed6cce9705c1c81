"""The release of a service that is deployed several times in one environment, as to several clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scenedock.releases.deployed import Deployed
from scenedock.releases.images import Image
from scenedock.releases.release import Choose, Release, release_alone
from scenedock.structs import replace

_MOST_NAMED: Final = 4
"""How many of several versions a reason names."""


def release_of(deployed: Deployed, images: Sequence[Image], prefix: str, choose: Choose) -> Release:
    """The release of a service in an environment, of its images; unknown if a layer can't be read that may change it.

    Where it is deployed several times there, in different versions, none is the environment's. `prefix` is the registry
    and owner that most images of the repository have.
    """
    if not deployed.others:
        return release_alone(deployed, images, prefix, choose)
    all_of = [(deployed, images), *((each, each.images()) for each in deployed.others)]
    telling = [(each, its) for each, its in all_of if its or _tells(each)] or all_of[:1]
    found, *others = (release_alone(each, its, prefix, choose) for each, its in telling)
    return found if found.version is None else _together(found, others)


def _tells(deployed: Deployed) -> bool:
    """Whether a deployment without images may say a version all the same."""
    of_chart = deployed.chart is not None and bool(deployed.chart.remote)
    return of_chart or deployed.tag_file is not None or any(layer.unreadable for layer in deployed.layers)


def _together(found: Release, others: Sequence[Release]) -> Release:
    """The release of all deployments in an environment: they have one version, or none is known."""
    known = [found, *(each for each in others if each.version is not None)]
    nothing = Release(found.service, found.environment, found.repository, image=found.image, chart=found.chart)
    if len({each.version for each in known}) > 1:
        places = {each.version: each.written for each in reversed(known)}
        said = " and ".join(f"{version} ({places[version]})" for version in [*reversed(places)][:_MOST_NAMED])
        return replace(nothing, reason=f"it is deployed several times, in different versions: {said}")
    if unknown := next((each for each in others if each.version is None), None):
        said = f"it is deployed several times: once in {found.version} ({found.written}), and once where"
        return replace(nothing, reason=f"{said} {unknown.reason}")
    lines = {each.place: each for each in (*found.lines, *(line for each in others for line in each.lines))}
    return replace(found, twins=tuple(each for place, each in lines.items() if place != found.place))
