"""The same spot in another state of a file: items of lists and documents by what names them, not by their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scenedock.documents.reading import DocumentError, read_document, read_documents
from scenedock.model.json import Json, as_list, as_object, value_at
from scenedock.releases.images import Keys, split_reference
from scenedock.releases.spots import Spot
from scenedock.structs import replace

_NAMES: Final = ("name", "alias", "namespace", "service", "app", "env", "environment", "stage", "cluster", "region")
"""Of an item with one of these, other scalars may change: it stays the same."""


def documents_of(data: bytes) -> Mapping[int, Json]:
    """What the documents of a file say, by their numbers; if a later one can't be read, the first alone."""
    try:
        return {each.number: each.value for each in read_documents(data)}
    except DocumentError:
        pass
    try:
        return {1: read_document(data).value}
    except DocumentError:
        return {}


def same_spot(now: bytes, then: bytes, spot: Spot) -> Spot | None:
    r"""Where another state of a file has what is at a spot now; None where nothing is certainly the same item.

    There may be nothing yet at the keys of an item.

    >>> same_spot(b"- {name: b, tag: 2}", b"- {name: a, tag: 9}\n- {name: b, tag: 1}", Spot((0, "tag"))).keys
    (1, 'tag')
    """
    if spot.form != "yaml":
        return spot
    here, there = documents_of(now), documents_of(then)
    number = _same_document(here, there, spot.document)
    if number is None:
        return None
    keys = _same_keys(here.get(spot.document), there.get(number), spot.keys)
    if keys is None or spot.inner is None:
        return None if keys is None else replace(spot, keys=keys, document=number)
    texts = value_at(here.get(spot.document), spot.keys), value_at(there.get(number), keys)
    parsed = [documents_of(text.encode()).get(1) if isinstance(text, str) else None for text in texts]
    inner = _same_keys(parsed[0], parsed[1], spot.inner)
    return None if inner is None else Spot(keys, number, inner)


def _same_document(now: Mapping[int, Json], then: Mapping[int, Json], number: int) -> int | None:
    name = _named(now.get(number))
    if name is None:  # as with values: Helm reads the first one alone
        first = min(then, default=number)
        return first if number == min(now, default=number) and not _named(then.get(first)) else None
    for length in (3, 2):  # a namespace may have come later
        here, there = (
            [at for at, each in state.items() if (_named(each) or ())[:length] == name[:length]]
            for state in (now, then)
        )
        if here == [number] and there:
            return there[0] if len(there) == 1 else None
    return None


def _named(value: Json) -> tuple[Json, Json, Json] | None:
    """The kind, name and namespace of a manifest; None if it is not one."""
    name, namespace = (value_at(value, ("metadata", key)) for key in ("name", "namespace"))
    kind = as_object(value).get("kind")
    return (kind, name, namespace) if kind and name else None


def _same_keys(now: Json, then: Json, keys: Keys) -> Keys | None:
    found: list[str | int] = []
    for depth, key in enumerate(keys):
        if isinstance(key, int) and isinstance(then, list):
            at = _same_item(as_list(now), then, key, keys[depth + 1 :])
            if at is None:
                return None
            found.append(at)
            now, then = as_list(now)[key], then[at] if at < len(then) else None
        else:
            found.append(key)
            now, then = (value_at(each, (key,)) for each in (now, then))
    return tuple(found)


def _same_item(now: Sequence[Json], then: Sequence[Json], at: int, below: Keys) -> int | None:
    """The number of an item then; that of a new one where items were only added."""
    if at >= len(now):
        return None
    here, there = ([_identity(item, below) for item in state] for state in (now, then))
    if here.count(here[at]) != 1 or there.count(here[at]) > 1:
        return None
    if here[at] in there:
        return there.index(here[at])
    return len(then) if all(each in here for each in there) else None


def _identity(item: Json, below: Keys) -> Json:
    """What tells an item of a list from the others, without what is followed `below` it."""
    if isinstance(item, str):
        return split_reference(item)[0]
    if manifest := _named(item):
        return manifest
    rest = {key: value for key, value in as_object(item).items() if not below or key != str(below[0])}
    scalars = {key: value for key, value in rest.items() if not isinstance(value, (dict, list))}
    names = {key: value for key, value in scalars.items() if key in _NAMES}
    return names or scalars or {"keys": sorted(as_object(item)), **rest}
