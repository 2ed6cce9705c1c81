"""Where the kustomization of an environment gets an item of `images` of its own, which counts after its base's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scenedock.changes.identity import documents_of
from scenedock.changes.targets import Target
from scenedock.effects.helm.chart_files import ChartSource
from scenedock.effects.kustomize.files import files_of_kustomization, kustomization_in
from scenedock.model.json import as_list, as_object
from scenedock.model.units import Unit
from scenedock.releases.release import Release
from scenedock.releases.spots import Spot
from scenedock.usecases.changes.ground import Ground


def overlay_targets(ground: Ground, release: Release, read: Callable[[str, str], bytes]) -> Iterator[Target]:
    """A new item for the image of a line, or the tag that the image's item lacks, in the overlay of an environment.

    There is none where it isn't certain which kustomization is this environment's alone. `read` gives the bytes of a
    file as far as a plan goes.

    Raises
    ------
    InputError, NotFoundError   the kustomization can't be read
    """
    unit = ground.pairs[release.key].deployment.unit
    if unit is None or not release.image or release.path not in {each.written.place.path for each in unit.images}:
        return
    path = _own_kustomization(ground, release, unit)
    if path is None:
        return
    listed = as_list(as_object(documents_of(read(release.repository, path)).get(1)).get("images"))
    items = [as_object(each) for each in listed]
    named = [number for number, each in enumerate(items) if (each.get("newName") or each.get("name")) == release.image]
    spot = Spot(("images", named[0] if named else len(items), "newTag"))
    if not named:
        yield Target(release.repository, path, spot, inserted=True, item=release.image)
    elif len(named) == 1 and items[named[0]].keys().isdisjoint({"newTag", "digest"}):
        yield Target(release.repository, path, spot, inserted=True)


def _own_kustomization(ground: Ground, release: Release, unit: Unit) -> str | None:
    """The only kustomization of a unit that takes the line of a release, and that no other environment takes."""
    source = ChartSource(ground.repositories[release.repository])
    others = [
        ground.pairs[each.key].deployment.unit
        for each in ground.by_service[release.service]
        if each.repository == release.repository and each.key != release.key
    ]
    taken = {
        path for other in others if other for each in other.folders for path in files_of_kustomization(source, each)
    }
    takes = {
        path: files_of_kustomization(source, folder)
        for folder in unit.folders
        if (path := kustomization_in(source, folder)) and path not in taken
    }
    own = [
        path
        for path, files in takes.items()
        if release.path in files and not any(path in more for other, more in takes.items() if other != path)
    ]
    return own[0] if len(own) == 1 and own[0] != release.path else None
