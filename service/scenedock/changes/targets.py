"""Where an edit of a version goes: to the line that sets it, or into a file of its environment alone.

There Helm's merge order makes it win.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from scenedock.model.finding import Place
from scenedock.model.json import Json
from scenedock.releases.deployed import Deployed, Layer
from scenedock.releases.images import text_of
from scenedock.releases.release import PairKey, Release
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass

_TAG_WORDS: Final = ("tag", "version")
Root: TypeAlias = tuple[str, str, Spot]
"""Repository, path, and where in that file a layer of values begins."""
Users: TypeAlias = Mapping[Root, Collection[PairKey]]
"""Which deployments a layer of values serves."""


@dataclass(frozen=True, slots=True)
class Target:
    """A spot in a file of a repository; `inserted` says that nothing is there yet.

    `old` is the version, or the reference that ends with it, which an insertion takes the place of. With `item`, the
    spot is in a new item of a kustomization's `images`, for the image of this name.
    """

    repository: str
    path: str
    spot: Spot
    inserted: bool = False
    old: str = ""
    item: str = ""


def users_of(deployed: Iterable[Deployed]) -> Users:
    """Which deployments each layer of values serves."""
    users: dict[Root, set[PairKey]] = defaultdict(set)
    for each in deployed:
        for layer in (layer for one in (each, *each.others) for layer in one.layers):
            if root := _root(each, layer):
                users[root].add((each.repository, each.service, each.environment))
    return users


def line_of(release: Release) -> Target | None:
    """The line that sets a version; None where it is written nowhere alone."""
    if release.spot is None:
        return None
    return Target(release.elsewhere or release.repository, release.path, release.spot)


def sharers_of(release: Release, releases: Iterable[Release]) -> tuple[Release, ...]:
    """The others whose version is set by the same line."""
    line = release.place, release.spot
    return tuple(
        each
        for each in releases
        if each.key != release.key
        and each.version is not None
        and any((one.place, one.spot) == line for one in each.lines)
    )


def reads(deployed: Deployed, release: Release) -> bool:
    """Whether the line of a release may say the version of a deployment, of which that isn't known."""
    others = [each.path for each in (deployed.chart, deployed.tag_file) if each]
    if release.path in others and release.place.repository == deployed.repository:
        return True
    for layer in reversed(deployed.layers):
        if not layer.unreadable and _has(layer.values, release):
            place = layer.elsewhere or deployed.repository, layer.path, layer.spot_of(release.keys)
            return place == (release.place.repository, release.path, release.spot)
    return False


def insertions(release: Release, deployed: Deployed, users: Users) -> Iterator[Target]:
    """Where the version may be inserted so that it counts for this deployment alone, the best place in front."""
    if not release.keys or any(isinstance(key, int) for key in release.keys):
        return
    old = _old(release, deployed)
    if old is None:
        return
    setter = _number_of(release, deployed)
    above = [(layer, spot) for number, layer, spot in own_layers(deployed, users) if number > setter]
    above.sort(key=lambda one: (not one[0].is_file, -_shared_keys(one[0].values, release)))
    for layer, spot in above:
        repository = layer.elsewhere or deployed.repository
        yield Target(repository, layer.path, spot.below(release.keys), inserted=True, old=old)


def own_layers(deployed: Deployed, users: Users) -> Iterator[tuple[int, Layer, Spot]]:
    """The layers that serve a deployment alone, each with its number and where it begins in its file."""
    key = deployed.repository, deployed.service, deployed.environment
    for number, layer in enumerate(deployed.layers):
        if (root := _root(deployed, layer)) and not layer.unreadable and users[root] == {key}:
            yield number, layer, root[2]


def missing_file(release: Release) -> str:
    """What would have to exist so that a version could be set for one environment alone."""
    if release.shape == "newTag":
        return (
            f"the kustomization.yaml of {release.environment or 'its overlay'} needs an item of its own in `images`, "
            f"with the `name` {release.image} and `newTag`: what the overlay says counts after the base"
        )
    if any(isinstance(key, int) for key in release.keys):
        return "it is in an item of a list, and Helm replaces lists as a whole: give the environment the whole list"
    if not release.keys:
        return f"{release.path} would have to be one of this environment alone"
    where = release.environment or "this environment"
    name = f"values-{release.environment}.yaml" if release.environment else "a values file"
    return f"it needs a values file that is deployed for {where} alone, such as {name}, named by what deploys it"


def _old(release: Release, deployed: Deployed) -> str | None:
    """What an insertion replaces: what is at its keys now, or nothing where Chart.yaml says the version."""
    setter = _number_of(release, deployed)
    if setter >= 0:
        return text_of(_at(deployed.layers[setter].values, release))
    is_open = all(not text_of(_at(layer.values, release)) for layer in deployed.layers)
    is_tag = str(release.keys[-1]).lower().endswith(_TAG_WORDS)
    return "" if release.shape.startswith("appVersion") and is_open and is_tag else None


def _number_of(release: Release, deployed: Deployed) -> int:
    """The number of the layer that sets the version; -1 where none does."""
    for number in range(len(deployed.layers) - 1, -1, -1):
        layer = deployed.layers[number]
        if (layer.path, layer.elsewhere) == (release.path, release.elsewhere) and _has(layer.values, release):
            return number
    return -1


def _root(deployed: Deployed, layer: Layer) -> Root | None:
    spot = layer.spot_of(())
    return (layer.elsewhere or deployed.repository, layer.path, spot) if spot else None


def _shared_keys(values: Json, release: Release) -> int:
    """How far the path of the version exists already."""
    for depth, key in enumerate(release.keys):
        if not isinstance(values, dict) or str(key) not in values:
            return depth
        values = values[str(key)]
    return len(release.keys)


def _has(values: Json, release: Release) -> bool:
    return _shared_keys(values, release) == len(release.keys)


def _at(values: Json, release: Release) -> Json:
    for key in release.keys:
        values = values.get(str(key)) if isinstance(values, dict) else None
    return values


def place_of(target: Target, line: int | None = None) -> Place:
    """The place of a target."""
    return Place(target.repository, target.path, line)
