"""What stays and would read what goes: each is a reason not to let it go."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from scenedock.catalog.reading.app_lists import items_in
from scenedock.catalog.reading.argo.go_templates import render_fasttemplate, render_go
from scenedock.changes.planned import Refusal
from scenedock.documents.reading import Document, read_documents
from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Place
from scenedock.model.helm import CHART_FILE, KUSTOMIZATIONS, Application
from scenedock.model.json import Json, as_list, as_object, as_text, value_at
from scenedock.structs import dataclass
from scenedock.usecases.environments.removing.removal import Removal, kustomizations_of_flux, pair_of

_LISTS: Final = frozenset(
    {
        "bases",
        "components",
        "configurations",
        "crds",
        "generators",
        "patchesStrategicMerge",
        "resources",
        "transformers",
        "validators",
    }
)
"""What a kustomization lists files and folders under, each item a path."""
_FILES: Final = frozenset({"additionalValuesFiles", "env", "envs", "files", "path", "valuesFile"})
"""What names files deeper in a kustomization."""
_DEPENDENCIES: Final = frozenset({CHART_FILE, "requirements.yaml"})
_REMEDY: Final = "Give it what it reads elsewhere, or take this line out, and retire it then."

Keys = tuple[str | int, ...]


def dangling(removal: Removal) -> Iterator[Refusal]:
    """A refusal for each line that stays, and leads to what goes."""
    found: dict[Place, str] = {}
    for repository in {repository for (repository, _), after in removal.after.items() if after is None}:
        gone = _Gone.of(removal, repository)
        named = (*gone.layers(), *gone.named_values(), *gone.listed(), *gone.by_flux())
        for place, text in (*named, *gone.files(), *gone.links()):
            found.setdefault(place, text)
    for place, text in sorted(found.items(), key=lambda each: each[0].sort_key):
        pair = pair_of(removal.keys[0])
        yield Refusal("not-removable", pair, f"{place.path} reads {text}, which would go", place, _REMEDY)
    yield from _pointless_patches(removal)


@dataclass(frozen=True)
class _Gone:
    """What goes of a repository."""

    removal: Removal
    repository: str
    paths: frozenset[str]
    stay: tuple[str, ...]

    @classmethod
    def of(cls, removal: Removal, repository: str) -> _Gone:
        gone = (path for (name, path), after in removal.after.items() if name == repository and after is None)
        return cls(removal, repository, frozenset(gone), tuple(removal.paths(repository)))

    @cached_property
    def folders(self) -> frozenset[str]:
        """The folders that go as a whole."""
        here = {folder for path in self.paths for folder in folders_above(path)}
        return frozenset(here - {folder for path in self.stay for folder in folders_above(path)} - {""})

    def has(self, folder: str, path: str) -> bool:
        """Whether a path, as it is written in a folder, leads to what goes."""
        target = posixpath.normpath(posixpath.join(folder, path))
        return bool(path) and (target in self.paths or target in self.folders)

    def layers(self) -> Iterator[tuple[Place, str]]:
        """What gives values to deployments that stay."""
        ground = self.removal.ground
        for key, each in ground.deployed.items():
            if key in self.removal.keys:
                continue
            deployment, member = ground.pairs[key].deployment, ground.pairs[key].member
            named_by = deployment.application or deployment.unit
            for layer in each.all_layers:
                if layer.is_file and (layer.elsewhere or key[0]) == self.repository and layer.path in self.paths:
                    yield named_by.place if named_by else member.place, layer.path

    def named_values(self) -> Iterator[tuple[Place, str]]:
        """What Applications that stay deploy, or name values in."""
        for contents in self.removal.now.result.repositories:
            for application in contents.applications:
                if application.repository == self.repository:
                    if application.path in self.folders:
                        yield application.place, application.path
                    else:
                        yield from self._values_of(application)

    def listed(self) -> Iterator[tuple[Place, str]]:
        """What enabling lists still switch on, such as in environments that corrections leave out."""
        for contents in self.removal.ground.result.repositories:
            for item in contents.items:
                if contents.facts.name != self.repository or item.folder not in self.folders:
                    continue
                for document in _documents(self.removal, self.repository, item.list_path)[:1]:
                    keys, value = items_in(document.value).get(item.key, ((), False))
                    if value is not False and as_object(value).get("enabled") is not False:
                        yield Place(self.repository, item.list_path, document.line_of(keys)), item.folder

    def _values_of(self, application: Application) -> Iterator[tuple[Place, str]]:
        place = application.place
        for document in _documents(self.removal, place.repository, place.path):
            if document.line != place.line:
                continue
            is_go = value_at(document.value, ("spec", "goTemplate")) is True
            render = render_go if is_go else render_fasttemplate
            for keys, text in _texts(document.value):
                if len(keys) > 1 and keys[-2] == "valueFiles":
                    path = (render(text, application.parameters) if application.parameters else text) or ""
                    from_root = path.startswith(("/", "$"))
                    path = path.partition("/")[2] if from_root else path
                    if self.has("" if from_root else application.path, path):
                        yield Place(place.repository, place.path, document.line_of(keys)), path

    def files(self) -> Iterator[tuple[Place, str]]:
        """What charts and kustomizations that stay name."""
        for path in self.stay:
            name, folder = posixpath.basename(path), posixpath.dirname(path)
            if name not in _DEPENDENCIES and name not in KUSTOMIZATIONS:
                continue
            for document in _documents(self.removal, self.repository, path):
                named = _charts_in(document.value) if name in _DEPENDENCIES else _files_in(document.value)
                for keys, text in named:
                    if self.has(folder, text):
                        yield Place(self.repository, path, document.line_of(keys)), text

    def by_flux(self) -> Iterator[tuple[Place, str]]:
        """The folders that Kustomizations of Flux deploy which stay."""
        for place, document, folder in kustomizations_of_flux(self.removal, self.repository):
            if folder in self.folders:
                yield Place(self.repository, place.path, document.line_of(("spec", "path"))), folder

    def links(self) -> Iterator[tuple[Place, str]]:
        """Where links that stay lead, to files and to folders."""
        repository = self.removal.ground.repositories[self.repository]
        listing = repository.listing()
        for path in (listing.links | listing.folder_links) - self.paths:
            target = repository.real_path(path)
            inside = any(path.startswith(f"{folder}/") for folder in self.folders)
            if not inside and (target in self.paths or target in self.folders):
                yield Place(self.repository, path), target


def _pointless_patches(removal: Removal) -> Iterator[Refusal]:
    """Patches without a target whose object would go from the resources: Kustomize refuses to build them."""
    gone = {
        _identity(document)
        for at, after in removal.after.items()
        if after is None
        for document in _read(removal.before[at])
    }
    for (repository, path), after in removal.after.items():
        if after is None or after == removal.before[repository, path] or posixpath.basename(path) not in KUSTOMIZATIONS:
            continue
        for document in _read(after):
            for keys, text in _patches_in(document.value):
                at = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
                patches = _read(text.encode()) if "\n" in text else _documents(removal, repository, at)
                if any(_identity(each) in gone for each in patches):
                    place = Place(repository, path, document.line_of(keys))
                    message = "this patch would have nothing to patch, and so nothing could be built"
                    yield Refusal(
                        "not-removable", pair_of(removal.keys[0]), message, place, "Take it out, and retire it then."
                    )


def _identity(document: Document) -> tuple[str, str]:
    value = document.value
    return as_text(as_object(value).get("kind")), as_text(value_at(value, ("metadata", "name")))


def _patches_in(kustomization: Json) -> Iterator[tuple[Keys, str]]:
    """The patches without a target, as texts or paths."""
    value = as_object(kustomization)
    for number, text in enumerate(map(as_text, as_list(value.get("patchesStrategicMerge")))):
        yield ("patchesStrategicMerge", number), text
    for number, patch in enumerate(map(as_object, as_list(value.get("patches")))):
        if not patch.get("target"):
            key = "path" if patch.get("path") else "patch"
            yield ("patches", number, key), as_text(patch.get(key))


def _files_in(kustomization: Json) -> Iterator[tuple[Keys, str]]:
    for keys, text in _texts(kustomization):
        last = next(each for each in reversed(keys) if isinstance(each, str))
        if (keys[0] in _LISTS and len(keys) == len(("list", "item"))) or (len(keys) > 1 and last in _FILES):
            yield keys, text.rpartition("=")[2] if last == "files" else text


def _charts_in(chart: Json) -> Iterator[tuple[Keys, str]]:
    for number, each in enumerate(as_list(as_object(chart).get("dependencies"))):
        repository = as_text(as_object(each).get("repository"))
        if repository.startswith("file://"):
            yield ("dependencies", number, "repository"), repository.removeprefix("file://")


def _texts(value: Json, at: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """All texts in a value, with the keys that lead to them."""
    if isinstance(value, str):
        if at:
            yield at, value.strip()
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, (*at, key))
    else:
        for number, each in enumerate(as_list(value)):
            yield from _texts(each, (*at, number))


def _documents(removal: Removal, repository: str, path: str) -> list[Document]:
    """The documents of a file as they would be; none where it can't be read."""
    content = removal.after.get((repository, path))
    try:
        return _read(content if content is not None else removal.ground.read(repository, path))
    except InputError:
        return []


def _read(data: bytes) -> list[Document]:
    try:
        return list(read_documents(data))
    except InputError:
        return []
