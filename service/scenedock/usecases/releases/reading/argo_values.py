"""What Argo CD's Applications set besides the values files: values in the manifest, parameters, images of Kustomize.

Source: Argo CD, "Helm" (parameters count for more than `valuesObject`, or else `values`, and these for more than
`valueFiles`) and "Kustomize" (`images`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from scenedock.catalog.reading.argo.generators import flat, render_all
from scenedock.catalog.reading.argo.go_templates import render_fasttemplate, render_go
from scenedock.catalog.reading.argo.written import folder_at, value_files_of_source
from scenedock.catalog.reading.kustomize.images import may_set_images
from scenedock.documents.reading import Document, DocumentError, read_document
from scenedock.model.finding import Place
from scenedock.model.helm import Application
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.releases.deployed import TEXT_OF_VALUES, Layer
from scenedock.releases.images import Keys, split_reference, text_of
from scenedock.releases.spots import Spot, always
from scenedock.structs import dataclass, replace
from scenedock.usecases.releases.reading.parameters import before_open, nested, steps_of

_PARAMETER = re.compile(r"\{\{-?\s*\.?([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*-?\}\}")
_OPEN = "\ue000"
"""A character that no YAML file has a use for, in the place of a parameter."""
_CHANGES_SOURCE = re.compile(r"""\b(?:helm|kustomize|sources?)["']?\s*:""")
KUSTOMIZE_IMAGES: Final = "kustomize.images"
"""The shape of a layer with `images`, each the new `image` and the name of the one that it `replaces`."""


def application_layers(
    application: Application,
    chart: str,
    manifests: Sequence[Document],
    read: Callable[[str], Document],
    elsewhere: str,
    overrides: Sequence[tuple[str, Document]],
    is_read: Callable[[str], bool],
) -> Iterator[Layer]:
    """What the manifest of an Application sets, in the order in which it counts; none where it isn't among `manifests`.

    Of several sources that one counts that deploys the folder of the Application, or the `chart` from elsewhere, if
    there is one. `read` gives the document of another file of the same repository: generators have parameters from
    files. The name of the repository is `elsewhere` if the folder is in another. `overrides` are the files in that
    folder that change its source (see `override_paths`): their lists replace the manifest's. `is_read`
    tells whether that folder is read at a revision: at another one, nobody can tell what is in it.
    """
    document = manifest_of(application, manifests)
    if document is None:
        return
    pinned: list[str] = []
    yield from _replaced_files(overrides)
    sources = sources_of(application, manifests, read)
    for one in sources:
        if one.place[-1] == "source" or one.deploys(chart):
            left = replace(one, source=_without(one.source, [as_object(each.value) for _, each in overrides]))
            for layer in left.layers():
                yield replace(layer, elsewhere=elsewhere, is_file=False)
            if not chart and (revision := one.other_revision(is_read)):
                at_line = document.line_of((*one.place, "targetRevision"))
                at = Place(elsewhere, application.place.path, at_line)
                pinned.append(f"{at}: its Application deploys the revision {revision}, which may not be what was read")
    for keys, what in _unread_in_set(document.value) if _is_set(document) else ():
        path, line = application.place.path, document.line_of(keys)
        said = f"{Place(elsewhere, path, line)}: {what} changes its source, and is not evaluated"
        yield Layer(path, {}, partial(always, line), is_file=False, elsewhere=elsewhere, unreadable=said)
    for number, (path, written) in enumerate(overrides):
        own = _without(as_object(written.value), [as_object(each.value) for _, each in overrides[number + 1 :]])
        for layer in SourceOfApplication(application, written, (), own, read, is_set=False).layers():
            yield replace(layer, path=path, is_file=False)
    yield from _files_of_other_revisions(sources, chart, elsewhere, is_read)
    for said in pinned:
        yield Layer(application.place.path, {}, lambda _: 1, is_file=False, elsewhere=elsewhere, unreadable=said)


def sources_of(
    application: Application, manifests: Sequence[Document], read: Callable[[str], Document]
) -> list[SourceOfApplication]:
    """All sources of an Application, or of the set that made it; none where its manifest isn't there."""
    document = manifest_of(application, manifests)
    if document is None:
        return []
    is_set = _is_set(document)
    root: Keys = ("spec", "template", "spec") if is_set else ("spec",)
    spec = as_object(value_at(document.value, map(str, root)))
    several = [((*root, "sources", number), each) for number, each in enumerate(as_list(spec.get("sources")))]
    return [
        SourceOfApplication(application, document, at, as_object(each), read, is_set=is_set)
        for at, each in several or [((*root, "source"), spec.get("source"))]
    ]


def _is_set(document: Document) -> bool:
    return as_object(document.value).get("kind") == "ApplicationSet"


def _replaced_files(overrides: Sequence[tuple[str, Document]]) -> Iterator[Layer]:
    """A layer for each file whose values files, which aren't followed, replace those of an Application."""
    for path, written in overrides:
        if value_files_of_source(as_object(written.value)):
            line = written.line_of(("helm", "valueFiles"))
            said = f"{path}:{line}: its values files count instead of those of its Application"
            yield Layer(path, {}, partial(always, line), is_file=False, unreadable=said)


def _unread_in_set(value: Json) -> Iterator[tuple[Keys, str]]:
    """What of a set changes the sources of its Applications besides its template, with its keys."""
    if _CHANGES_SOURCE.search(as_text(value_at(value, ("spec", "templatePatch")))):
        yield ("spec", "templatePatch"), "the templatePatch of its set"
    for number, generator in enumerate(as_list(value_at(value, ("spec", "generators")))):
        for kind, own in as_object(generator).items():
            spec = as_object(value_at(as_object(own).get("template"), ("spec",)))
            if spec.get("source") or spec.get("sources"):
                yield ("spec", "generators", number, kind, "template"), "the template of its generator"


def _files_of_other_revisions(
    sources: Sequence[SourceOfApplication], chart: str, elsewhere: str, is_read: Callable[[str], bool]
) -> Iterator[Layer]:
    """A layer for each source whose values files another one takes, at a revision that isn't the one that is read."""
    files = [file for each in sources if each.deploys(chart) for file in value_files_of_source(each.source)]
    for one in sources:
        reference, path = one.text("ref"), one.application.place.path
        is_taken = bool(reference) and any(file.startswith(f"${reference}/") for file in files)
        if is_taken and (revision := one.other_revision(is_read)):
            at = Place(elsewhere, path, one.document.line_of((*one.place, "targetRevision")))
            said = f"{at}: its values files are those of the revision {revision}, which may not be what was read"
            yield Layer(path, {}, lambda _: 1, elsewhere=elsewhere, unreadable=said)


def override_paths(application: Application) -> tuple[str, ...]:
    """The files in its folder that change its source, as Argo CD Image Updater writes them; the last counts most."""
    names = (".argocd-source.yaml", f".argocd-source-{application.name}.yaml")
    return tuple(posixpath.join(application.path, name) for name in names)


def _without(source: JsonObject, overrides: Sequence[JsonObject]) -> JsonObject:
    """A source without what overrides set, too."""
    left = dict(source)
    for tool in ("helm", "kustomize"):
        replaced = {key for each in overrides for key in as_object(each.get(tool))}
        left[tool] = {key: value for key, value in as_object(source.get(tool)).items() if key not in replaced}
    return left


def manifest_of(application: Application, manifests: Sequence[Document]) -> Document | None:
    """The Application of this name, or the set that made it: the one where it was, or the only one."""
    sets = []
    for each in manifests:
        manifest = as_object(each.value)
        if manifest.get("kind") == "Application" and value_at(manifest, ("metadata", "name")) == application.name:
            return each
        if manifest.get("kind") == "ApplicationSet":
            sets.append(each)
    there = [each for each in sets if each.line == application.place.line] or sets
    return there[0] if len(there) == 1 else None


@dataclass(frozen=True, slots=True)
class SourceOfApplication:
    """A source of an Application at a place in its manifest; in a set, what has parameters is rendered with them."""

    application: Application
    document: Document
    place: Keys
    source: JsonObject
    read: Callable[[str], Document]
    is_set: bool

    def text(self, key: str) -> str:
        """A text of it, or a number as Helm prints it."""
        return text_of(self._rendered(self.source.get(key)))

    def rendered(self) -> JsonObject:
        """All of it."""
        return as_object(self._rendered(self.source))

    def origin_of(self, key: str) -> tuple[str, int, Spot] | None:
        """Where the parameter is that alone is the text at a key: its file, line and spot; None for any other text."""
        parameter = _PARAMETER.fullmatch(as_text(self.source.get(key)).strip()) if self.is_set else None
        return self._origin(parameter[1]) if parameter else None

    def deploys(self, chart: str) -> bool:
        """Whether it is the chart, or else the Application's folder; one whose path stays open may be that."""
        path = as_text(self._rendered(self.source.get("path")))
        if chart:
            return posixpath.basename(as_text(self._rendered(self.source.get("chart"))) or path) == chart
        return "{{" in path or (bool(path) and folder_at(path) == self.application.path)

    def other_revision(self, is_read: Callable[[str], bool]) -> str:
        """The revision that it deploys, if that isn't the one that is read; empty where only a cluster knows it."""
        revision = as_text(self._rendered(self.source.get("targetRevision"))).removeprefix("refs/heads/")
        return "" if "{{" in revision or revision in {"", "HEAD"} or is_read(revision) else revision

    def layers(self) -> Iterator[Layer]:
        """What it sets, in the order in which it counts."""
        helm = as_object(self.source.get("helm"))
        if self.source.get("plugin"):
            yield self._hidden(("plugin",), "a plugin makes what it deploys")
        if helm.get("valuesObject"):
            keys: Keys = (*self.place, "helm", "valuesObject")
            values = as_object(helm.get("valuesObject"))
            yield self._layer(as_object(self._rendered(values)), "helm.valuesObject", lambda path: (*keys, *path))
            yield from self._from_parameters(values, (), "helm.valuesObject")
        elif text := as_text(helm.get("values")):
            yield from self._of_text(text)
        for number, each in enumerate(map(as_object, as_list(helm.get("parameters")))):
            yield from self._of_parameter(number, each)
        for number, each in enumerate(map(as_object, as_list(helm.get("fileParameters")))):
            steps = steps_of(as_text(self._rendered(each.get("name"))))
            keys = ("helm", "fileParameters", number)
            yield self._hidden(keys, "a file which isn't a values file sets it", before_open(steps))
        kustomize = as_object(self.source.get("kustomize"))
        for key in ("patches", "components"):
            if kustomize.get(key) and (key == "components" or may_set_images(kustomize[key])):
                yield self._hidden(("kustomize", key), f"the {key} of its Application may change its image")
        images = as_list(kustomize.get("images"))
        if images:
            named: list[Json] = []
            for written in images:
                old, renamed, new = as_text(self._rendered(written)).rpartition("=")
                named.append({"image": new, "replaces": old if renamed else split_reference(new)[0]})
            at: Keys = (*self.place, "kustomize", "images")
            yield self._layer({"images": named}, KUSTOMIZE_IMAGES, lambda path: (*at, *path[1:2]))

    def _of_text(self, text: str) -> Iterator[Layer]:
        """Values that are written as a text: its lines follow the line of the key, if they are lines."""
        rendered = as_text(self._rendered(text))
        start = self.document.line_of((*self.place, "helm", "values"))
        path = self.application.place.path
        try:
            inner = _read_open(rendered, has_parameters=self.is_set)
        except DocumentError as error:
            unreadable = f"{path}:{start}: helm.values can't be read: {error}"
            yield Layer(path, {}, lambda _keys: start, TEXT_OF_VALUES, unreadable=unreadable)
            return
        is_block = self.document.is_block((*self.place, "helm", "values"))

        def line_of(keys: Keys) -> int:
            return start + inner.line_of(keys) if is_block else start

        spot = Spot((*self.place, "helm", "values"), self.document.number, ())
        yield Layer(path, as_object(inner.value), line_of, TEXT_OF_VALUES, spot_of=spot.below)

    def _of_parameter(self, number: int, parameter: JsonObject) -> Iterator[Layer]:
        """A parameter, as `--set` takes it; what one with an index of a list, or with an open name, sets is unknown."""
        name, value = as_text(self._rendered(parameter.get("name"))), parameter.get("value")
        if not name:
            return
        if "[" in name or "{{" in name:
            said = f"only Argo CD knows what its parameter {name!r} sets"
            yield self._hidden(("helm", "parameters", number), said, before_open(steps_of(name)))
            return
        steps = steps_of(name)
        keys: Keys = (*self.place, "helm", "parameters", number, "value")
        yield self._layer(nested(steps, self._rendered(value)), "helm.parameters", lambda _path: keys)
        yield from self._from_parameters(nested(steps, value), (), "helm.parameters")

    def _hidden(self, keys: Keys, why: str, opened: Keys = ()) -> Layer:
        """A layer of what nobody can tell without Argo CD: all that it deploys, or what is at the opened keys."""
        path, line = self.application.place.path, self.document.line_of((*self.place, *keys))
        said = f"{path}:{line}: {why}"
        open_at = ((opened, said),) if opened else ()
        return Layer(path, {}, lambda _keys: line, unreadable=said, open_at=open_at)

    def _layer(self, values: JsonObject, shape: str, place_of: Callable[[Keys], Keys]) -> Layer:
        document, path = self.document, self.application.place.path

        def spot_of(keys: Keys) -> Spot:
            return Spot(place_of(keys), document.number)

        return Layer(path, values, lambda keys: document.line_of(place_of(keys)), shape, spot_of=spot_of)

    def _rendered(self, value: Json) -> Json:
        """A value with the parameters of its generator; what they can't evaluate stays as it is written."""
        if not self.is_set:
            return value
        spec = as_object(as_object(self.document.value).get("spec"))
        render = render_go if spec.get("goTemplate") is True else render_fasttemplate

        def text_or_itself(text: str, parameters: JsonObject) -> str:
            found = render(text, parameters)
            return text if found is None else found

        return render_all(value, text_or_itself, self.application.parameters)

    def _from_parameters(self, value: Json, above: Keys, shape: str) -> Iterator[Layer]:
        """A layer for each text that is a parameter alone, at the line that gives the parameter: an edit goes there."""
        if not self.is_set:
            return
        if isinstance(value, dict):
            for key, below in value.items():
                yield from self._from_parameters(below, (*above, key), shape)
        elif isinstance(value, str) and (match := _PARAMETER.search(value)) and (found := self._origin(match[1])):
            text = as_text(self._rendered(value))
            path, line, spot = found
            values = nested([str(key) for key in above], text)
            yield Layer(path, values, lambda _keys: line, shape, spot_of=lambda _keys: spot)

    def _origin(self, name: str) -> tuple[str, int, Spot] | None:
        """Where a parameter is: in the element of a list generator, or in the file of a git generator."""
        parameters = self.application.parameters
        steps = name.split(".")
        value = value_at(parameters, steps)
        folder, file = value_at(parameters, ("path", "path")), value_at(parameters, ("path", "filename"))
        if isinstance(folder, str) and isinstance(file, str):
            path = f"{folder}/{file}" if folder else file
            document = self.read(path)
            if value_at(document.value, steps) == value is not None:
                return path, document.line_of(steps), Spot(tuple(steps), document.number)
        for keys, element in _elements(self.document.value, ()):
            known = flat(parameters)
            if value_at(element, steps) == value is not None and all(
                known.get(key) == text for key, text in flat(element).items()
            ):
                at: Keys = (*keys, *steps)
                return self.application.place.path, self.document.line_of(at), Spot(at, self.document.number)
        return None


def _read_open(text: str, *, has_parameters: bool) -> Document:
    """The YAML in a text, also where a parameter that only a cluster knows stands without quotes: it is not a tag.

    Raises
    ------
    DocumentError   it isn't YAML, or which keys it has only a cluster knows
    """
    try:
        document = read_document(text.encode())
    except DocumentError:
        opened = _PARAMETER.sub(_OPEN, text)
        if opened == text or "{{" in opened:
            raise
        document = read_document(opened.encode())
        if not isinstance(document.value, dict):
            raise  # what the parameter says may have any key, and that of an image
        has_parameters = True
    if has_parameters and _has_open_key(document.value):
        raise DocumentError("it has a parameter in the place of a key, which only a cluster knows")
    return document


def _has_open_key(value: Json) -> bool:
    """Whether a parameter stands in the place of a key, or in one."""
    if isinstance(value, dict):
        return any("{{" in key or _OPEN in key or _has_open_key(below) for key, below in value.items())
    return isinstance(value, list) and any(map(_has_open_key, value))


def _elements(value: Json, keys: Keys) -> Iterator[tuple[Keys, JsonObject]]:
    """The elements of the list generators in a manifest."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "elements" and isinstance(below, list):
                yield from (((*keys, key, number), as_object(each)) for number, each in enumerate(below))
            elif key != "template":
                yield from _elements(below, (*keys, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _elements(below, (*keys, number))
