"""Find what a path names among the nodes of a text, or say why it names nothing that can be edited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scenedock.errors import InputError
from scenedock.gitops.in_place.nodes import Node, Part
from scenedock.gitops.in_place.paths import APPEND, Item, Key, Step, Steps, child_at, is_key, shown
from scenedock.model.similar import similar
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """The file and the line behind which a text begins: 0, or the line of the block that has the text."""

    file: str
    before: int = 0

    def at(self, line: int) -> str:
        """How an error begins that is about a line of the text."""
        return f"{self.file}:{self.before + line}"

    def line(self, line: int) -> int:
        """The line of the file."""
        return self.before + line


@dataclass(frozen=True, slots=True)
class Found:
    """How far a path leads: the nodes from the root on, `where` the indices that lead from one to the next.

    `missing` are the steps that lead nowhere; `shadows` is the line of the merge key that brings the first of them.
    """

    nodes: tuple[Node, ...]
    where: tuple[int, ...]
    missing: Steps = ()
    shadows: int | None = None

    @property
    def node(self) -> Node:
        """The last node that the path names."""
        return self.nodes[-1]


def find(root: Node, steps: Steps, source: Source) -> Found:
    """What a path names, or how far it leads.

    Raises
    ------
    InputError   it leads through an alias, or several items of a list answer to one step; with the lines
    """
    nodes, where = [root], list[int]()
    for depth, step in enumerate(steps):
        node = nodes[-1]
        if node.kind == "alias":
            raise _through_alias(node, root, steps[:depth], steps, source)
        indices = child_at(node, step)
        if len(indices) > 1:
            lines = ", ".join(str(source.line(node.children[at].line)) for at in indices)
            name = shown(steps[: depth + 1])
            raise InputError(f"{source.at(node.line)}: {name} names {len(indices)} items, in lines {lines}")
        if not indices:
            return Found(tuple(nodes), tuple(where), steps[depth:], _merged_from(node, step))
        if line := _overridden(node, step, indices[0]):
            place, name = source.at(node.children[indices[0]].line), shown(steps[: depth + 1])
            raise InputError(
                f"{place}: {name} has no effect: the merge key in line {source.line(line)} is behind it, and Helm "
                "takes its value from there"
            )
        nodes.append(node.children[indices[0]])
        where.append(indices[0])
    if nodes[-1].kind == "alias":
        raise _through_alias(nodes[-1], root, steps, steps, source)
    return Found(tuple(nodes), tuple(where))


def missing(found: Found, steps: Steps, root: Node, parts: Sequence[Part], source: Source) -> InputError:
    """Why a path that leads nowhere does, with what was probably meant."""
    at = len(steps) - len(found.missing)
    step, node = steps[at], found.node
    parent = shown(steps[:at]) or "the file"
    place = source.at(node.line if at else 1)
    if found.shadows is not None:
        merged = _merge_source(node, step) if isinstance(step, Key) else None
        named = f"&{merged.anchor} in line {source.line(merged.line)}" if merged and merged.anchor else "a merge"
        return InputError(
            f"{place}: {shown(steps)} is not there of its own: {shown(steps[: at + 1])} comes from {named}, by the "
            f"merge key in line {source.line(found.shadows)}; edit it there, or use `add` to override it here"
        )
    text = f"{place}: there is no {shown(steps)!r}: {parent} has no {_named(step)} of its own"
    if elsewhere := _elsewhere(steps, root, parts):
        return InputError(f"{text}{elsewhere}")
    names = [key.meant.value for key, _ in node.pairs]
    if isinstance(step, Key):
        return InputError(text + (similar(step.name, names) or _some(names)))
    return InputError(text + _items_of(node, step))


def _named(step: Step) -> str:
    return repr(step.name) if isinstance(step, Key) else f"item {step}"


def _items_of(node: Node, step: Item) -> str:
    """The values by which the items of a list could have been named."""
    if node.kind != "sequence":
        return ", and is not a list"
    items = [item.meant for item in node.children]
    values = [item.children[at].meant.value for item in items for at in child_at(item, Key(step.key))]
    return similar(step.value, values) or _some(values)


def _some(names: Sequence[str]) -> str:
    return f" (it has {', '.join(names[:5])}{', …' if len(names) > 5 else ''})" if names else ""


def _elsewhere(steps: Steps, root: Node, parts: Sequence[Part]) -> str:
    """Where in the file the same path begins deeper, or which other document has it."""
    for path, node in _mappings(root):
        if path and _leads(node, steps):
            return f"; there is `{shown((*path, *steps))}`"
    for number, part in enumerate(parts, 1):
        if part.root is not None and part.root is not root and _leads(part.root, steps):
            return f"; document {number} of the file has it: name it with `document`"
    return ""


def _leads(node: Node, steps: Steps) -> bool:
    for step in steps:
        indices = child_at(node, step)
        if len(indices) != 1:
            return False
        node = node.children[indices[0]]
    return True


def _mappings(root: Node, path: Steps = ()) -> Iterator[tuple[Steps, Node]]:
    """The mappings below a node, with their paths, nearest first."""
    level: list[tuple[Steps, Node]] = [(path, root)]
    while level:
        yield from ((path, node) for path, node in level if node.kind == "mapping")
        level = [(inner, child) for path, node in level for inner, child in _children(path, node)]


def _children(path: Steps, node: Node) -> Iterator[tuple[Steps, Node]]:
    if node.kind == "sequence":
        yield from (((*path, Key(str(at))), child) for at, child in enumerate(node.children))
    for key, child in node.pairs:
        yield (*path, Key(key.meant.value)), child


def path_to(root: Node, target: Node) -> str:
    """The path to a node of a document."""
    return shown(_steps_to(root, target))


def _steps_to(root: Node, target: Node) -> Steps:
    level: list[tuple[Steps, Node]] = [((), root)]
    while level:
        for path, node in level:
            if node is target:
                return path
        level = [each for path, node in level for each in _children(path, node)]
    return ()


def anchored(root: Node, steps: Steps) -> Steps:
    """The steps to the value that a path means: where it leads through an alias, those to what has the anchor."""
    node: Node = root
    at: Steps = ()
    for step in steps:
        indices = child_at(node, step)
        if len(indices) != 1:
            return steps
        node, at = node.children[indices[0]], (*at, step)
        if node.kind == "alias":
            node = node.meant
            at = _steps_to(root, node)
    return at


def _through_alias(alias: Node, root: Node, upto: Steps, steps: Steps, source: Source) -> InputError:
    target = alias.meant
    rest = shown(steps[len(upto) :])
    there = ".".join(filter(None, [path_to(root, target), rest]))
    return InputError(
        f"{source.at(alias.line)}: {shown(upto)} is an alias of &{alias.value} in line {source.line(target.line)}; set "
        f"`{there}` and both change, or edit it by hand"
    )


def _merged_from(node: Node, step: Step) -> int | None:
    """The line of the merge key that brings what a step names."""
    if not isinstance(step, Key) or step.name == APPEND:
        return None
    for key, value in node.pairs:
        if key.is_merge_key and any(_has(each, step.name) for each in _sources(value)):
            return key.line
    return None


def _overridden(node: Node, step: Step, at: int) -> int | None:
    """The line of a merge key behind an entry that brings the same key."""
    if node.kind != "mapping" or not isinstance(step, Key):
        return None
    behind = node.pairs[at // 2 + 1 :]
    merges = [
        key.line for key, value in behind if key.is_merge_key and any(_has(s, step.name) for s in _sources(value))
    ]
    return next(iter(merges), None)


def _merge_source(node: Node, step: Key) -> Node | None:
    sources = [each for key, value in node.pairs if key.is_merge_key for each in _sources(value)]
    return next((each for each in sources if _has(each, step.name)), None)


def _sources(value: Node) -> list[Node]:
    value = value.meant
    return [each.meant for each in value.children] if value.kind == "sequence" else [value]


def _has(node: Node, name: str) -> bool:
    """Whether a mapping has a key, of its own or by a merge."""
    return any(
        any(_has(each, name) for each in _sources(value)) if key.is_merge_key else is_key(key, name)
        for key, value in node.pairs
    )
