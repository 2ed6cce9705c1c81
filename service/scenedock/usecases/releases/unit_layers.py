"""What the manifests of a release set: its values, its images, and the version of the chart that it installs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from scenedock.documents.merging import merge_values
from scenedock.documents.reading import Document
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.model.units import Unit
from scenedock.releases.deployed import ChartVersions, DependencyVersion, Layer
from scenedock.releases.images import Keys, split_reference
from scenedock.releases.spots import Spot


@dataclass(frozen=True, slots=True)
class UnitLayers:
    """The layers of one unit; `documents` gives those of a file."""

    unit: Unit
    documents: Callable[[str], tuple[Document, ...]]

    def layers_of_values(self) -> Iterator[Layer]:
        """The values that a release is written with, the lowest first; at last, what they are after all patches."""
        merged: JsonObject = {}
        path, lines = self.unit.place.path, Document(None).lines_below(())
        for written in self.unit.values_at:
            document = self._document_at(written.place)
            values = as_object(value_at(document.value, map(str, written.keys)))
            path, lines = written.place.path, document.lines_below(written.keys)
            if values:
                spots = Spot(written.keys, document.number).below
                yield Layer(path, values, lines, is_file=False, spot_of=spots)
                merged = merge_values(merged, values)
        if self.unit.values_at and self.unit.values != merged:
            yield Layer(path, self.unit.values, lines, is_file=False)

    def layers_of_images(self, changes: Iterable[Layer]) -> Iterator[Layer]:
        """The images of workloads, each as if it were in values: that of the only one as the main image.

        Those that an Application `changes` come after what they replace.
        """
        repositories = {image.repository for image in self.unit.images}
        for image in self.unit.images:
            described: JsonObject = {"image": {"repository": image.repository, "tag": image.tag}}
            document = self._document_at(image.written.place)
            line = document.line_of(image.written.keys)
            key = "" if len(repositories) == 1 else image.container or image.repository
            values: JsonObject = {key: described} if key else described
            spot, lines = Spot(image.written.keys, document.number), partial(_same_line, line)
            at = image.written.place.path
            yield Layer(at, values, lines, image.shape, is_file=False, spot_of=partial(_same_spot, spot))
            for layer in changes:
                for number, each in enumerate(map(as_object, as_list(layer.values.get("images")))):
                    repository, tag = split_reference(as_text(each.get("image")))
                    if image.repository in {repository, each.get("replaces")} and tag:
                        described = {"image": {"repository": repository, "tag": tag}}
                        line, changed = layer.line_of(("images", number)), layer.spot_of(("images", number))
                        values, spots = {key: described} if key else described, partial(_same_spot, changed)
                        yield replace(layer, values=values, line_of=partial(_same_line, line), spot_of=spots)

    def chart(self) -> ChartVersions | None:
        """The chart from elsewhere that a release installs, with its version."""
        if not self.unit.chart or self.unit.version_at is None:
            return None
        shape = "HelmRelease" if self.unit.kind == "Flux HelmRelease" else "helmCharts"
        place, keys = self.unit.version_at.place, self.unit.version_at.keys
        one = DependencyVersion(self.unit.chart, self.unit.version, keys, shape)
        document = self._document_at(place)
        return ChartVersions(place.path, document.line_of, remote=(one,), document=document.number)

    def _document_at(self, place: Place) -> Document:
        """The document that begins at a place; empty where it can't be read."""
        return next((each for each in self.documents(place.path) if each.line == place.line), Document(None))


def _same_line(line: int, _keys: Keys) -> int:
    return line


def _same_spot(spot: Spot | None, _keys: Keys) -> Spot | None:
    return spot
