"""Values of a new deployment against the schemas of its chart and of the charts in the repository that it uses."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from functools import partial, reduce

from scenedock.changes.deployments.schemas import Where, problems_of, refusal, schema_in, values_for
from scenedock.documents.merging import merge_values
from scenedock.errors import InputError
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.releases.release import PairKey
from scenedock.usecases.changes.ground import Ground

_SCHEMA = "values.schema.json"


def check_values(before: Ground, later: Ground, keys: Sequence[PairKey], source: Sequence[PairKey]) -> None:
    """Refuse values that a schema has something against; what it has against the source's own, too, doesn't count.

    Raises
    ------
    InputError   there are such values; with each key and its line
    """
    known = {problem for key in source for problem in _problems(before, key)}
    for key in keys:
        if problems := [each for each in _problems(later, key) if each not in known]:
            environment = f" in {key[2]}" if key[2] else ""
            said = refusal(problems, partial(_place, later, key))
            raise InputError(f"the values of {key[1]}{environment} aren't as their schema wants: {said}")


def _problems(ground: Ground, key: PairKey) -> Iterator[tuple[Where, str]]:
    """What the schemas have against the values of a deployment."""
    pair = ground.pairs[key]
    folder = pair.member.folder_of(pair.deployment)
    if folder is None or folder.chart is None:
        return
    layers = [each for each in ground.deployed[key].layers if not each.elsewhere]
    values: JsonObject = reduce(merge_values, (each.values for each in layers), as_object({}))
    if schema := _schema(ground, key[0], folder.path):
        yield from problems_of(values, schema)
    for each in folder.chart.dependencies:
        if each.folder is None or not each.enabled:
            continue
        if schema := _schema(ground, key[0], each.folder):
            defaults = _values(ground, key[0], each.folder)
            yield from problems_of(values_for(defaults, values, each.key), schema, (each.key,))


def _schema(ground: Ground, repository: str, folder: str) -> JsonObject:
    path = posixpath.join(folder, _SCHEMA)
    is_there = path in ground.paths(repository)
    return schema_in(ground.read(repository, path), f"{repository}:{path}") if is_there else {}


def _values(ground: Ground, repository: str, folder: str) -> JsonObject:
    documents = ground.survey.readers[repository].here.documents(posixpath.join(folder, "values.yaml"))
    return as_object(documents[0].value) if documents else {}


def _place(ground: Ground, key: PairKey, keys: Where) -> str:
    """The line that sets a value, or the last file where nothing does."""
    layers = [each for each in ground.deployed[key].layers if not each.elsewhere]
    steps = tuple(int(each) if each.isdigit() else each for each in keys)
    for depth in range(len(steps), 0, -1):
        for layer in reversed(layers):
            if _has(layer.values, steps[:depth]):
                return str(Place(key[0], layer.path, layer.line_of(steps[:depth])))
    return str(Place(key[0], layers[-1].path)) if layers else key[0]


def _has(values: Json, steps: Sequence[str | int]) -> bool:
    """Whether something is at a path; `value_at` doesn't tell nothing from an empty value."""
    for step in steps:
        if isinstance(values, dict) and step in values:
            values = values[str(step)]
        elif isinstance(values, list) and isinstance(step, int) and step < len(values):
            values = values[step]
        else:
            return False
    return True
