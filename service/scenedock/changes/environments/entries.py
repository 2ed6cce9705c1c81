"""The keys of a file: each single value with its place in the text, and what makes it the same key elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final, Literal, TypeAlias

from yaml import YAMLError

from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import DocumentError, read_documents
from scenedock.documents.scalars import HELM, Scalar
from scenedock.gitops.in_place.documents import name_of
from scenedock.gitops.in_place.nodes import Node, Part, parts_of
from scenedock.gitops.in_place.paths import Item, Key, Step, child_at, shown
from scenedock.structs import dataclass, replace

Form: TypeAlias = Literal["yaml", "assignments", "text", "encrypted"]
_NAMES: Final = ("name", "key")
"""What names an item of a list."""
_ASSIGNMENT = re.compile(
    r"^(?P<head>[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*=[ \t]*)(?P<value>.*?)[ \t]*$", re.MULTILINE
)
_YAML: Final = (".yaml", ".yml", ".json")
_ASSIGNMENTS: Final = (".env", ".properties", ".conf", ".ini")
Identity: TypeAlias = tuple[str, ...]
"""Document, and the steps to a key; `*` for any item of a list of single values."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A single value, or the name of a key, in a text, from `start` to `end`.

    `path` is as edits take it, empty for a whole text; `document` counts from 1. `names` are the keys that lead to it.
    `written` is its text between these offsets, `style` its quotes. A `reference` follows an anchor or a merge.
    """

    path: str
    identity: Identity
    line: int
    value: Scalar
    start: int
    end: int
    style: str = ""
    document: int = 1
    names: tuple[str, ...] = ()
    is_key: bool = False
    is_reference: bool = False

    @property
    def name(self) -> str:
        """The key that it stands under."""
        return self.names[-1] if self.names else ""


@dataclass(frozen=True)
class Entries:
    """All keys of a text, in its order; `parts` are its documents, where it is YAML."""

    form: Form
    entries: tuple[Entry, ...]
    parts: tuple[Part, ...] = ()

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its documents."""
        return tuple(name_of(part)[0] for part in self.parts)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


def entries_of(data: bytes, path: str) -> Entries:
    """The keys of a file: of YAML its single values, of assignments these, of every other file the text as a whole."""
    if encryption_of(data):
        return Entries("encrypted", (_whole("", data.count(b"\n")),))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Entries("encrypted", (_whole("", 1),))
    if path.endswith(_YAML) or "." not in path.rpartition("/")[2]:
        try:
            read_documents(data, meaning=HELM)
            parts = parts_of(text)
        except (DocumentError, YAMLError):
            parts = []
        if parts and all(part.root is None or part.root.kind != "scalar" or part.root.is_null for part in parts):
            found = [each for number, part in enumerate(parts, 1) for each in _in_part(part, number)]
            return Entries("yaml", tuple(found), tuple(parts))
    if path.rpartition("/")[2].startswith(".env") or path.endswith(_ASSIGNMENTS):
        return Entries("assignments", tuple(_assigned(text)))
    return Entries("text", (_whole(text, len(text)),))


def _whole(text: str, end: int) -> Entry:
    return Entry("", ("text",), 1, text, 0, end)


def _assigned(text: str) -> Iterator[Entry]:
    for found in _ASSIGNMENT.finditer(text):
        line, name = text.count("\n", 0, found.start()) + 1, found["name"]
        start, end = found.span("value")
        yield Entry(name, ("env", name), line, found["value"], start, end, names=(name,))


def _in_part(part: Part, number: int) -> Iterator[Entry]:
    if part.root is None:
        return
    kind, name = name_of(part)
    identity = (f"{kind}/{name}",) if kind else (str(number),)
    yield from _below(part.root, _At((), identity, (), number))


@dataclass(frozen=True, slots=True)
class _At:
    """Where a node is: the steps to it, what makes it the same elsewhere, the keys above it, and its document."""

    steps: tuple[Step, ...]
    identity: Identity
    names: tuple[str, ...]
    document: int

    def key(self, name: str) -> _At:
        return _At((*self.steps, Key(name)), (*self.identity, name), (*self.names, name), self.document)

    def item(self, step: Step, mark: str) -> _At:
        return _At((*self.steps, step), (*self.identity, mark), self.names, self.document)


def _below(node: Node, at: _At) -> Iterator[Entry]:
    if node.kind == "mapping" and node.children:
        for key, value in node.pairs:
            inner = at.key(key.meant.value)
            if key.is_merge_key or value.kind == "alias":
                yield _reference(value, inner)
            else:
                if key.kind == "scalar":
                    yield replace(_of(key, inner), value=key.value, is_key=True)
                yield from _below(value, inner)
    elif node.kind == "sequence" and node.children:
        for number, item in enumerate(node.children):
            if item.kind == "alias":
                yield _reference(item, at.item(Key(str(number)), "*"))
            else:
                step = _item_step(node, item) or Key(str(number))
                yield from _below(item, at.item(step, "*" if item.kind == "scalar" else str(step)))
    elif at.steps:
        yield _of(node, at)


def _reference(node: Node, at: _At) -> Entry:
    return replace(_of(node, at), value=None, is_reference=True)


def _of(node: Node, at: _At) -> Entry:
    value: Scalar = node.value
    if node.kind in {"mapping", "sequence"}:
        value = "{}" if node.kind == "mapping" else "[]"
    elif node.is_plain and node.tag is None:
        value = HELM.plain(node.value)
    return Entry(
        shown(at.steps), at.identity, node.line, value, node.content, node.end, node.style, at.document, at.names
    )


def _item_step(parent: Node, item: Node) -> Item | None:
    """How a path names an item of a list; None where only its number does."""
    for name in _NAMES:
        at = child_at(item, Key(name))
        value = item.children[at[0]].meant if at else None
        if value is None or value.kind != "scalar" or not value.value or re.search(r"[\]\n]", value.value):
            continue
        step = Item(name, value.value)
        if len(child_at(parent, step)) == 1:
            return step
    return None


def values_of(entries: Iterable[Entry], mark: Callable[[str], str]) -> dict[Identity, tuple[Scalar, ...]]:
    """The values by what makes keys the same, as `mark` writes it; several where items of a list have no names."""
    found: dict[Identity, list[Scalar]] = {}
    for each in entries:
        if not each.is_key and not each.is_reference:
            found.setdefault(tuple(map(mark, each.identity)), []).append(each.value)
    return {identity: tuple(values) for identity, values in found.items()}
