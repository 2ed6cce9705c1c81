"""What makes an environment of a service in a repository: its files, and its items in lists of what is deployed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from scenedock.catalog.reading.app_lists import items_in
from scenedock.catalog.reading.handwritten import CATALOG_FILES, is_ours
from scenedock.changes.environments.items import Item
from scenedock.changes.environments.words import Words, path_for
from scenedock.documents.reading import Document
from scenedock.gitops.in_place.paths import Key
from scenedock.model.file_paths import folders_above
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.model.json import Json, as_list, as_object, as_text, value_at
from scenedock.releases.release import Release
from scenedock.structs import dataclass, field
from scenedock.usecases.changes.ground import Ground

_NOT_OF_ENVIRONMENTS = frozenset({"charts", "ci", "docs", "templates", "tests"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or an `item` of one, and the path of the copy's file.

    `environment` is the one that it is of, where that is not the copy's own; `is_text`: the file is one text.
    """

    path: str
    target: str
    item: Item | None = None
    environment: str | None = None
    is_text: bool = False


def is_generated(ground: Ground, repository: str, path: str) -> bool:
    """Whether a file is one that an export of the catalog makes again."""
    return posixpath.basename(path) in CATALOG_FILES and is_ours(ground.read(repository, path))


@dataclass(slots=True)
class PieceFinder:
    """Finds what makes the environment of a release, and what of it can't be made by copying (`notes`).

    With `is_compared`, also what the new environment has already.
    """

    ground: Ground
    release: Release
    new: str
    is_compared: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def old(self) -> str:
        """The environment that is copied."""
        return self.release.environment or ""

    def find(self) -> tuple[Piece, ...]:
        """The pieces, files first."""
        files, others = self._files(), self._others()
        whole = {
            path: target
            for path in sorted(self._candidates())
            if (target := path_for(path, self.old, self.new))
            and not any(path_for(path, each, self.new) for each in others)
        }
        pieces = [
            Piece(path, target)
            for path, target in whole.items()
            if path in files and (self.is_compared or target not in files)
        ]
        self.notes += [
            f"{target} is there already and stays as it is; compare it with {path}"
            for path, target in whole.items()
            if path in files and target in files
        ]
        items = dict.fromkeys([*self._of_applications(whole), *self._of_lists(), *self._of_tools()])
        listed = {piece.path for piece in items}
        pieces = [each for each in pieces if each.path not in listed]
        return (*pieces, *items, *self._of_kustomizations(pieces))

    def _files(self) -> frozenset[str]:
        return self.ground.paths(self.release.repository)

    def _others(self) -> frozenset[str]:
        """The other environments whose names have that of this one in them: `eu-prod` of `prod`."""
        words = Words(self.old)
        names = {each.environment for each in self.ground.releases.values()} - {self.old}
        return frozenset(each for each in names if each and words.are_in(each))

    def _candidates(self) -> Iterator[str]:
        """The files that may be this environment's alone, as their paths say."""
        pair, deployed = self.ground.pairs[self.release.key], self.ground.deployed[self.release.key]
        deployment, unit = pair.deployment, pair.deployment.unit
        lists = {item.list_path for item in pair.member.items}
        yield from deployed.own_files - lists
        folders = {deployment.folder, *((unit.path, *unit.folders) if unit else ())} - {""}
        nested = self._nested(folders)
        for path in self._files() - lists:
            if nested.intersection(folders_above(path)) or is_generated(self.ground, self.release.repository, path):
                continue
            for folder in folders.intersection(folders_above(path)):
                inside = posixpath.dirname(path.removeprefix(folder + "/")).split("/")
                if path_for(folder, self.old, self.new) or _NOT_OF_ENVIRONMENTS.isdisjoint(inside):
                    yield path
        if unit:
            yield from (unit.place.path, *unit.manifests, *unit.value_files, *unit.version_files)
        if deployment.application and deployment.application.place.repository == self.release.repository:
            yield deployment.application.place.path

    def _nested(self, folders: set[str]) -> frozenset[str]:
        """The folders of other services below the folders of this one."""
        repository, service, _ = self.release.key
        found = {
            pair.deployment.folder
            for key, pair in self.ground.pairs.items()
            if key[0] == repository and key[1] != service
        }
        return frozenset(each for each in found - folders if each and folders.intersection(folders_above(each)))

    def _of_applications(self, whole: dict[str, str]) -> Iterator[Piece]:
        """The document of its Application in a file of several; its elements in the lists of an ApplicationSet."""
        application = self.ground.pairs[self.release.key].deployment.application
        if application is None or not application.place.path:
            return
        if application.place.repository != self.release.repository:
            self.notes.append(f"its Application is made by {application.place}, in another repository: add it there")
            return
        path = application.place.path
        documents = self._documents(path)
        for document in documents:
            manifest = as_object(document.value)
            if manifest.get("kind") == "ApplicationSet":
                yield from self._of_elements(path, document)
            elif value_at(manifest, ("metadata", "name")) == application.name and len(documents) > 1:
                yield Piece(path, whole.get(path, path), Item(document.number))
            elif value_at(manifest, ("metadata", "name")) == application.name and path not in whole:
                yield Piece(path, path, Item(document.number))

    def _of_elements(self, path: str, document: Document) -> Iterator[Piece]:
        for keys, elements in _lists_called(document.value, "elements"):
            texts = [list(_texts(each)) for each in elements]
            own = self._naming(texts, self.old)
            of_service = [at for at in own if self.release.service in texts[at]]
            there = self._naming(texts, self.new)
            if not self.is_compared and any(not of_service or self.release.service in texts[at] for at in there):
                continue
            for at in of_service or own:
                yield Piece(path, path, _item(document, (*keys, at)))

    def _naming(self, elements: Sequence[Sequence[str]], environment: str) -> Sequence[int]:
        """The elements of an environment, by their texts: those that are its name, or else have it in them.

        One that has the name of another environment is that one's.
        """
        words, service = Words(environment, self.release.service), self.release.service
        known = {each.environment for each in self.ground.by_service[service]} - {environment}
        own = [at for at, texts in enumerate(elements) if any(map(words.are_in, texts)) and known.isdisjoint(texts)]
        return [at for at in own if environment in elements[at]] or own

    def _of_lists(self) -> Iterator[Piece]:
        """Its item in the list of an app of apps, if the new environment has such a list."""
        item = self.ground.pairs[self.release.key].deployment.item
        if item is None:
            return
        target = path_for(item.list_path, self.old, self.new)
        if target is None or target not in self._files():
            what = f"there is no {target}" if target else "it isn't named after an environment"
            self.notes.append(
                f"{item.list_path} lists what is deployed in {self.old}, and {what}: add {item.key} by hand"
            )
            return
        for document in self._documents(item.list_path)[:1]:
            if found := items_in(document.value).get(item.key):
                yield Piece(item.list_path, target, _item(document, found[0]))

    def _of_tools(self) -> Iterator[Piece]:
        """Its entry among a helmfile's environments, and its customizations of a bundle of Fleet."""
        unit = self.ground.pairs[self.release.key].deployment.unit
        if unit is None:
            return
        path = unit.place.path
        for document in self._documents(path):
            environments = as_object(as_object(document.value).get("environments"))
            if self.old in environments and (self.is_compared or self.new not in environments):
                yield Piece(path, path, _item(document, ("environments", self.old)))
            targets = as_list(as_object(document.value).get("targetCustomizations"))
            names = [as_text(as_object(each).get("name")) for each in targets]
            if self.old in names and (self.is_compared or self.new not in names):
                yield Piece(path, path, _item(document, ("targetCustomizations", names.index(self.old))))

    def _of_kustomizations(self, pieces: Sequence[Piece]) -> Iterator[Piece]:
        """The lines of Kustomizations that name what is copied, where the new environment has such a Kustomization."""
        files, copied = self._files(), {each.path for each in pieces}
        folders = {folder for path in copied for folder in (*folders_above(path), path)}
        above = {posixpath.dirname(each) for each in folders}
        for name in (posixpath.join(folder, name) for folder in sorted(above) for name in KUSTOMIZATIONS):
            target = path_for(name, self.old, self.new) or name
            if name not in files or name in copied or target not in files:
                continue
            for document in self._documents(name)[:1]:
                listed = [as_text(each) for each in as_list(as_object(document.value).get("resources"))]
                for at, each in enumerate(listed):
                    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), each))
                    mine = path in folders and (path in copied or path_for(path, self.old, self.new))
                    if mine and (target != name or path_for(each, self.old, self.new)):
                        yield Piece(name, target, _item(document, ("resources", at)))

    def _documents(self, path: str) -> Sequence[Document]:
        return self.ground.survey.readers[self.release.repository].here.documents(path)


def _item(document: Document, keys: Sequence[str | int]) -> Item:
    return Item(document.number, tuple(Key(str(key)) for key in keys))


def _lists_called(
    value: Json, name: str, keys: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], list[Json]]]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key == name and isinstance(below, list):
                yield (*keys, key), below
            else:
                yield from _lists_called(below, name, (*keys, key))
    elif isinstance(value, list):
        for at, below in enumerate(value):
            yield from _lists_called(below, name, (*keys, at))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for below in value.values():
            yield from _texts(below)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below)
    elif isinstance(value, str):
        yield value
