"""A difference as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from scenedock.manifests.difference import Block, Change, ManifestDiff, NewProblems, ObjectChange
from scenedock.manifests.rendered import Pair
from scenedock.model.json import Json, JsonObject


def as_json(diff: ManifestDiff) -> JsonObject:
    """All of a difference, uncut; lists of steps are the paths of values, `[name=web]` the step to an item."""
    described: JsonObject = {
        "compared": diff.compared,
        "manifests": {kind: diff.manifests.get(kind, 0) for kind in ("added", "changed", "removed")},
        "hidden": dict(diff.hidden),
        "blocks": [_block(block) for block in diff.blocks],
        "unrendered": [{"pairs": _pairs(each.pairs), "reason": each.reason} for each in diff.unrendered],
    }
    return described if diff.validation is None else {**described, "validation": _validation(diff.validation)}


def _validation(found: NewProblems) -> JsonObject:
    problems: list[Json] = [
        {**each.pair._asdict(), **each.id._asdict(), "path": each.path, "message": each.message}
        for each in found.problems
    ]
    return {
        "kubernetes": found.version,
        "problems": problems,
        "broken": _pairs(found.broken),
        "known": found.known,
        "checked": found.checked,
        "unchecked": dict(found.unchecked),
    }


def _pairs(pairs: Sequence[Pair]) -> list[Json]:
    return [pair._asdict() for pair in pairs]


def _block(block: Block) -> JsonObject:
    return {"pairs": _pairs(block.pairs), "objects": [_object(each) for each in block.objects]}


def _object(change: ObjectChange) -> JsonObject:
    described: dict[str, Json] = {**change.id._asdict(), "change": change.kind}
    if change.was:
        described["was"] = change.was
    if change.manifest is not None:
        described["manifest"] = change.manifest
    return {**described, "changes": [_change(each) for each in change.changes]}


def _change(change: Change) -> JsonObject:
    described: dict[str, Json] = {"path": [str(step) for step in change.path], "change": change.kind}
    if change.is_secret:
        return {**described, "secret": True}
    before: JsonObject = {"before": change.before} if change.kind != "added" else {}
    after: JsonObject = {"after": change.after} if change.kind != "removed" else {}
    return {**described, **before, **after}
