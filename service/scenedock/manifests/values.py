"""Compare two values of a manifest: mappings by key, items of lists by what identifies them, else by their order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final, Literal, TypeGuard

from scenedock.manifests.difference import Change, Item, Path
from scenedock.manifests.secrets import (
    is_secret,
    name_of,
    option_at,
    secret_keys,
    secret_keys_below,
    without_secrets,
    without_secrets_since,
)
from scenedock.model.json import Json, JsonObject, as_object

# What identifies an item, by the key of its list. Source: `x-kubernetes-patch-merge-key` of Kubernetes' OpenAPI
# document; of `ports` the name comes first, because the number is what people change.
_IDENTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "conditions": ("type",),
    "hostAliases": ("ip",),
    "ownerReferences": ("uid",),
    "ports": ("name", "containerPort", "port"),
    "rules": ("host", "alert", "record"),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
}
_COMMON: Final = ("name", "key", "path", "host", "id", "secretKey")
_MOST_PAIRS: Final = 1_000_000
_MAPS_OF_WORDS: Final = frozenset({"annotations", "labels"})


def is_same(before: Json, after: Json) -> bool:
    """Whether two values are equal; unlike in Python `true` isn't 1."""
    if before is after:
        return True
    if before != after:
        return False
    if type(before) is not type(after):
        return not isinstance(before, bool) and not isinstance(after, bool)
    if isinstance(before, dict) and isinstance(after, dict):
        return all(is_same(value, after[key]) for key, value in before.items())
    return not isinstance(before, list) or not isinstance(after, list) or all(map(is_same, before, after))


def changes_between(before: Json, after: Json, path: Path = ()) -> Iterator[Change]:
    """All that differs, in the order of `after`; what only `before` has comes last in its mapping or list."""
    if isinstance(before, str) and isinstance(after, str):  # first, because most values are texts
        if before != after:
            yield _change("changed", path, before, after)
    elif isinstance(before, (dict, Mapping)) and isinstance(after, (dict, Mapping)):
        yield from _of_mappings(before, after, path)
    elif _is_list(before) and _is_list(after):
        yield from _of_lists(before, after, path)
    elif not is_same(before, after):
        yield _change("changed", path, before, after)


def _of_mappings(before: JsonObject, after: JsonObject, path: Path, hidden: Sequence[str] = ()) -> Iterator[Change]:
    """`hidden` are keys whose values are secrets."""
    secret = (*secret_keys(before), *secret_keys(after), *hidden)
    for key in [*after, *(key for key in before if key not in after)]:
        old, new, below = before.get(key), after.get(key), (*path, key)
        if key in secret:
            yield from _of_secrets(old, new, below)
        elif hidden_below := secret_keys_below(before, key) or secret_keys_below(after, key):
            yield from _of_mappings(as_object(old), as_object(new), below, hidden_below)
        elif key in before and key in after:
            name = name_of(after, key)
            if is_same(old, new):
                continue
            if is_secret(old, name) or is_secret(new, name):
                yield Change(below, "changed", is_secret=True)
            else:
                yield from changes_between(old, new, below)
        elif key in _MAPS_OF_WORDS and isinstance(old or new, Mapping):  # each label by itself: some are hidden
            yield from _of_mappings(as_object(old), as_object(new), below)
        else:
            name = name_of(after if key in after else before, key)
            yield _change("added" if key in after else "removed", below, old, new, name)


def _of_secrets(before: Json, after: Json, path: Path) -> Iterator[Change]:
    """Only which keys differ, and no value."""
    if not isinstance(before or {}, Mapping) or not isinstance(after or {}, Mapping):
        if not is_same(before, after):
            yield Change(path, "changed", is_secret=True)
        return
    old, new = as_object(before), as_object(after)
    for key in [*new, *(key for key in old if key not in new)]:
        if key not in old or key not in new:
            yield Change((*path, key), "added" if key in new else "removed", is_secret=True)
        elif not is_same(old[key], new[key]):
            yield Change((*path, key), "changed", is_secret=True)


def _of_lists(before: Sequence[Json], after: Sequence[Json], path: Path) -> Iterator[Change]:
    key = _identity(before, after, path)
    if not key:
        yield from _of_sequences(before, after, path)
        return
    old = {str(as_object(item)[key]): item for item in before}
    new = {str(as_object(item)[key]): item for item in after}
    for name in [*new, *(name for name in old if name not in new)]:
        below = (*path, Item(key, name))
        if name in old and name in new:
            yield from changes_between(old[name], new[name], below)
        else:
            yield _change("added" if name in new else "removed", below, old.get(name), new.get(name))
    was, now = [name for name in old if name in new], [name for name in new if name in old]
    if was != now:
        yield Change(path, "reordered", was, now)


def _of_sequences(before: Sequence[Json], after: Sequence[Json], path: Path) -> Iterator[Change]:
    """Items that nothing identifies: equal ones are the same, in their order; between them they match by position."""
    for start, end, new_start, new_end in _differing(before, after):
        both = min(end - start, new_end - new_start)
        for number in range(both):
            below = (*path, Item("", str(new_start + number)))
            old, new = before[start + number], after[new_start + number]
            name = option_at(after, new_start + number)
            if name and not is_same(old, new) and (is_secret(old, name) or is_secret(new, name)):
                yield Change(below, "changed", is_secret=True)
            else:
                yield from changes_between(old, new, below)
        for number in range(new_start + both, new_end):
            yield _change("added", (*path, Item("", str(number))), None, after[number], option_at(after, number))
        for number in range(start + both, end):
            yield _change("removed", (*path, Item("", str(number))), before[number], None, option_at(before, number))


def _differing(before: Sequence[Json], after: Sequence[Json]) -> Iterator[tuple[int, int, int, int]]:
    """The ranges of both lists between their equal items."""
    if len(before) * len(after) > _MOST_PAIRS or len(before) == len(after):
        yield 0, len(before), 0, len(after)
        return
    old, new = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    for word, *ranges in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if word != "equal":
            yield ranges[0], ranges[1], ranges[2], ranges[3]


def _identity(before: Sequence[Json], after: Sequence[Json], path: Path) -> str:
    """The key that identifies the items of both lists; empty if there is none."""
    if not before or not after or not all(isinstance(item, (dict, Mapping)) for item in (*before, *after)):
        return ""
    of_list = next((step for step in reversed(path) if isinstance(step, str)), "")
    for key in (*_IDENTITIES.get(of_list, ()), *_COMMON):
        if _identifies(key, before) and _identifies(key, after):
            return key
    return ""


def _identifies(key: str, items: Sequence[Json]) -> bool:
    names = [as_object(item).get(key) for item in items]
    known = {str(name) for name in names if isinstance(name, (str, int)) and name != ""}
    return len(known) == len(names)


def _change(
    kind: Literal["added", "removed", "changed"], path: Path, before: Json, after: Json, name: str = ""
) -> Change:
    """`name` is what the value stands under; without one, the last key of the path."""
    name = name or next((step for step in reversed(path) if isinstance(step, str)), "")
    if is_secret(before, name) or is_secret(after, name):
        return Change(path, kind, is_secret=True)
    old, new = without_secrets(before, name), without_secrets(after, name)
    is_hidden = kind == "changed" and is_same(old, new)  # only secrets in a text differ, or credentials in an address
    if is_hidden and not (isinstance(new, str) and "\n" in new.strip()):
        return Change(path, kind, is_secret=True)
    if isinstance(before, str) and isinstance(after, str):
        new = without_secrets_since(before, after)
    return (
        Change(path, kind, is_secret=True) if kind == "changed" and is_same(old, new) else Change(path, kind, old, new)
    )


def _is_list(value: Json) -> TypeGuard[Sequence[Json]]:
    return isinstance(value, (list, Sequence)) and not isinstance(value, str)
