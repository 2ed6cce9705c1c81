"""What the manifests of a release set: its values, its images, and the version of the chart that it installs."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from scenedock.catalog.reading.kustomize.objects import images_of_workload
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import Document, DocumentError, read_document, read_documents
from scenedock.model.finding import Place
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.model.units import Unit, UnitImage, Written
from scenedock.releases.deployed import OF_GIT, ChartVersions, DependencyVersion, Layer
from scenedock.releases.images import Keys, split_reference
from scenedock.releases.spots import Spot, always, nowhere
from scenedock.structs import dataclass, replace
from scenedock.usecases.releases.reading.parameters import nested


@dataclass(frozen=True, slots=True)
class UnitLayers:
    """The layers of one unit; `documents` gives those of a file."""

    unit: Unit
    documents: Callable[[str], tuple[Document, ...]]

    def layers_of_values(self) -> Iterator[Layer]:
        """The values that a release is written with, the lowest first; at last, what they are after all patches."""
        merged: JsonObject = {}
        above: list[Layer] = []
        path = self.unit.place.path
        lines: Callable[[Keys], int] = Document(None).lines_below(())
        for written in self.unit.values_at:
            document = self._document_at(written.place)
            value = value_at(document.value, map(str, written.keys))
            path, lines = written.place.path, document.lines_below(written.keys)
            if isinstance(value, str):
                is_block = document.is_block(written.keys)
                value, lines = _read_text(value, document.line_of(written.keys), is_block=is_block)
            if values := as_object(value):
                spots = Spot(written.keys, document.number, written.inner).below
                above.append(Layer(path, values, lines, is_file=False, spot_of=spots))
                merged = merge_values(merged, values)
        yield from above
        yield from _changed(merged, self.unit.values if self.unit.values_at else merged, above, Layer(path, {}, lines))

    def unclear(self) -> Iterator[Layer]:
        """What hides all that its files say: why something else may set its version."""
        if self.unit.unclear:  # values are of no consequence for the version of a chart
            lines = Document(None).lines_below(())
            yield Layer(self.unit.place.path, {}, lines, unreadable=self.unit.unclear)

    def layers_of_images(self, changes: Iterable[Layer]) -> Iterator[Layer]:
        """The images of workloads, each as if it were in values: that of the only one as the main image.

        Beside a chart none is the main image: that is the chart's.
        Those that an Application `changes` come after what they replace.
        """
        images = self.unit.images or tuple(self._images_of_manifests())
        repositories = {image.repository for image in images}
        for image in images:
            described: JsonObject = {"image": {"repository": image.repository, "tag": image.tag}}
            line, spot = self._written_at(image.written)
            is_main = len(repositories) == 1 and not self.unit.chart
            key = "" if is_main else image.container or image.repository
            values: JsonObject = {key: described} if key else described
            lines = partial(always, line)
            at = image.written.place.path
            yield Layer(at, values, lines, image.shape, is_file=False, spot_of=partial(always, spot))
            for layer in changes:
                for number, each in enumerate(map(as_object, as_list(layer.values.get("images")))):
                    repository, tag = split_reference(as_text(each.get("image")))
                    if image.repository in {repository, each.get("replaces")} and tag:
                        described = {"image": {"repository": repository, "tag": tag}}
                        line, changed = layer.line_of(("images", number)), layer.spot_of(("images", number))
                        values, spots = {key: described} if key else described, partial(always, changed)
                        yield replace(layer, values=values, line_of=partial(always, line), spot_of=spots)

    def _images_of_manifests(self) -> Iterator[UnitImage]:
        """The images in the plain manifests of an Application; none where Kustomize makes something of them."""
        files = () if self.unit.chart or self.unit.kind != "Argo CD Application" else self.unit.manifests
        if any(posixpath.basename(path) in KUSTOMIZATIONS for path in files):
            return
        for path in files:
            for each in self.documents(path):
                written = Written(Place(self.unit.repository, path, each.line))
                yield from images_of_workload(written, as_object(each.value))

    def chart(self) -> ChartVersions | None:
        """The chart from elsewhere that a release installs, with its version."""
        if not self.unit.chart or self.unit.version_at is None:
            return None
        place, keys = self.unit.version_at.place, self.unit.version_at.keys
        if self.unit.kind == "helmfile release":  # a template: only the line is known
            said = DependencyVersion(self.unit.chart, self.unit.version, (), "helmfile", self.unit.version_unclear)
            return ChartVersions(place.path, partial(always, place.line or 1), remote=(said,))
        shape = "HelmRelease" if self.unit.kind == "Flux HelmRelease" else "helmCharts"
        why = self.unit.version_unclear or (OF_GIT if keys[-1] == "chart" else "")
        one = DependencyVersion(self.unit.chart, self.unit.version, keys, shape, why)
        document = self._document_at(place)
        return ChartVersions(place.path, document.line_of, remote=(one,), document=document.number)

    def _written_at(self, written: Written) -> tuple[int, Spot | None]:
        """The line and the spot of what is written somewhere; of a text over several lines, the line in it."""
        document = self._document_at(written.place)
        line, spot = document.line_of(written.keys), Spot(written.keys, document.number, written.inner)
        if written.inner is None:
            return line, spot
        text = str(value_at(document.value, written.keys))
        try:
            inside = read_documents(text.encode("utf-8", "replace"))
        except DocumentError:
            return line, None
        if len(inside) != 1:
            return line, None
        return line + (inside[0].line_of(written.inner) if document.is_block(written.keys) else 0), spot

    def _document_at(self, place: Place) -> Document:
        """The document that begins at a place; empty where it can't be read."""
        return next((each for each in self.documents(place.path) if each.line == place.line), Document(None))


def _read_text(text: str, line: int, *, is_block: bool) -> tuple[Json, Callable[[Keys], int]]:
    """What a text of YAML says, and its lines: those of a block begin below that of its key."""
    try:
        inside = read_document(text.encode("utf-8", "replace"))
    except DocumentError:
        return None, partial(always, line)
    return inside.value, lambda keys: line + inside.line_of(keys) if is_block else line


def _changed(written: JsonObject, made: JsonObject, layers: Sequence[Layer], last: Layer) -> Iterator[Layer]:
    """What tools make of written values: at the line of a text where they fill it in, else by the last patch."""
    filled: dict[int, JsonObject] = {}
    for keys, value in _differences(written, made, ()):
        has_variable = "${" in str(value_at(written, keys))
        own = [n for n, each in enumerate(layers) if value_at(each.values, keys) is not None] if has_variable else []
        at = own[-1] if own else len(layers)
        filled[at] = merge_values(filled.get(at, {}), as_object(nested(keys, value)))
    for at, values in sorted(filled.items()):
        layer = layers[at] if at < len(layers) else last
        yield replace(layer, values=values, is_file=False, spot_of=nowhere)


def _differences(one: JsonObject, other: JsonObject, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The paths in which values differ, with what the other ones have there; None where they have nothing."""
    for key in {**one, **other}:
        before, after = one.get(key), other.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differences(before, after, (*above, key))
        elif before != after:
            yield (*above, key), after


def files_of_unit(unit: Unit) -> tuple[str, ...]:
    """The files that may say something of a unit's versions."""
    manifest = (unit.place.path,) if unit.application else ()
    own = (*unit.value_files, *unit.version_files, *unit.value_templates, *unit.state_files, *manifest)
    return *own, *(path for variant in unit.variants for path in files_of_unit(variant))
