"""All that Kustomize and Flux say of a repository, found once for both."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from scenedock.catalog.reading.kustomize.building import Builder
from scenedock.catalog.reading.kustomize.expanding import Expander, SeenKustomization
from scenedock.catalog.reading.kustomize.objects import FLUX
from scenedock.catalog.reading.kustomize.places import Places
from scenedock.catalog.reading.kustomize.releases import has_chart
from scenedock.catalog.reading.kustomize.substitution import is_open
from scenedock.catalog.reading.kustomize.units import Units
from scenedock.catalog.reading.layouts.shape import Given
from scenedock.catalog.reading.plan import reason_in_name
from scenedock.catalog.vocabulary.environments import EnvironmentNames
from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import read_documents
from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import KUSTOMIZATIONS, Deployed
from scenedock.model.json import Json, as_text
from scenedock.model.units import Unit
from scenedock.structs import dataclass, replace

_KEPT = "kustomize"
_MANY_SERVICES = 3
_EXAMPLES = frozenset({"example", "examples", "hack", "sample", "samples", "templates"})
_UNLISTED = "no kustomization lists their files"
_NOT_DEPLOYED = "nothing takes the kustomizations that list their files"
_OPEN = "a variable that only a cluster knows names them, or their charts"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The units and everything that was seen."""

    units: tuple[Unit, ...] = ()
    deployed: tuple[Deployed, ...] = ()
    findings: tuple[Finding, ...] = ()


def evaluate(given: Given) -> Evaluation:
    """What Kustomize and Flux say of a repository; nothing, and at no cost, where it has neither."""
    found = given.kept.get(_KEPT)
    if not isinstance(found, Evaluation):
        found = given.kept[_KEPT] = _evaluate(given)
    return found


def _evaluate(given: Given) -> Evaluation:
    here = given.here
    flux = [path for path in given.documents if _has_flux(given, path) and _counts(given, path)]
    kustomizations = [path for path in here.files if posixpath.basename(path) in KUSTOMIZATIONS]
    if not flux and not any(_counts(given, path) for path in kustomizations):
        return Evaluation()
    builder = Builder(here.name, frozenset(here.files), _Documents(given), lambda path: _counts(given, path))
    expander = Expander(builder, lambda url: _name_of(given, url), bool(here.url))
    expander.expand(flux)
    said = sorted({each.context.environment for each in expander.occurrences if each.context.environment})

    def names_of(folder: str) -> EnvironmentNames:
        names = here.environments.of(folder)
        return names if names.closed else replace(names, known=tuple(dict.fromkeys((*names.known, *said))))

    folders = {folder for each in expander.occurrences for folder in (*each.chain, each.one.folder)}
    units = Units(builder, expander, Places(folders | builder.kustomizations.keys(), names_of))
    releases, services = tuple(units.releases()), tuple(units.folders())
    deployed = (*_releases(builder, expander, flux, releases), *_kustomizations(given, expander, units))
    return Evaluation(
        (*releases, *services),
        (*deployed, *_folders(given, builder, units)),
        (*dict.fromkeys(builder.findings), *_unlisted(here.name, units), *_left_over(here.name, units)),
    )


def _unlisted(repository: str, units: Units) -> Iterator[Finding]:
    """One note about names that many services have overlays of, and that nothing lists as environments."""
    many = {name: homes for name, homes in sorted(units.unlisted.items()) if len(homes) >= _MANY_SERVICES}
    if many:
        words = ", ".join(f"{name} ({len(homes)} services)" for name, homes in many.items())
        setting = f"`environments: {{known: [{', '.join(many)}]}}`"
        yield Finding(
            "info",
            "perhaps-environments",
            f"several services have overlays of these names, which nothing lists as environments: {words}",
            Place(repository),
            f"If they are environments, list them beside all others in scenedock.yaml: {setting}.",
        )


def _left_over(repository: str, units: Units) -> Iterator[Finding]:
    """One note about what nothing deploys, where Flux deploys other folders: it is of no environment."""
    if units.left_over:
        first, place = min(units.left_over.items())
        yield Finding(
            "info",
            "perhaps-not-deployed",
            f"Flux deploys other folders, and nothing deploys {len(units.left_over):,}, such as {first or '.'} "
            f"({place.path}); their environments are not known",
            Place(repository),
            "Delete what is left over; if another repository's Kustomizations deploy it, environments are not read.",
        )


def _name_of(given: Given, url: str) -> str:
    """The name of the repository of the run that an address means; empty where it means another."""
    repository = given.repositories.of({"repoURL": url})
    return repository.name if repository else ""


class _Documents:
    """Reads the documents of a file: those that are read already, or the file."""

    def __init__(self, given: Given) -> None:
        self._given = given

    def __call__(self, path: str) -> Sequence[tuple[Place, Json]]:
        """The documents with their places; of encrypted ones only what names them; none where they can't be read."""
        if path in self._given.documents:
            read = [(each.place, each.value) for each in self._given.documents[path] if not each.is_template]
            return [(place, _legible(value)) for place, value in read]
        try:
            data = self._given.read(path)
            documents = read_documents(data)
        except InputError:
            return ()
        encrypted = encryption_of(data) is not None
        name = self._given.here.name
        return [(Place(name, path, each.line), _legible(each.value, encrypted=encrypted)) for each in documents]


def _legible(value: Json, *, encrypted: bool = False) -> Json:
    """A document, or what names it, where the rest is encrypted with SOPS."""
    if isinstance(value, dict) and (encrypted or isinstance(value.get("sops"), dict)):
        return {key: value[key] for key in ("apiVersion", "kind", "metadata") if key in value}
    return value


def _counts(given: Given, path: str) -> bool:
    """Whether a file may say what is deployed: not an example, test data or a part of a chart."""
    folder = posixpath.dirname(path)
    segments = folder.split("/") if folder else []
    if not segments:
        return True
    is_example = bool(reason_in_name(segments)) or not _EXAMPLES.isdisjoint(segments)
    is_example = is_example or any(segment.startswith("_") for segment in segments)
    return not is_example and not any(above in given.here.charts for above in (*folders_above(folder), folder))


def _has_flux(given: Given, path: str) -> bool:
    return any(FLUX in as_text(each.value.get("apiVersion")) for each in given.documents[path] if not each.is_template)


def _releases(builder: Builder, expander: Expander, flux: Iterable[str], units: Iterable[Unit]) -> Iterator[Deployed]:
    """Every HelmRelease that isn't a patch of another."""
    known = {unit.place: unit.name for unit in units}
    deployed = {each.one.place for each in expander.occurrences}
    for path in flux:
        for one in builder.file(path, posixpath.dirname(path)):
            if not one.is_release or path in builder.patch_files:
                continue
            if name := known.get(one.place):
                yield Deployed("Flux HelmRelease", name, one.place)
            elif has_chart(one.document):
                listed = _NOT_DEPLOYED if path in builder.taken_files else _UNLISTED
                is_named_by_cluster = path in builder.taken_files and is_open(one.name)
                reason = _OPEN if one.place in deployed or is_named_by_cluster else listed
                yield Deployed("Flux HelmRelease", one.name, one.place, reason=reason)


def _kustomizations(given: Given, expander: Expander, units: Units) -> Iterator[Deployed]:
    """Flux's Kustomizations that deploy manifests themselves, and those whose folder isn't known.

    What only deploys releases, or other Kustomizations, doesn't count besides them.
    """
    by_place: dict[Place, list[SeenKustomization]] = defaultdict(list)
    for each in expander.kustomizations:
        by_place[each.one.place].append(each)
    for place, seen in sorted(by_place.items(), key=lambda item: item[0].sort_key):
        found = [each for each in seen if each.folder is not None]
        if folders := sorted(units.deployed_by.get(place, ())):
            targets = tuple((given.here.name, folder) for folder in folders)
            yield Deployed("Flux Kustomization", seen[0].one.name, place, targets)
        elif not found:
            other = next(filter(None, map(expander.elsewhere, seen)), None)
            reason = "" if other else seen[0].reason
            yield Deployed("Flux Kustomization", seen[0].one.name, place, (other,) if other else (), reason)


def _folders(given: Given, builder: Builder, units: Units) -> Iterator[Deployed]:
    """The folders of Kustomize that are made of manifests; what others take and that runs nothing is part of these."""
    for folder, one in sorted(builder.kustomizations.items()):
        if one.is_component or folder in builder.shared_folders or not _counts(given, one.place.path):
            continue
        if made := sorted(units.put_together.get(folder, ())):
            targets = tuple((given.here.name, each) for each in made) if folder else ()
            yield Deployed("Kustomize folder", folder, one.place, targets)
        elif folder not in units.parts | builder.taken_folders and (reason := units.reason_against(folder)):
            yield Deployed("Kustomize folder", folder, one.place, reason=reason)
