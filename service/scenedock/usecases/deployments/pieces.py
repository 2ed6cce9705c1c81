"""What makes a service in a repository: its files, and its items in lists of what is deployed, in all environments."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.services import Member
from scenedock.catalog.reading.app_lists import items_in
from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.changes.deployments.words import ServiceWords, home_of, path_of
from scenedock.changes.environments.items import Item
from scenedock.changes.environments.words import path_for
from scenedock.documents.reading import Document
from scenedock.gitops.in_place.paths import Key
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Place
from scenedock.model.helm import KUSTOMIZATIONS, Application
from scenedock.model.json import as_list, as_object, as_text, value_at
from scenedock.model.provenance import PROVENANCE_FILE
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass, field
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.environments.pieces import Piece, is_generated
from scenedock.usecases.environments.removing.evidence import elements_of, is_made_of, place_in_list

_LEFT_OUT = frozenset({"docs", "tests", "ci"})
_API_FILES = ("openapi.yaml", "openapi.yml", "openapi.json", "asyncapi.yaml", "asyncapi.yml")
_BY_KEY = (".yaml", ".yml", ".env", ".properties")


@dataclass
class ServicePieces:
    """Finds what makes a service, and what of it can't be made by copying (`notes`); `new` is the copy's name.

    Without `environments`, in all that it has.
    """

    ground: Ground
    repository: str
    service: str
    new: str
    environments: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    @cached_property
    def words(self) -> ServiceWords:
        """Its words."""
        return ServiceWords.among(self.service, self.ground.by_service)

    @cached_property
    def keys(self) -> tuple[PairKey, ...]:
        """The deployments that are copied."""
        return tuple(each for each in self._all_keys if not self.environments or each[2] in self.environments)

    @cached_property
    def _all_keys(self) -> tuple[PairKey, ...]:
        return tuple(each for each in self.ground.releases if each[:2] == (self.repository, self.service))

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """The folders that are named after it."""
        found: dict[str, None] = {}
        for key in self._all_keys:
            pair = self.ground.pairs[key]
            unit = pair.deployment.unit
            folders = [folder.path for folder in pair.member.folders]
            folders += [pair.deployment.folder, *((unit.path, *unit.folders) if unit else ())]
            found |= {home: None for each in folders if each and (home := home_of(each, self.words))}
        return tuple(each for each in found if not any(other in found for other in folders_above(each)))

    @cached_property
    def unnamed_folders(self) -> tuple[str, ...]:
        """The folders that are its alone, and don't have its name."""
        others = {pair.deployment.folder for key, pair in self.ground.pairs.items() if key[1] != self.service}
        own = {self.ground.pairs[key].deployment.folder for key in self._all_keys} - others - {""}
        return tuple(sorted(each for each in own if home_of(each, self.words) is None))

    def target(self, path: str) -> str | None:
        """The path of the copy of a file; None where nothing in it names the service."""
        return path_of(path, self.homes, self.words, self.new)

    def find(self) -> tuple[Piece, ...]:
        """The pieces, files first."""
        whole = {each.path: each for each in self._files()}
        found: dict[tuple[str, Item | None], Piece] = {(path, None): each for path, each in whole.items()}
        for key in self.keys:
            pair = self.ground.pairs[key]
            for each in (
                *self._of_application(pair.deployment.application, key[2]),
                *self._of_list(pair.member, pair.deployment),
                *self._of_unit(pair.deployment, key[2]),
                *self._of_tags(key),
            ):
                if each.path not in whole:
                    found.setdefault((each.path, each.item), each)
        files = {path: each for (path, item), each in found.items() if item is None}
        for each in self._of_kustomizations(files):
            found.setdefault((each.path, each.item), each)
        self._note_settings()
        return tuple(found.values())

    def _files(self) -> Iterator[Piece]:
        """The files that are its alone, as their paths say."""
        nested = self._nested()
        for path in sorted(self._paths()):
            home = next((each for each in self.homes if each in folders_above(path)), None)
            if home is None or nested.intersection(folders_above(path)) or self._is_of_others(path):
                continue
            inside = path.removeprefix(f"{home}/")
            if (
                inside.endswith(PROVENANCE_FILE)
                or inside.endswith(_API_FILES)
                or not _LEFT_OUT.isdisjoint(inside.split("/")[:-1])
            ):
                self.notes.append(f"{path} isn't copied: it tells of {self.service} itself")
                continue
            if not is_generated(self.ground, self.repository, path):
                yield self._whole(path, inside)

    def _whole(self, path: str, inside: str) -> Piece:
        is_text = "templates" in inside.split("/")[:-1] or not path.endswith(_BY_KEY)
        return Piece(path, self.target(path) or path, environment=self._environment_of(path), is_text=is_text)

    def _nested(self) -> frozenset[str]:
        """The folders of other services below its homes."""
        found = {
            folder.path
            for key, pair in self.ground.pairs.items()
            if key[0] == self.repository and key[1] != self.service
            for folder in pair.member.folders
        }
        return frozenset(each for each in found if set(self.homes).intersection(folders_above(each)))

    def _is_of_others(self, path: str) -> bool:
        """Whether a file is of an environment that isn't copied."""
        others = {each[2] for each in self._all_keys} - {each[2] for each in self.keys}
        return any(each and path_for(path, each, "\0") for each in others)

    def _environment_of(self, path: str) -> str | None:
        for key in self.keys:
            if key[2] and (path in self.ground.deployed[key].own_files or path_for(path, key[2], "\0")):
                return key[2]
        return None

    def _of_application(self, application: Application | None, environment: str | None) -> Iterator[Piece]:
        """The manifest of its Application, or the elements of lists that a set makes it of."""
        if application is None or not application.place.path:
            return
        place = application.place
        if place.repository != self.repository:
            self.notes.append(f"its Application is made by {place}, in another repository: add it there")
            return
        document, manifest = self._document(place)
        if document is None or manifest.get("kind") not in {"Application", "ApplicationSet"}:
            target = self.target(place.path)
            if target:
                yield Piece(place.path, target, environment=environment, is_text=True)
            else:
                self.notes.append(f"a template makes its Application ({place}): add what makes the new one by hand")
            return
        if manifest.get("kind") == "Application":
            target = self.target(place.path)
            is_alone = target is not None and self._is_alone(place.path)
            item = None if is_alone else Item(document.number)
            yield Piece(place.path, target if is_alone and target else place.path, item, environment)
            return
        yield from self._of_set(application, document, environment)

    def _of_set(self, application: Application, document: Document, environment: str | None) -> Iterator[Piece]:
        path = application.place.path
        generators = value_at(document.value, ("spec", "generators"))
        for at in elements_of(generators, ("spec", "generators")):
            element = as_object(value_at(document.value, at))
            if is_made_of(element, application.parameters) and self._names(element):
                yield Piece(path, path, _item(document, at), environment)
        file = as_object(application.parameters.get("path"))
        name = posixpath.join(as_text(file.get("path")), as_text(file.get("filename")))
        if not file.get("filename") or name not in self._paths():
            return
        listed = next(iter(self._documents(name)), None)
        if listed and isinstance(listed.value, list):
            for number, each in enumerate(listed.value):
                if is_made_of(as_object(each), application.parameters) and self._names(each):
                    yield Piece(name, name, _item(listed, (number,)), environment)
        elif target := self.target(name):
            yield Piece(name, target, environment=environment)

    def _of_list(self, member: Member, deployment: Deployment) -> Iterator[Piece]:
        """Its item in the list of an app of apps, and what the list has for all environments."""
        item = deployment.item
        if item is None:
            return
        if item.template and (target := self.target(item.template)):
            yield Piece(item.template, target, environment=item.environment, is_text=True)
        elif item.template:
            self.notes.append(f"{item.template} writes its Application: add the new one by hand")
        base = posixpath.join(posixpath.dirname(item.list_path), "values.yaml")
        for path in dict.fromkeys([item.list_path, base] if item.folder else [item.list_path]):
            document = next(iter(self._documents(path)), None)
            if document is None:
                continue
            at = () if item.folder else place_in_list(member, item, document.value)
            found = items_in(document.value).get(item.key)
            at = at or (found[0] if found else ())
            if at:
                yield Piece(path, path, _item(document, at), item.environment)
            elif path == item.list_path and not item.folder:
                self.notes.append(f"{path} lists {item.key} where it can't be edited: add {self.new} by hand")

    def _of_unit(self, deployment: Deployment, environment: str | None) -> Iterator[Piece]:
        """Its release in a helmfile; the manifests that tools read outside of its folders."""
        unit = deployment.unit
        if unit is None or unit.application:
            return
        path = unit.place.path
        if unit.kind == "helmfile release":
            for document in self._documents(path):
                for at, each in enumerate(as_list(as_object(document.value).get("releases"))):
                    if as_text(as_object(each).get("name")) in {unit.name, unit.release} - {""}:
                        yield Piece(path, path, _item(document, ("releases", at)), environment)
            return
        for each in dict.fromkeys((path, *unit.manifests, *unit.value_files)):
            target = self.target(each)
            if each not in self._paths() or any(home in folders_above(each) for home in self.homes):
                continue
            if target:
                yield Piece(each, target, environment=environment)
            else:
                self.notes.append(f"{each} has what deploys {self.service}, and more: add {self.new} by hand")

    def _of_tags(self, key: PairKey) -> Iterator[Piece]:
        """What settings name for its version."""
        tag_file = self.ground.deployed[key].tag_file
        if tag_file is None or tag_file.spot is None:
            return
        if target := self.target(tag_file.path):
            yield Piece(tag_file.path, target, environment=key[2])
        elif tag_file.spot.form == "yaml":
            item = Item(tag_file.spot.document, tuple(Key(str(each)) for each in tag_file.spot.keys))
            yield Piece(tag_file.path, tag_file.path, item, key[2])
        else:
            self.notes.append(f"{tag_file.path} has its version: add that of {self.new} by hand")

    def _of_kustomizations(self, whole: Mapping[str, Piece]) -> Iterator[Piece]:
        """The lines of kustomizations outside of its folders that name what is copied."""
        copied = {*whole, *self.homes, *(folder for path in whole for folder in folders_above(path))}
        own = {each for each in copied if self.target(each) != each}
        above = {posixpath.dirname(each) for each in own}
        for name in (posixpath.join(folder, name) for folder in sorted(above) for name in KUSTOMIZATIONS):
            if name not in self._paths() or name in whole:
                continue
            for document in self._documents(name)[:1]:
                listed = [as_text(each) for each in as_list(as_object(document.value).get("resources"))]
                for at, each in enumerate(listed):
                    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), each))
                    if path in own and self.words.are_in(each):
                        yield Piece(name, name, _item(document, ("resources", at)))

    def _note_settings(self) -> None:
        settings = next(each.settings for each in self.ground.result.repositories if each.facts.name == self.repository)
        if self.service in settings.overrides:
            self.notes.append(f"{FILE_NAME} corrects {self.service}; nothing of that is copied")

    def _names(self, value: object) -> bool:
        return self.words.are_in(str(value))

    def _is_alone(self, path: str) -> bool:
        """Whether a file has a single manifest, or only those of this service."""
        manifests = [each for each in self._documents(path) if each.value is not None]
        places = [each.deployment.application for key, each in self.ground.pairs.items() if key[1] != self.service]
        return len(manifests) == 1 or not any(each and each.place.path == path for each in places)

    def _document(self, place: Place) -> tuple[Document | None, Mapping[str, object]]:
        documents = [each for each in self._documents(place.path) if each.value is not None]
        here = [each for each in documents if place.line is None or each.line <= place.line]
        document = here[-1] if here else None
        return document, as_object(document.value) if document else {}

    def _paths(self) -> frozenset[str]:
        return self.ground.paths(self.repository)

    def _documents(self, path: str) -> Sequence[Document]:
        return self.ground.survey.readers[self.repository].here.documents(path)


def _item(document: Document, keys: Sequence[str | int]) -> Item:
    return Item(document.number, tuple(Key(str(key)) for key in keys))
