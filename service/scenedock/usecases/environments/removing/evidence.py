"""Take away what says that a deployment is there: its files, and its entries in lists, sets and manifests."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.services import Member
from scenedock.catalog.reading.app_lists import items_in
from scenedock.documents.reading import Document, read_documents
from scenedock.errors import InputError
from scenedock.gitops.values_edits import add_value, remove_value
from scenedock.model.finding import Place
from scenedock.model.helm import KUSTOMIZATIONS, Application, ListItem
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.model.units import Unit
from scenedock.structs import replace
from scenedock.usecases.environments.removing.removal import Removal, files_outside, kustomizations_of_flux, written

Path = tuple[str | int, ...]
_FEWEST_OF_A_LIST: Final = 4
"""An enabling list with fewer items would not be recognised after one has gone."""


def take_out(removal: Removal, member: Member, deployment: Deployment) -> None:
    """Take away a deployment as it is still there.

    Raises
    ------
    InputError, NotFoundError   a file can't be read or edited
    """
    repository = member.contents.facts.name
    for path in _own_files(removal, member, deployment):
        if deployment.item is None or path != deployment.item.list_path:
            removal.delete(repository, path)
    if deployment.source == "folders":
        removal.delete_below(repository, deployment.folder)
    if deployment.item:
        _take_out_item(removal, member, deployment.item)
    if deployment.unit and not deployment.unit.application:
        _take_out_unit(removal, member, deployment.unit)
    elif deployment.application and deployment.application.place.path:
        _take_out_application(removal, deployment.application)


def _own_files(removal: Removal, member: Member, deployment: Deployment) -> Iterator[str]:
    """The values files that only the deployments which go have."""
    repository, ground = member.contents.facts.name, removal.ground
    readers: dict[str, set[tuple[str, str, str | None]]] = {}
    for key, each in ground.deployed.items():
        for layer in each.all_layers:
            if layer.is_file and not layer.elsewhere and key[0] == repository:
                readers.setdefault(layer.path, set()).add(key)
    folder = member.folder_of(deployment)
    environment = deployment.environment or ""
    named = set(folder.files_of(environment)) if folder and environment in folder.value_files else set()
    if folder:
        shared = [name for other, names in folder.value_files.items() if other != environment for name in names]
        named |= {folder.at(name) for other, name in folder.unused_files if other == environment}
        named -= {folder.at(name) for name in shared}
    for key in removal.keys:
        named |= readers.keys() & (ground.deployed[key].own_files if key in ground.deployed else set())
    stay = set(removal.paths(repository)) - {path for name, path in files_outside(ground, removal.keys)}
    yield from sorted(path for path in named & stay if readers.get(path, set()) <= set(removal.keys))


def _take_out_item(removal: Removal, member: Member, item: ListItem) -> None:
    """Take away the item of an app list, or the switch of an enabling list; off, if the list is on by itself."""
    repository = member.contents.facts.name
    document = _document(removal, repository, item.list_path)
    if document and not item.folder and (path := place_in_list(member, item, document.value)):
        _remove(removal, repository, item.list_path, path)
        return
    found = items_in(document.value).get(item.key) if document and item.folder else None
    if found:
        at, _ = found
        above = as_object(value_at(document.value, at[:-1])) if document else {}
        if not item.folder or len(above) >= _FEWEST_OF_A_LIST:
            _remove(removal, repository, item.list_path, at)
        else:
            _switch_off(removal, repository, item.list_path, at, above.get(item.key))
        return
    defaults = posixpath.join(posixpath.dirname(item.list_path), "values.yaml")
    base = _document(removal, repository, defaults)
    switch = items_in(base.value).get(item.key) if base else None
    if switch and item.folder:
        _switch_off(removal, repository, item.list_path, *switch)
    elif item.template:
        removal.refuse(item.name, "a template writes its Application", Place(repository, item.template))
    elif not item.folder:
        removal.refuse(
            item.name, f"{item.list_path} lists it where it can't be edited", Place(repository, item.list_path)
        )


def place_in_list(member: Member, item: ListItem, document: Json) -> Path:
    """Where an app list of the settings has an item, in the environment of the item."""
    for app_list in member.contents.settings.apps:
        before, placeholder, after = app_list.items.partition("{environment}")
        keys = [*before.split("."), *([item.environment or "", *after.split(".")] if placeholder else [])]
        at = tuple(filter(None, keys))
        items = value_at(document, at)
        if isinstance(items, Mapping) and item.name in items:
            return *at, item.name
        for number, each in enumerate(as_list(items)):
            if item.name in {as_text(each), as_text(as_object(each).get("name"))}:
                return *at, number
    return ()


def _switch_off(removal: Removal, repository: str, path: str, at: Path, value: Json) -> None:
    where = at if isinstance(value, bool) else (*at, "enabled")
    off = partial(add_value, path=written(where), value=False, file=path)
    removal.edit_as_read(repository, path, (0, *at), off)


def _take_out_application(removal: Removal, application: Application) -> None:
    """Take away the manifest of an Application, or the element of the generator that makes it."""
    place = application.place
    document = _document(removal, place.repository, place.path, place.line)
    manifest = as_object(document.value) if document else {}
    if document is None or manifest.get("kind") not in {"Application", "ApplicationSet"}:
        what = "a template makes its Application"
        removal.refuse(application.name, what, place, "Remove what makes the template render it, then retire it.")
    elif manifest.get("kind") == "Application":
        _delete_document(removal, place, document)
    else:
        _take_out_generated(removal, application, document, manifest)


def _take_out_generated(removal: Removal, application: Application, document: Document, manifest: JsonObject) -> None:
    """Take away the part of a generator that makes this Application and no other: a file, an element, or a folder."""
    place, parameters = application.place, application.parameters
    elements = [
        path
        for path in elements_of(value_at(manifest, ("spec", "generators")), ("spec", "generators"))
        if is_made_of(as_object(value_at(manifest, path)), parameters)
    ]
    others, read = _others_of(removal, application), as_object(parameters.get("path"))
    is_alone = bool(read) and not any(as_object(each.parameters.get("path")) == read for each in others)
    in_elements = any(
        is_made_of(as_object(value_at(manifest, path)), each.parameters) for path in elements for each in others
    )
    if not elements or (is_alone and (in_elements or _read_here(removal, place, read))):
        _delete_read(removal, application, read)
    elif len(elements) > 1:
        at = replace(place, line=document.line_of(elements[0]))
        removal.refuse(application.name, "the set makes it of several elements, which make others, too", at)
    elif _left_in(removal, place, document, elements[0][:-1]) > 1:
        _remove(removal, place.repository, place.path, elements[0], document.number)
    elif not others:
        _delete_document(removal, place, document)
    else:
        at = replace(place, line=document.line_of(elements[0]))
        removal.refuse(application.name, "it is the only element of a list that makes others, too", at)


def _left_in(removal: Removal, place: Place, document: Document, at: Path) -> int:
    """How many items a list still has, after what has been taken out of it."""
    there = read_documents(removal.content(place.repository, place.path))
    return next((len(as_list(value_at(each.value, at))) for each in there if each.number == document.number), 0)


def _read_here(removal: Removal, place: Place, read: JsonObject) -> str:
    """The file of this repository that a git generator reads; empty if it reads none."""
    name = posixpath.join(as_text(read.get("path")), as_text(read.get("filename")))
    return name if read.get("filename") and name in removal.ground.paths(place.repository) else ""


def _delete_read(removal: Removal, application: Application, read: JsonObject) -> None:
    """Delete the file or folder that a git generator reads."""
    place, name = application.place, _read_here(removal, application.place, read)
    if read.get("filename"):
        if name in set(removal.paths(place.repository)):
            _delete_generating(removal, application, name)
    elif read.get("path"):
        removal.delete_below(place.repository, as_text(read.get("path")))
    else:
        removal.refuse(application.name, "nothing in this repository says which part of the set makes it", place)


def _delete_generating(removal: Removal, application: Application, path: str) -> None:
    """Delete the file that a generator reads, unless it is a list for several."""
    repository = application.place.repository
    document = _document(removal, repository, path)
    if document and isinstance(document.value, list):
        matching = [at for at, each in enumerate(document.value) if is_made_of(as_object(each), application.parameters)]
        if len(matching) == 1 and _left_in(removal, Place(repository, path), document, ()) > 1:
            _remove(removal, repository, path, (matching[0],))
            return
    removal.delete(repository, path)


def _others_of(removal: Removal, application: Application) -> Sequence[Application]:
    """The Applications that the same manifest makes, too, and that stay."""
    mine = [pair.deployment.application for key, pair in removal.now.pairs.items() if key in removal.keys]
    every = [each for one in removal.now.result.repositories for each in one.applications]
    return [each for each in every if each.place == application.place and each not in mine and each != application]


def elements_of(value: Json, at: Path) -> Iterator[Path]:
    """The paths of the elements of list generators, however deep."""
    for number, generator in enumerate(as_list(value)):
        here: Path = (*at, number)
        body = as_object(generator)
        for index in range(len(as_list(as_object(body.get("list")).get("elements")))):
            yield *here, "list", "elements", index
        for kind in ("matrix", "merge"):
            inner = as_object(body.get(kind)).get("generators")
            yield from elements_of(inner, (*here, kind, "generators"))


def is_made_of(element: JsonObject, parameters: JsonObject) -> bool:
    """Whether an element of a list gave a generator's parameters."""
    return bool(element) and all(parameters.get(key) == value for key, value in element.items())


def _take_out_unit(removal: Removal, member: Member, unit: Unit) -> None:
    """Take away the folders that only this environment of what Flux or Kustomize deploys has, or its manifest."""
    contents = member.contents
    units = [one for each in removal.now.result.repositories for one in each.units]
    others = [each for each in units if each is not unit and each.repository == unit.repository]
    shared = {folder for each in others for folder in each.folders} | {each.path for each in others}
    name = posixpath.basename(unit.path)
    mine = [each for each in unit.folders if each.startswith(f"{unit.path}/") or posixpath.basename(each) == name]
    own = [each for each in mine if each and each not in shared and each != unit.path]
    if built := _built_on_another(removal, contents.facts.name, own):
        removal.refuse(unit.name or unit.path, "it is one environment with another, which is built on it", built)
    elif unit.kind in {"Kustomize folder", "Flux Kustomization"} and own:
        for folder in own:
            removal.delete_below(contents.facts.name, folder)
        _take_out_flux(removal, contents.facts.name, own)
    elif unit.kind in {"Flux Kustomization", "Flux HelmRelease"}:
        document = _document(removal, unit.place.repository, unit.place.path, unit.place.line)
        if document:
            _delete_document(removal, unit.place, document)
    else:
        removal.refuse(unit.name or unit.path, f"it is a {unit.kind}, whose files can't be edited here", unit.place)


def _take_out_flux(removal: Removal, repository: str, folders: Sequence[str]) -> None:
    """Take away the Kustomizations of Flux that deploy some folders: they would fail, and so prune nothing.

    One at a time: where the next one is, is told by the file without the one before.
    """
    while found := next((each for each in kustomizations_of_flux(removal, repository) if each[2] in folders), None):
        removal.renew()
        _delete_document(removal, found[0], found[1])


def _built_on_another(removal: Removal, repository: str, folders: Sequence[str]) -> Place | None:
    """The line by which one of some overlays is built on another, unless its service goes as a whole."""
    services = {service for _, service, _ in removal.keys}
    if all(key in removal.keys for key in removal.ground.releases if key[0] == repository and key[1] in services):
        return None
    for folder in folders:
        for name in KUSTOMIZATIONS:
            document = _document(removal, repository, f"{folder}/{name}")
            resources = as_list(as_object(document.value).get("resources")) if document else ()
            for number, each in enumerate(map(as_text, resources)):
                if document and posixpath.normpath(posixpath.join(folder, each)) in folders:
                    return Place(repository, f"{folder}/{name}", document.line_of(("resources", number)))
    return None


def _delete_document(removal: Removal, place: Place, document: Document) -> None:
    """Take a manifest out of its file; the file goes with its only one."""
    if removal.after.get((place.repository, place.path), b"") is None:
        return
    documents = read_documents(removal.content(place.repository, place.path))
    if [each.number for each in documents if each.value is not None] == [document.number]:
        removal.delete(place.repository, place.path)
        return
    at = (document.number,)
    removal.edit_as_read(place.repository, place.path, at, lambda data: _without_document(data, place, document))


def _without_document(data: bytes, place: Place, document: Document) -> bytes:
    lines = data.splitlines(keepends=True)
    starts = [0, *(at for at, line in enumerate(lines) if line.startswith(b"---"))]
    start = max(at for at in starts if at < document.line)
    end = min((at for at in starts if at >= document.line), default=len(lines))
    if start == 0:
        start = _head(lines)
        if end < len(lines) and (start or not lines[0].startswith(b"---")):
            end += 1
    edited = b"".join([*lines[:start], *lines[end:]])
    others = [each.value for each in read_documents(data) if each.number != document.number]
    if [each.value for each in read_documents(edited) if each.value is not None] != [
        each for each in others if each is not None
    ]:
        raise InputError(f"{place}: the manifest can't be taken out of its file without others; remove it by hand")
    return edited


def _head(lines: Sequence[bytes]) -> int:
    """How many lines the comment of a whole file has, which an empty line ends: such as its licence."""
    at = first = 1 if lines[0].startswith(b"---") else 0
    while at < len(lines) and lines[at].startswith(b"#"):
        at += 1
    return at + 1 if first < at < len(lines) and not lines[at].strip() else 0


def _remove(removal: Removal, repository: str, path: str, at: Path, document: int | None = None) -> None:
    place = (document or 0, *at)
    removal.edit_as_read(repository, path, place, lambda data: remove_value(data, written(at), path, document))


def _document(removal: Removal, repository: str, path: str, line: int | None = None) -> Document | None:
    """The document of a file that begins at or before a line; the first without one. None where it can't be read."""
    reader = removal.now.survey.readers.get(repository)
    documents = [each for each in (reader.here.documents(path) if reader else ()) if each.value is not None]
    here = [each for each in documents if line is None or each.line <= line]
    if not here:
        return None
    return here[0] if line is None else here[-1]
