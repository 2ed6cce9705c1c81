"""Put changes together that several services share, seen through the names of service and environment."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

from scenedock.manifests.difference import Block, Change, Item, ObjectChange, ObjectId, Path
from scenedock.manifests.objects import stem_of
from scenedock.manifests.rendered import Pair
from scenedock.model.json import Json
from scenedock.structs import replace

_SERVICE: Final = "{service}"
_ENVIRONMENT: Final = "{environment}"
_LITERAL: Final = "\0"  # in front of a text that has a placeholder of its own: equal only to the same text


class _Names:
    """Takes the names of a service and its environment out of texts."""

    def __init__(self, pair: Pair) -> None:
        self._placeholders = {pair.environment or "": _ENVIRONMENT, pair.service: _SERVICE}
        self._placeholders.pop("", None)
        words = sorted(self._placeholders, key=lambda word: (-len(word), word))
        alternatives = "|".join(map(re.escape, words)) or r"\Z\A."
        self._pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{alternatives})(?![A-Za-z0-9])")

    def text(self, text: str) -> str:
        if _SERVICE in text or _ENVIRONMENT in text:
            return _LITERAL + text
        return self._pattern.sub(lambda match: self._placeholders[match.group()], text)

    def json(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.json(below) for key, below in value.items()}
        return [self.json(item) for item in value] if isinstance(value, Sequence) else value

    def path(self, path: Path) -> Path:
        return tuple(
            Item(step.key, self.text(step.value)) if isinstance(step, Item) else self.text(step) for step in path
        )

    def id(self, identity: ObjectId, *, is_hashed: bool) -> ObjectId:
        name = f"{stem_of(identity.name)}-*" if is_hashed else identity.name
        return identity._replace(namespace=self.text(identity.namespace), name=self.text(name))

    def change(self, change: Change) -> Change:
        return replace(
            change, path=self.path(change.path), before=self.json(change.before), after=self.json(change.after)
        )


def blocks_of(changed: Mapping[Pair, Sequence[ObjectChange]]) -> tuple[Block, ...]:
    """Every change once, with all pairs that have it; those of the same pairs make a block. The largest come first."""
    shared: dict[Hashable, list[tuple[Pair, ObjectChange]]] = defaultdict(list)
    general: dict[Hashable, ObjectChange] = {}
    for pair, objects in changed.items():
        names = _Names(pair)
        for part in (part for each in objects for part in _parts(each)):
            seen = _seen_through(part, names)
            key = _key(seen)
            general.setdefault(key, seen)
            shared[key].append((pair, part))
    members: dict[tuple[Pair, ...], list[ObjectChange]] = defaultdict(list)
    for key, parts in shared.items():
        pairs = tuple(sorted({pair for pair, _ in parts}, key=lambda pair: pair.sort_key))
        is_exact = all(part == parts[0][1] for _, part in parts)
        members[pairs].append(parts[0][1] if is_exact else general[key])
    blocks = [Block(pairs, _joined(parts)) for pairs, parts in members.items()]
    return tuple(sorted(blocks, key=lambda block: (-len(block.pairs), [pair.sort_key for pair in block.pairs])))


def _parts(change: ObjectChange) -> Iterable[ObjectChange]:
    """Each change of an object by itself; an object that was added or removed as a whole."""
    return [replace(change, changes=(each,)) for each in change.changes] or [change]


def _seen_through(part: ObjectChange, names: _Names) -> ObjectChange:
    is_hashed = bool(part.was) and stem_of(part.was) == stem_of(part.id.name)
    manifest = names.json(part.manifest) if part.manifest is not None else None
    return ObjectChange(
        names.id(part.id, is_hashed=is_hashed),
        part.kind,
        tuple(names.change(each) for each in part.changes),
        manifest if isinstance(manifest, Mapping) else None,
        names.id(part.id._replace(name=part.was), is_hashed=is_hashed).name if part.was else "",
    )


def _key(part: ObjectChange) -> Hashable:
    changes = [(each.kind, each.path, each.is_secret, each.before, each.after) for each in part.changes]
    return part.id, part.kind, part.was, json.dumps([changes, part.manifest], sort_keys=True)


def _joined(parts: Sequence[ObjectChange]) -> tuple[ObjectChange, ...]:
    """The changes of each object together again, in their order."""
    joined: dict[Hashable, list[ObjectChange]] = defaultdict(list)
    for number, part in enumerate(parts):
        joined[(part.id, part.kind, part.was) if part.kind == "changed" else number].append(part)
    return tuple(
        replace(group[0], changes=tuple(each for part in group for each in part.changes)) for group in joined.values()
    )
