"""Prove of two documents that they differ in nothing but one place, whoever reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from scenedock.gitops.in_place.nodes import Node

How: TypeAlias = Literal["set", "added", "removed"]


class Change(NamedTuple):
    """What happens to the node that indices from the root lead to: it is another, or its `entry` is."""

    how: How
    where: tuple[int, ...]
    entry: int = 0


def is_only_change(before: Node | None, after: Node | None, change: Change) -> bool:
    """Whether two roots are alike but for one change."""
    if before is None or after is None:
        return change == Change("set", ()) or (before is None and after is None)
    if change.how == "set" and not change.where:
        return before.anchor == after.anchor
    if not _are_alike_themselves(before, after):
        return False
    if not change.where:
        size = 2 if before.kind == "mapping" else 1
        more, less = (after, before) if change.how == "added" else (before, after)
        at = change.entry * size
        return _are_all_alike(more.children[:at] + more.children[at + size :], less.children)
    at, rest = change.where[0], change.where[1:]
    if len(before.children) != len(after.children) or at >= len(before.children):
        return False
    others = [[*node.children[:at], *node.children[at + 1 :]] for node in (before, after)]
    inner = change._replace(where=rest)
    return _are_all_alike(*others) and is_only_change(before.children[at], after.children[at], inner)


def are_alike(before: Node | None, after: Node | None) -> bool:
    """Whether two nodes say the same in the same words."""
    if before is None or after is None:
        return before is after
    return _are_alike_themselves(before, after) and _are_all_alike(before.children, after.children)


def _are_all_alike(before: Sequence[Node], after: Sequence[Node]) -> bool:
    return len(before) == len(after) and all(are_alike(old, new) for old, new in zip(before, after, strict=True))


def _are_alike_themselves(before: Node, after: Node) -> bool:
    return all(
        getattr(before, name) == getattr(after, name)
        for name in ("kind", "value", "style", "tag", "is_plain", "anchor", "is_flow")
    )
