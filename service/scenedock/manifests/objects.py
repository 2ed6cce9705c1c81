"""Which object before is which after: by group, kind, namespace and name, else by a name with another hash."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final

from scenedock.manifests.difference import ObjectId
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass

# kustomize writes ten characters of its own alphabet, charts cut a sha256 to six or more. Source: kustomize,
# `api/hasher/hasher.go`.
_HASH = re.compile(r"-(?:[2456789bcdfghkmt]{10}|(?=[a-f]*\d)[0-9a-f]{6,64})\Z")
_DIGITS = re.compile(r"\d+")
_DEEPEST_LIST: Final = 3


@dataclass(frozen=True, slots=True)
class Match:
    """An object before and after, or only one of them; `is_hashed` says that their names differ in a hash."""

    before: JsonObject | None
    after: JsonObject | None
    is_hashed: bool = False


def id_of(manifest: JsonObject) -> ObjectId:
    """What identifies an object; parts that it lacks are empty."""
    metadata = as_object(manifest.get("metadata"))
    group = as_text(manifest.get("apiVersion")).rpartition("/")[0]
    name = as_text(metadata.get("name")) or as_text(metadata.get("generateName"))
    return ObjectId(group, as_text(manifest.get("kind")), as_text(metadata.get("namespace")), name)


def objects_in(manifests: Iterable[JsonObject], depth: int = 0) -> Iterator[JsonObject]:
    """The objects, and for a List those in it; documents that are empty or no object are left out."""
    for manifest in manifests:
        if as_text(manifest.get("kind")).endswith("List") and "items" in manifest and depth < _DEEPEST_LIST:
            yield from objects_in(map(as_object, as_list(manifest["items"])), depth + 1)
        elif manifest:
            yield manifest


def stem_of(name: str) -> str:
    """A name without the hash at its end."""
    return _HASH.sub("", name)


def matches(before: Iterable[JsonObject], after: Iterable[JsonObject]) -> list[Match]:
    """Every object of both, in the order of `after`, then those that are gone.

    What has no counterpart by its whole identity may be the same under another group of its API, with another hash in
    its name, in another namespace, or, of a Job, with another version in its name; each only if there is one candidate
    on both sides.
    """
    left, right = list(before), list(after)
    pairs: dict[int, tuple[int, bool]] = {}
    for key, is_hashed in _KEYS:
        old = _by_key(left, key, {at for at, _ in pairs.values()})
        new = _by_key(right, key, set(pairs))
        for word, places in new.items():
            candidates = old.get(word, [])
            if key is _whole or len(places) == len(candidates) == 1:
                pairs |= {at: (was, is_hashed) for at, was in zip(places, candidates, strict=False)}
    gone = set(range(len(left))) - {at for at, _ in pairs.values()}
    found = []
    for at, manifest in enumerate(right):
        was, is_hashed = pairs.get(at, (None, False))
        found.append(Match(None if was is None else left[was], manifest, is_hashed))
    return [*found, *(Match(left[at], None) for at in sorted(gone))]


def _by_key(
    manifests: Sequence[JsonObject], key: Callable[[ObjectId], Hashable], done: set[int]
) -> dict[Hashable, list[int]]:
    places: dict[Hashable, list[int]] = defaultdict(list)
    for at, manifest in enumerate(manifests):
        if at not in done and (word := key(id_of(manifest))) is not None:
            places[word].append(at)
    return places


def _whole(identity: ObjectId) -> Hashable:
    return identity


def _without_group(identity: ObjectId) -> Hashable:
    return identity._replace(group="")


def _without_hash(identity: ObjectId) -> Hashable:
    return identity._replace(name=stem_of(identity.name))


def _without_namespace(identity: ObjectId) -> Hashable:
    return identity._replace(namespace="")


def _without_version(identity: ObjectId) -> Hashable:
    return identity._replace(name=_DIGITS.sub("0", identity.name)) if identity.kind == "Job" else None


_KEYS: Final = (
    (_whole, False),
    (_without_group, False),
    (_without_hash, True),
    (_without_namespace, False),
    (_without_version, False),
)
