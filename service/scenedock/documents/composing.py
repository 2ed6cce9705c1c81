"""Compose JSON values from libyaml's events as goyaml does, within limits.

PyYAML's own composer can't be used: it refuses an anchor that is defined twice, which Helm accepts, and has no limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeGuard, cast

from yaml import (
    AliasEvent,
    CBaseLoader,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from scenedock.documents.composed import Composed, DocumentError, Position, RepeatedKey
from scenedock.documents.scalars import MERGE_TAG, Meaning
from scenedock.model.json import Json
from scenedock.structs import dataclass

# Deeper than people nest, and shallow enough for every recursive reader of a value, including JSON Schema validators.
MAX_DEPTH = 100

# libyaml copies it into every tag that uses it.
MAX_TAG_PREFIX = 1000


def compose(data: bytes, meaning: Meaning, *, with_positions: bool = False) -> Iterator[Composed]:
    """Every document of a stream, including empty ones (None), each composed when the iterator reaches it.

    Raises
    ------
    yaml.YAMLError   the stream is not YAML
    DocumentError    it is YAML that JSON can't represent, or exceeds the limits
    """
    parser = CBaseLoader(data)
    while (event := parser.get_event()) is not None:
        if type(event) is DocumentStartEvent:
            if max(map(len, (event.tags or {}).values()), default=0) > MAX_TAG_PREFIX:
                raise _refusal("the prefix of a %TAG directive is too long", event)
            yield _Composer(parser, meaning, with_positions=with_positions).document()


@dataclass(slots=True)
class _Anchor:
    """What an anchor names. An alias of it adds `nodes` nodes, `height` levels deep; an open one contains the alias."""

    value: Json = None
    nodes: int = 0
    height: int = 0
    is_open: bool = True


class _Composer:
    """Composes one document, counting its nodes as if each alias were written out."""

    def __init__(self, parser: CBaseLoader, meaning: Meaning, *, with_positions: bool) -> None:
        self._next = parser.get_event
        self._meaning = meaning
        self._with_positions = with_positions
        self._positions: dict[int, dict[str | int, Position]] = {}
        self._anchors: dict[str, _Anchor] = {}
        self._repeated: list[RepeatedKey] = []
        self._nodes = 1  # goyaml counts the document too
        self._aliased = 0
        self._deepest = 0

    def document(self) -> Composed:
        """The document whose start has just been read."""
        root = self._next()
        value = self._node(root, 0)
        self._next()  # the end of the document: what follows does not belong to it
        self._check_aliasing(root)
        return Composed(value, _line(root), tuple(self._repeated), self._positions)

    def _node(self, event: Event | None, depth: int) -> Json:
        """The value of the node that begins with this event, inside `depth` containers."""
        if type(event) is ScalarEvent:
            return self._scalar(event) if event.anchor is None else self._anchored(event, depth)
        if type(event) is AliasEvent:
            return self._alias(event, depth)
        start = cast("CollectionStartEvent", event)
        return self._container(start, depth) if start.anchor is None else self._anchored(start, depth)

    def _container(self, start: CollectionStartEvent, depth: int) -> Json:
        self._nodes += 1
        self._reach(depth + 1, start)
        return self._mapping(depth + 1) if type(start) is MappingStartEvent else self._sequence(depth + 1)

    def _scalar(self, event: ScalarEvent) -> Json:
        self._nodes += 1
        try:
            if event.tag is not None:
                return self._meaning.tagged(event.tag, event.value)
            return self._meaning.plain(event.value) if event.implicit[0] else event.value
        except ValueError as error:
            raise _refusal(str(error), event) from None

    def _sequence(self, depth: int) -> list[Json]:
        sequence: list[Json] = []
        positions: dict[str | int, Position] = {}
        while type(event := self._next()) is not SequenceEndEvent:
            if self._with_positions:
                positions[len(sequence)] = _position(event)
            sequence.append(self._node(event, depth))
        if self._with_positions:
            self._positions[id(sequence)] = positions
        return sequence

    def _mapping(self, depth: int) -> dict[str, Json]:
        mapping: dict[str, Json] = {}
        positions: dict[str | int, Position] = {}
        merged: set[str] = set()
        while type(event := self._next()) is not MappingEndEvent:
            key = self._key(event, depth)
            if key == "<<" and self._merges(event):
                for source in self._sources(depth):
                    mapping.update(source)
                    merged.update(source)
                    positions.update(self._positions.get(id(source), {}))
                continue
            if key in mapping and key not in merged:
                self._repeat(key, event, positions.get(key))
            if self._with_positions:
                positions[key] = _position(event)
            mapping[key] = self._node(self._next(), depth)
        if self._with_positions:
            self._positions[id(mapping)] = positions
        return mapping

    def _key(self, event: Event | None, depth: int) -> str:
        value = self._node(event, depth)
        if type(value) is str:
            return value
        try:
            return self._meaning.key(value)
        except ValueError as error:
            raise _refusal(str(error), event) from None

    def _merges(self, event: Event | None) -> bool:
        """Whether this `<<` is a merge key: it is unquoted, or has the tag of a merge key."""
        return self._meaning.merges and type(event) is ScalarEvent and (event.implicit[0] or event.tag == MERGE_TAG)

    def _repeat(self, key: str, event: Event | None, before: Position | None) -> None:
        if self._meaning.unique_keys:
            raise _refusal(f"the key {key!r} occurs twice in one mapping", event)
        self._repeated.append(RepeatedKey(key, _line(event), before[0] if before else None))

    def _sources(self, depth: int) -> Sequence[dict[str, Json]]:
        """The mappings that a merge key brings in; later ones take precedence.

        Only the order counts: as in goyaml, the merge key overrides a key that stands *before* it.
        """
        event = self._next()
        in_list = type(event) is SequenceStartEvent
        # As in goyaml, neither the merge key nor its list counts as a node, and what is merged isn't nested deeper.
        levels = 2 if in_list else 1
        self._nodes -= levels
        value = self._node(event, depth - levels)
        sources = value[::-1] if in_list and isinstance(value, list) else [value]
        if not _are_mappings(sources):
            raise _refusal("a merge key (<<) needs a mapping or a list of mappings", event)
        return sources

    def _anchored(self, event: ScalarEvent | CollectionStartEvent, depth: int) -> Json:
        anchor = self._anchors[event.anchor or ""] = _Anchor()
        nodes_before, deepest_before = self._nodes, self._deepest
        self._deepest = depth
        anchor.value = self._scalar(event) if isinstance(event, ScalarEvent) else self._container(event, depth)
        anchor.nodes = self._nodes - nodes_before
        anchor.height = self._deepest - depth
        anchor.is_open = False
        self._deepest = max(self._deepest, deepest_before)
        return anchor.value

    def _alias(self, event: AliasEvent, depth: int) -> Json:
        anchor = self._anchors.get(event.anchor or "")
        if anchor is None:
            # The message doesn't repeat its name: it may be a secret that somebody wrote without quotes.
            raise _refusal("this alias has no anchor before it; put text that begins with * in quotes", event)
        if anchor.is_open:
            raise _refusal(f"the anchor {event.anchor!r} contains itself", event)
        self._nodes += 1 + anchor.nodes
        self._aliased += anchor.nodes
        self._check_aliasing(event)
        self._reach(depth + anchor.height, event)
        return anchor.value

    def _reach(self, depth: int, event: Event) -> None:
        if depth > self._deepest:
            self._deepest = depth
            if depth > MAX_DEPTH:
                raise _refusal(f"this is nested more than {MAX_DEPTH} levels deep", event)

    def _check_aliasing(self, event: Event | None) -> None:
        """Refuse what goyaml refuses as excessive (`allowedAliasRatio` in its decode.go)."""
        if self._aliased > 100 and self._nodes > 1000:
            share_of_large = min(max((self._nodes - 400_000) / 3_600_000, 0), 1)
            if self._aliased / self._nodes > 0.99 - 0.89 * share_of_large:
                raise _refusal("the aliases expand to far more than the file contains; use fewer of them", event)


def _are_mappings(values: Sequence[Json]) -> TypeGuard[Sequence[dict[str, Json]]]:
    return all(isinstance(value, dict) for value in values)


def _line(event: Event | None) -> int:
    return _position(event)[0]


def _position(event: Event | None) -> Position:
    mark = event.start_mark if event else None
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _refusal(message: str, event: Event | None) -> DocumentError:
    line, column = _position(event)
    return DocumentError(message, line=line, column=column)
