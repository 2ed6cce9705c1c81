"""Take away an entry, so that exactly what adding it has written goes."""

from __future__ import annotations

from scenedock.errors import InputError
from scenedock.gitops.in_place.finding import Found, Source
from scenedock.gitops.in_place.nodes import Node, gap_end
from scenedock.gitops.in_place.paths import Item, Steps, shown
from scenedock.gitops.in_place.replacing import Splice, begins_line, without_lines


def depth_of_removal(text: str, found: Found, steps: Steps) -> int:
    """How many steps lead to what goes: a parent in lines goes, too, if it has nothing else, or only its name."""
    depth = len(found.where)
    while depth > 1 and _goes_along(text, found, steps, depth):
        depth -= 1
    return depth


def _goes_along(text: str, found: Found, steps: Steps, depth: int) -> bool:
    """Whether the container of what `depth` steps lead to would be left with nothing that anybody has meant."""
    above, container, entry = found.nodes[depth - 2 : depth + 1]
    if container.is_flow or container.anchor or container.tag:
        return False
    if "#" in text[_before(above, container) : container.content]:
        return False
    if container.kind == "sequence":
        return len(container.children) == 1
    keys = [key.value for key, value in container.pairs if value is not entry]
    step = steps[depth - 2]
    return not keys or (isinstance(step, Item) and keys == [step.key])


def _before(above: Node, node: Node) -> int:
    """The offset behind the key of a value."""
    return next((key.end for key, value in above.pairs if value is node), node.content)


def removed(text: str, found: Found, depth: int, steps: Steps, source: Source) -> list[Splice]:
    """The pieces that take away what `depth` steps lead to.

    Raises
    ------
    InputError   it can't go without something else; with the line
    """
    parent, at = found.nodes[depth - 1], found.where[depth - 1]
    index = at // 2 if parent.kind == "mapping" else at
    spans = _spans(text, parent)
    if parent.is_flow:
        return _from_flow(text, spans, index)
    start, end = spans[index]
    if begins_line(text, start):
        if len(spans) == 1 and depth > 1:
            raise InputError(
                f"{source.at(parent.line)}: {shown(steps[:depth])} is all that {shown(steps[: depth - 1])} has; remove "
                f"that, or edit it by hand"
            )
        return [without_lines(text, start, end)]
    if index + 1 < len(spans) and not text[end : spans[index + 1][0]].strip():
        return [Splice(start, spans[index + 1][0], "")]
    raise InputError(f"{source.at(parent.line)}: {shown(steps[:depth])} can't be removed alone; edit it by hand")


def _spans(text: str, parent: Node) -> list[tuple[int, int]]:
    """Where the entries of a mapping or list begin, with `?` or `-`, and end."""
    if parent.kind == "mapping":
        return [(key.start, max(key.end, value.end)) for key, value in parent.pairs]
    if parent.is_flow:
        return [(item.start, item.end) for item in parent.children]
    starts = [parent.content, *(gap_end(text, item.end) for item in parent.children[:-1])]
    return [(start, item.end) for start, item in zip(starts, parent.children, strict=True)]


def _from_flow(text: str, spans: list[tuple[int, int]], index: int) -> list[Splice]:
    start, end = spans[index]
    behind = gap_end(text, end)
    own_comma = behind + 1 if text[behind : behind + 1] == "," else 0
    if len(spans) == 1:
        return [Splice(start, own_comma or end, "")]
    if index + 1 < len(spans):
        until = spans[index + 1][0]
        return [Splice(start, own_comma if text[own_comma:until].strip() else until, "")]
    comma = gap_end(text, spans[index - 1][1])
    gap = text[comma + 1 : start]
    # Comments between the comma and the entry stay, and the lines that they are in.
    begin = comma + 1 if not gap.strip() else start - (len(gap) - len(gap.rstrip()))
    if own_comma:
        return [Splice(begin, own_comma, "")]
    return [Splice(comma, end, "")] if begin == comma + 1 else [Splice(comma, comma + 1, ""), Splice(begin, end, "")]
