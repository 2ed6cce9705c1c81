"""The nodes of a YAML text, and where each of them stands.

PyYAML's own nodes aren't enough: they don't show aliases, refuse an anchor that is defined twice, and don't tell where
a block ends. Offsets count characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias, cast

from yaml import (
    AliasEvent,
    CBaseLoader,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml._yaml import Mark

from scenedock.documents.scalars import HELM, MERGE_TAG
from scenedock.structs import dataclass, field

NodeKind: TypeAlias = Literal["scalar", "mapping", "sequence", "alias"]

# What libyaml takes for the end of a line.
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_PROPERTY = re.compile(r"&[0-9A-Za-z_-]+|!<[^>]*>|![^\s]*")
_GAP = re.compile("(?:[ \t\n\r\x85\u2028\u2029]+|#[^\n\r\x85\u2028\u2029]*)*")


@dataclass(slots=True, eq=False)
class Node:
    """A node of a document: `start` is where its anchor and tag begin, if any, and `content` what follows them.

    A mapping's `children` are its keys and values in turn. Of an alias, `target` is the node that it means.
    """

    kind: NodeKind
    start: int
    content: int
    end: int
    line: int
    value: str = ""
    style: str = ""
    tag: str | None = None
    is_plain: bool = False
    anchor: str | None = None
    is_flow: bool = False
    children: list[Node] = field(default_factory=list)
    target: Node | None = None

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """The keys of a mapping, with their values."""
        return list(zip(self.children[::2], self.children[1::2], strict=True)) if self.kind == "mapping" else []

    @property
    def is_null(self) -> bool:
        """Whether it says that there is nothing, in words or by saying nothing."""
        return self.kind == "scalar" and self.is_plain and self.tag is None and HELM.plain(self.value) is None

    @property
    def is_merge_key(self) -> bool:
        """Whether it is the key `<<` that merges mappings."""
        return self.value == "<<" and (self.is_plain or self.tag == MERGE_TAG)

    @property
    def meant(self) -> Node:
        """The node itself, or the one that the alias means."""
        return self.target or self

    def inside(self) -> Iterator[Node]:
        """The node and all below it, aliases unresolved."""
        yield self
        for child in self.children:
            yield from child.inside()


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a text; `start` and `end` are those of what may stand in it, without its markers."""

    root: Node | None
    start: int
    end: int
    line: int = 1


def parts_of(text: str) -> list[Part]:
    """The documents of a text that has been read before, so that its depth is limited; one for an empty text.

    Raises
    ------
    yaml.YAMLError   it is not YAML
    """
    parser = CBaseLoader(text)
    found: list[Part] = []
    start = line = 0
    root: Node | None = None
    while (event := parser.get_event()) is not None:
        if isinstance(event, DocumentStartEvent):
            mark = _mark(event.end_mark if event.explicit else event.start_mark)
            start, line = (mark.index, mark.line) if found or event.explicit else (0, 0)
            root = _Nodes(text, parser.get_event).node()
        elif isinstance(event, DocumentEndEvent):
            found.append(Part(root, start, _mark(event.start_mark).index, line + 1))
    return found or [Part(None, 0, len(text))]


class _Nodes:
    """Makes the nodes of one document."""

    def __init__(self, text: str, following: Callable[[], Event | None]) -> None:
        self._text = text
        self._next = following
        self._anchors: dict[str, Node] = {}

    def node(self) -> Node:
        return self._of(cast("Event", self._next()))

    def _of(self, event: Event) -> Node:
        start, end = _mark(event.start_mark).index, _mark(event.end_mark).index
        line = _mark(event.start_mark).line + 1
        if isinstance(event, AliasEvent):
            name = event.anchor or ""
            return Node("alias", start, start, end, line, value=name, target=self._anchors[name])
        event = cast("ScalarEvent | MappingStartEvent | SequenceStartEvent", event)
        if isinstance(event, ScalarEvent):
            content = _behind_properties(self._text, start, end)
            node = Node("scalar", start, content, end, line, event.value, event.style or "")
            node.is_plain = event.implicit[0]
            if node.style in {"|", ">"}:
                node.end = _end_of_block(self._text, node)
        else:
            kind: NodeKind = "mapping" if isinstance(event, MappingStartEvent) else "sequence"
            # The event ends where the content begins, or behind its first bracket or dash.
            content = end - (end > start and self._text[end - 1] in "{[-")
            node = Node(kind, start, content, end, line, is_flow=event.flow_style or False)
        node.tag, node.anchor = event.tag, event.anchor
        if node.anchor is not None:
            self._anchors[node.anchor] = node
        if node.kind != "scalar":
            self._fill(node)
        return node

    def _fill(self, node: Node) -> None:
        while not isinstance(event := self._next(), (MappingEndEvent, SequenceEndEvent)):
            child = self._of(cast("Event", event))
            if node.kind == "mapping" and len(node.children) % 2 and not node.is_flow and child.start == child.end:
                # A key without a colon has its nothing where the next token begins.
                key_end = node.children[-1].end
                if BREAK.search(self._text, key_end, child.start):
                    child.start = child.content = child.end = key_end
            node.children.append(child)
        # What libyaml calls the end of a block is where the next token begins.
        node.end = _mark(event.end_mark).index if node.is_flow else node.children[-1].end


def _mark(mark: object) -> Mark:
    """Every event of libyaml has marks."""
    return cast("Mark", mark)


def gap_end(text: str, at: int) -> int:
    """Where the spaces, line breaks and comments that begin at an offset end."""
    found = _GAP.match(text, at)
    return found.end() if found else at


def line_start(text: str, at: int) -> int:
    """The offset of the first character of a line."""
    return max((text.rfind(sign, 0, at) + 1 for sign in "\n\r\x85\u2028\u2029"), default=0)


def line_end(text: str, at: int) -> int:
    """The offset of the break that ends a line, or of the end of the text."""
    found = BREAK.search(text, at)
    return found.start() if found else len(text)


def column(text: str, at: int) -> int:
    """How many characters stand before one in its line."""
    return at - line_start(text, at)


def _behind_properties(text: str, at: int, end: int) -> int:
    """Where the content of a scalar begins behind its anchor and its tag."""
    while found := _PROPERTY.match(text, at, end):
        at = min(gap_end(text, found.end()), end)
    return at


def _end_of_block(text: str, node: Node) -> int:
    """The end of the last line of a block scalar that counts: blank ones behind it do only with `+`."""
    body = text[node.content : node.end]
    if "+" not in BREAK.split(body, maxsplit=1)[0].partition("#")[0]:
        return node.content + len(body.rstrip(" \t\n\r\x85\u2028\u2029"))
    last = list(BREAK.finditer(body))
    return node.content + last[-1].start() if last and last[-1].end() == len(body) else node.end
