"""Values that an edit changes besides the one that it is for, because they follow an anchor in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scenedock.changes.planned import PlannedFile
from scenedock.documents.reading import DocumentError, read_documents
from scenedock.model.json import Json
from scenedock.releases.images import Keys
from scenedock.releases.spots import Spot


def followers_of(file: PlannedFile, spots: Sequence[Spot]) -> tuple[str, ...]:
    """The paths of the values that change in a file of YAML, and are at none of the spots that are edited in it."""
    if not file.before or file.after is None or b"&" not in file.before or any(each.form != "yaml" for each in spots):
        return ()
    try:
        old, new = (
            {(each.number, keys): leaf for each in read_documents(data) for keys, leaf in _leaves(each.value)}
            for data in (file.before, file.after)
        )
    except DocumentError:
        return ()
    changed = [at for at in {**old, **new} if at not in old or at not in new or old[at] != new[at]]
    own = {(each.document, each.keys) for each in spots}
    return tuple(
        ".".join(map(str, keys))
        for number, keys in changed
        if not any(number == document and _overlap(keys, edited) for document, edited in own)
    )


def _overlap(one: Keys, other: Keys) -> bool:
    shorter = min(len(one), len(other))
    return tuple(one[:shorter]) == tuple(other[:shorter])


def _leaves(value: Json, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(each, (*keys, key))
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from _leaves(each, (*keys, number))
    else:
        yield keys, value
