"""Items of lists, entries of mappings and documents that say what is deployed: taken from a text, and put into one."""

from __future__ import annotations

from collections.abc import Sequence

from yaml import YAMLError

from scenedock.changes.environments.entries import Entries
from scenedock.changes.environments.words import Words
from scenedock.documents.reading import DocumentError, read_documents
from scenedock.errors import InputError
from scenedock.gitops.in_place.nodes import BREAK, Node, Part, column, line_end, line_start, parts_of
from scenedock.gitops.in_place.paths import Key, Steps, child_at, shown
from scenedock.gitops.in_place.replacing import begins_line, spliced, with_lines
from scenedock.structs import dataclass, replace


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list or an entry of a mapping in a document of a file; without `steps`, the document itself."""

    document: int
    steps: Steps = ()

    @property
    def is_element(self) -> bool:
        """Whether it is one of the elements of a generator of an ApplicationSet."""
        return len(self.steps) > 1 and self.steps[-2] == Key("elements")

    def named(self, words: Words, new: str) -> Item:
        """The entry of another environment, where its key names the environment."""
        if not self.steps or not isinstance(last := self.steps[-1], Key):
            return self
        return replace(self, steps=(*self.steps[:-1], Key(words.replaced(last.name, new) or last.name)))


def within(entries: Entries, item: Item, path: str) -> Entries:
    """The entries of a file that belong to an item.

    Raises
    ------
    InputError   the file has no such item
    """
    part = _numbered(entries.parts, item, path)
    start, end = part.start, part.end
    if item.steps:
        parent, at = _found(part, item, path)
        node = parent.children[at]
        start, end = (parent.children[at - 1].start if parent.kind == "mapping" else node.start), node.end
    own = (each for each in entries if each.document == item.document and start <= each.start < max(end, start + 1))
    return replace(entries, entries=tuple(own))


def with_item(target: bytes, source: bytes, item: Item, path: str) -> bytes:
    """A file with an item of another one, or another state of it, as it is written there, behind those it has.

    Raises
    ------
    InputError   there is no list or mapping for it, or it can't be put there without changing something else
    """
    text, other = target.decode(), source.decode()
    if not item.steps:
        return _with_document(text, other, item, path).encode()
    parent, at = _found(_part(other, item, path), item, path)
    container = _container(_part(text, Item(min(item.document, len(parts_of(text)))), path), item, path)
    if container.kind != parent.kind or container.is_flow or parent.is_flow or not container.children:
        raise InputError(f"{path}:{container.line}: nothing can be added to {shown(item.steps[:-1])} in place")
    start = parent.children[at - 1].start if parent.kind == "mapping" else _dash(other, parent, at)
    if not begins_line(other, start):
        raise InputError(f"{path}:{container.line}: {shown(item.steps)} doesn't begin a line; add it by hand")
    end = line_end(other, parent.children[at].end)
    old, new = column(other, start), column(text, container.content)
    lines = [_indented(line, old, new) for line in BREAK.split(other[line_start(other, start) : end].rstrip())]
    newline = BREAK.search(text)
    result = spliced(text, [with_lines(text, container.end, lines, newline[0] if newline else "\n")])
    _prove(result, container, item, path)
    return result.encode()


def _with_document(text: str, other: str, item: Item, path: str) -> str:
    part = _part(other, item, path)
    written = other[part.start : part.end].strip("\r\n")
    if not text.strip():
        return f"{written}\n"
    end = "" if text.endswith("\n") else "\n"
    return f"{text}{end}---\n{written}\n"


def _part(text: str, item: Item, path: str) -> Part:
    try:
        read_documents(text.encode())
        parts = parts_of(text)
    except (DocumentError, YAMLError) as error:
        raise InputError(f"{path}: it can't be read: {error}") from None
    return _numbered(parts, item, path)


def _numbered(parts: Sequence[Part], item: Item, path: str) -> Part:
    if not 1 <= item.document <= len(parts):
        raise InputError(f"{path}: it has no document {item.document}")
    return parts[item.document - 1]


def _found(part: Part, item: Item, path: str) -> tuple[Node, int]:
    """The list or mapping that has an item, and the number of it among its children."""
    node = _container(part, item, path)
    at = child_at(node, item.steps[-1])
    if len(at) != 1:
        raise InputError(f"{path}:{node.line}: there is no {shown(item.steps)}")
    return node, at[0]


def _container(part: Part, item: Item, path: str) -> Node:
    node = part.root
    for step in item.steps[:-1]:
        at = child_at(node, step) if node else []
        node = node.children[at[0]].meant if node and len(at) == 1 else None
    if node is None or node.kind not in {"mapping", "sequence"}:
        raise InputError(f"{path}: it has no {shown(item.steps[:-1])}, so nothing can be added there")
    return node


def _dash(text: str, parent: Node, at: int) -> int:
    """Where the dash of an item stands."""
    return text.rfind("-", 0, parent.children[at].start)


def _indented(line: str, old: int, new: int) -> str:
    """A line with another indentation; a comment that had less keeps what it has."""
    if new >= old:
        return " " * (new - old) + line if line.strip() else line
    less = old - new
    return line[less:] if not line[:less].strip() else line.lstrip()


def _prove(result: str, container: Node, item: Item, path: str) -> None:
    after = _container(_part(result, Item(min(item.document, len(parts_of(result)))), path), item, path)
    size = 2 if container.kind == "mapping" else 1
    if len(after.children) != len(container.children) + size:
        raise InputError(f"{path}:{container.line}: nothing can be added to {shown(item.steps[:-1])} in place")
