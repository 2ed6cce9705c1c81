"""Compare what was rendered before and after a change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from scenedock.manifests.difference import Change, ManifestDiff, ObjectChange, Unrendered
from scenedock.manifests.grouping import blocks_of
from scenedock.manifests.noise import image_changes, reason_to_hide
from scenedock.manifests.objects import Match, id_of, matches, objects_in
from scenedock.manifests.rendered import Pair, Rendered
from scenedock.manifests.secrets import without_secrets
from scenedock.manifests.values import changes_between, is_same
from scenedock.model.json import JsonObject, as_object


def compare(before: Sequence[Rendered], after: Sequence[Rendered]) -> ManifestDiff:
    """What differs; equal changes of several pairs are one block, and what couldn't be rendered is said.

    Several renderings of one pair count as one. A pair that couldn't be rendered on one of both sides isn't compared.
    """
    old, new = _by_pair(before), _by_pair(after)
    changed: dict[Pair, list[ObjectChange]] = {}
    hidden: Counter[str] = Counter()
    unrendered: dict[str, list[Pair]] = defaultdict(list)
    pairs = sorted({*old, *new}, key=lambda pair: pair.sort_key)
    compared = 0
    for pair in pairs:
        parts = [*old.get(pair, ()), *new.get(pair, ())]
        if reasons := list(dict.fromkeys(part.reason for part in parts if part.reason)):
            unrendered["; ".join(reasons)].append(pair)
            continue
        compared += 1
        objects = _compare(_manifests(old.get(pair, ())), _manifests(new.get(pair, ())), hidden)
        if objects:
            changed[pair] = objects
    return ManifestDiff(
        blocks_of(changed),
        tuple(Unrendered(tuple(pairs), reason) for reason, pairs in unrendered.items()),
        compared,
        dict(sorted(Counter(each.kind for objects in changed.values() for each in objects).items())),
        dict(sorted(hidden.items())),
    )


def _by_pair(rendered: Sequence[Rendered]) -> dict[Pair, list[Rendered]]:
    pairs: dict[Pair, list[Rendered]] = defaultdict(list)
    for each in rendered:
        pairs[each.pair].append(each)
    return pairs


def _manifests(parts: Sequence[Rendered]) -> list[JsonObject]:
    return [manifest for part in parts for manifest in part.manifests]


def _compare(before: list[JsonObject], after: list[JsonObject], hidden: Counter[str]) -> list[ObjectChange]:
    """The objects of one pair that differ; what isn't shown of them is added to `hidden`."""
    if len(before) == len(after) and all(map(is_same, before, after)):
        return []
    found = [(match, _changes(match)) for match in matches(objects_in(before), objects_in(after))]
    images = image_changes(change for _, changes in found for change in changes)
    renamed = {
        (id_of(match.before).name, id_of(match.after).name)
        for match, _ in found
        if match.is_hashed and match.before is not None and match.after is not None
    }
    objects = []
    for match, changes in found:
        shown = []
        for change in changes:
            reason = reason_to_hide(change, images, renamed)
            hidden.update([reason] if reason else ())
            shown += [] if reason else [change]
        if described := _described(match, shown):
            objects.append(described)
    return objects


def _changes(match: Match) -> list[Change]:
    if match.before is None or match.after is None or is_same(match.before, match.after):
        return []
    return list(changes_between(match.before, match.after))


def _described(match: Match, changes: list[Change]) -> ObjectChange | None:
    if match.before is None or match.after is None:
        manifest = as_object(match.after or match.before)
        return ObjectChange(
            id_of(manifest),
            "removed" if match.after is None else "added",
            manifest=as_object(without_secrets(manifest)),
        )
    if not changes:
        return None
    before, after = id_of(match.before), id_of(match.after)
    return ObjectChange(after, "changed", tuple(changes), was=before.name if before.name != after.name else "")
