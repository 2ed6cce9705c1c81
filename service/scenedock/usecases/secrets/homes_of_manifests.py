"""In which folders a deployment has manifests of its own, and which secrets are among them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scenedock.changes.secrets.manifests import Kind, Manifest, manifests_in
from scenedock.documents.reading import DocumentError
from scenedock.errors import InputError
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.model.json import as_object, as_text
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.releases.reading.pairs import Pair

_BESIDE_ITS_FILE: Final = frozenset({"Flux HelmRelease", "Flux Kustomization", "Kustomize folder", "Fleet bundle"})
"""The kinds of units whose own file lies among their manifests."""
_YAML: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest of a secret in a file, and the other deployments that have the file, too."""

    path: str
    manifest: Manifest
    shared_with: tuple[PairKey, ...]


@dataclass(frozen=True, slots=True)
class Manifests:
    """The folders with manifests of a deployment, the best for a new one in front: `own` are those of it alone.

    `found` are the secrets in them, `unreadable` the files with such that can't be read, with the reason. `of_others`
    says in which folders the other deployments of the repository have theirs.
    """

    own: tuple[str, ...]
    shared: tuple[str, ...]
    found: tuple[Found, ...]
    unreadable: tuple[str, ...]
    of_others: Mapping[PairKey, Mapping[str, bool]]

    def others_at(self, file: str) -> tuple[PairKey, ...]:
        """The other deployments that a file in one of their folders would be deployed to."""
        return tuple(each for each, theirs in self.of_others.items() if _is_in(file, theirs))


def manifests_of(ground: Ground, key: PairKey, kind: Kind, path: str = "") -> Manifests:
    """The manifests of a kind that a deployment has; with a `path`, those of that file.

    Raises
    ------
    InputError      the `path` is in a folder of other deployments, and in none of this one
    NotFoundError   the repository can't be read
    """
    repository = ground.repositories[key[0]]
    homes = {each: _homes(pair, key[0]) for each, pair in ground.pairs.items() if each[0] == key[0]}
    others = {each: theirs for each, theirs in homes.items() if each != key}
    mine = homes[key]
    taken = {folder for theirs in others.values() for folder in theirs}
    if path and not _is_below_one(path, mine):
        theirs = tuple(each for each, folders in others.items() if _is_below_one(path, folders))
        if theirs:
            raise InputError(
                f"{path} is where {named(theirs)} has manifests, and {named([key])} has none: name that deployment, or "
                "give another `path`"
            )
    found: list[Found] = []
    unreadable: list[str] = []
    for file in repository.listing().inside:
        if not file.endswith(_YAML) or (file != path if path else not _is_in(file, mine)):
            continue
        sharers = tuple(each for each, theirs in others.items() if _is_in(file, theirs))
        try:
            found += [Found(file, each, sharers) for each in manifests_in(repository.read(file), kind)]
        except (DocumentError, InputError) as error:
            unreadable.append(f"{file}: {error}")
    return Manifests(
        tuple(folder for folder in mine if folder not in taken),
        tuple(folder for folder in mine if folder in taken),
        tuple(found),
        tuple(unreadable),
        others,
    )


def kustomization_in(ground: Ground, repository: str, folder: str) -> str:
    """The path of the kustomization in a folder; empty without one."""
    files = frozenset(ground.repositories[repository].listing().inside)
    return next((path for name in KUSTOMIZATIONS if (path := posixpath.join(folder, name)) in files), "")


def renamed_by(ground: Ground, key: PairKey) -> str:
    """The kustomization that gives the manifests of a deployment other names; empty without one."""
    unit = ground.pairs[key].deployment.unit
    folders = (*unit.folders, posixpath.dirname(unit.place.path)) if unit else ()
    for folder in dict.fromkeys(folders):
        path = kustomization_in(ground, key[0], folder)
        reader = ground.survey.readers[key[0]]
        value = as_object(reader.here.document(path).value) if path else {}
        if as_text(value.get("namePrefix")) or as_text(value.get("nameSuffix")):
            return path
    return ""


def _homes(pair: Pair, repository: str) -> Mapping[str, bool]:
    """The folders with its manifests, and of each whether those below it count, too."""
    folder, unit = pair.member.folder_of(pair.deployment), pair.deployment.unit
    if folder and folder.chart:
        return {posixpath.join(folder.path, "templates"): True}
    if unit:
        return dict.fromkeys(_of_unit(pair, repository), False)
    return {folder.path: True} if folder else {}


def _of_unit(pair: Pair, repository: str) -> Iterator[str]:
    unit = pair.deployment.unit
    if unit is None:
        return
    if unit.kind in _BESIDE_ITS_FILE and unit.place.repository in {"", repository}:
        yield posixpath.dirname(unit.place.path)
    yield from unit.folders
    yield from (posixpath.dirname(path) for path in unit.manifests)


def _is_in(file: str, homes: Mapping[str, bool]) -> bool:
    folder = posixpath.dirname(file)
    return any(folder == home or (below and is_below(file, home)) for home, below in homes.items())


def _is_below_one(file: str, homes: Mapping[str, bool]) -> bool:
    """Whether a file is in one of the folders, or below one: Flux deploys what is below, too. Below the root is all."""
    return _is_in(file, homes) or any(home and is_below(file, home) for home in homes)


def is_below(file: str, folder: str) -> bool:
    """Whether a file is in a folder, or in one below it."""
    return not folder or file.startswith(f"{folder}/")


def named(keys: Sequence[PairKey]) -> str:
    """Deployments for people: `billing/qa, billing/production`."""
    return ", ".join(f"{service}/{environment}" if environment else service for _, service, environment in keys)
