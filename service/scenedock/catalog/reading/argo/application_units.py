"""Argo CD Applications of charts from elsewhere: where they are at home, and their values."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import replace

from scenedock.catalog.reading.sources import Manifests
from scenedock.catalog.vocabulary.environments import without_environment
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import DocumentError, read_document
from scenedock.model.helm import Application
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.model.units import Unit


def unit_of(
    application: Application, sources: Sequence[JsonObject], folder: tuple[Manifests, str] | None
) -> Unit | None:
    """An Application as a unit, if its chart comes from elsewhere.

    It is at home in the `folder` of this run that it takes values from, else in that of its manifest.
    """
    chart = next((each for each in sources if is_literal(each, "chart")), None)
    if chart is None:
        return None
    place = application.place
    repository, path = (folder[0].name, folder[1]) if folder else (place.repository, posixpath.dirname(place.path))
    helm = as_object(chart.get("helm"))
    files = (posixpath.join(path, name) for name in application.value_files) if folder else ()
    return Unit(
        "Argo CD Application",
        application.name,
        path,
        place,
        repository,
        application.namespace,
        application.environment,
        chart=posixpath.basename(as_text(chart.get("chart"))),
        value_files=tuple(map(posixpath.normpath, files)),
        values=_inline_values(helm),
        application=replace(application, path=path, repository=repository),
    )


def settled(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """The units, each at home where its service is: a folder of values that several services share is nobody's."""
    units = tuple(units)
    sharing: dict[tuple[str, str], set[str]] = {}
    for unit in units:
        names = sharing.setdefault((unit.repository, unit.path), set())
        names.add(without_environment(unit.name, unit.environment))
    return tuple(
        replace(unit, path=posixpath.dirname(unit.place.path))
        if len(sharing[unit.repository, unit.path]) > 1 and unit.repository == unit.place.repository
        else unit
        for unit in units
    )


def is_literal(source: JsonObject, key: str) -> bool:
    """Whether a source says something that no template leaves open."""
    text = as_text(source.get(key))
    return bool(text) and "{{" not in text


def _inline_values(helm: JsonObject) -> JsonObject:
    """The values in the manifest itself: as text, as an object, and single parameters."""
    values: JsonObject = {}
    text = as_text(helm.get("values"))
    if text and "{{" not in text:
        try:
            values = as_object(read_document(text.encode()).value)
        except DocumentError:
            values = {}
    values = merge_values(values, as_object(helm.get("valuesObject")))
    for parameter in map(as_object, as_list(helm.get("parameters"))):
        if is_literal(parameter, "name"):
            values = merge_values(values, _nested(as_text(parameter["name"]).split("."), parameter.get("value")))
    return values


def _nested(keys: list[str], value: object) -> JsonObject:
    for key in reversed(keys):
        value = {key: value}
    return as_object(value)
