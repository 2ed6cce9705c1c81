"""An independent oracle of comparisons: manifests flattened to paths, and what differs between two of these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from scenedock.manifests.difference import Change, Item, ManifestDiff

Leaves: TypeAlias = dict[tuple[str, ...], Any]

BY_NAME = frozenset({"containers", "env", "initContainers", "ports", "volumes"})


def differing(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> Leaves:
    """Path to both values of every leaf that differs; a list that isn't one of named items is one leaf.

    Objects are the same by kind and name: in these tests each is there once.
    """
    sides = [_flattened(before), _flattened(after)]
    old, new = ({path: _text(value) for path, value in side.items()} for side in sides)
    paths = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    return without_lists({path: (sides[0].get(path), sides[1].get(path)) for path in paths})


def said(diff: ManifestDiff) -> Leaves:
    """The same of a diff of one pair."""
    leaves: Leaves = {}
    for block in diff.blocks:
        for each in block.objects:
            start = (each.id.kind, each.id.name)
            if each.manifest is not None:
                side = _leaves(each.manifest, start)
                leaves |= {path: (None, leaf) if each.kind == "added" else (leaf, None) for path, leaf in side}
            for change in each.changes:
                leaves |= _of_change(change, start)
    return without_lists(leaves)


def without_lists(leaves: Leaves) -> Leaves:
    """The values of lists left out."""
    lists = {path for path, both in leaves.items() if any(isinstance(each, list) for each in both)}
    return {path: (None, None) if path in lists else both for path, both in leaves.items()}


def _of_change(change: Change, start: tuple[str, ...]) -> Leaves:
    """What a change tells; one inside a list of items without names, or of their order, only where the list is."""
    path = list(start)
    for step in change.path:
        if isinstance(step, Item) and (path[-1] not in BY_NAME or step.key != "name"):
            return {tuple(path): (None, None)}
        path.append(step.value if isinstance(step, Item) else step)
    if change.kind == "reordered":
        return {}
    old = dict(_leaves(change.before, tuple(path))) if change.kind != "added" else {}
    new = dict(_leaves(change.after, tuple(path))) if change.kind != "removed" else {}
    return {each: (old.get(each), new.get(each)) for each in {*old, *new}}


def _text(value: Any) -> str:
    """Equal for equal values: `1` is `1.0`, and isn't `true`."""
    plain = json.loads(json.dumps(value), parse_float=lambda text: int(float(text)) if float(text) % 1 == 0 else text)
    return json.dumps(plain, sort_keys=True)


def _flattened(manifests: Iterable[Mapping[str, Any]]) -> Leaves:
    leaves: Leaves = {}
    for manifest in manifests:
        leaves |= _leaves(manifest, (manifest["kind"], manifest["metadata"]["name"]))
    return leaves


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    elif isinstance(value, list) and value and path[-1] in BY_NAME and all("name" in item for item in value):
        for item in value:
            yield from _leaves(item, (*path, item["name"]))
    else:
        yield path, value
