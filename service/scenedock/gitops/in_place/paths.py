"""Paths to values in YAML texts, as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from scenedock.documents.scalars import HELM
from scenedock.errors import InputError
from scenedock.gitops.in_place.nodes import Node
from scenedock.model.json import Json, as_object
from scenedock.structs import dataclass

APPEND = "-"

# A key ends at a dot, at `|`, and where `[key=value]` begins; `\` takes a sign's meaning away.
_KEY = re.compile(r"(?:\\[.\[\]|]|[^.\[|]|\[(?![^\]=.|]+=[^\]]*\]))*")
_ITEM = re.compile(r"\[(?P<key>[^\]=.|]+)=(?P<value>[^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a mapping, or the index of a list's item; `-` is the item behind its last one."""

    name: str

    def __str__(self) -> str:
        return re.sub(r"[.|]|\[(?=[^\]=.|]+=)", r"\\\g<0>", self.name)


@dataclass(frozen=True, slots=True)
class Item:
    """The item of a list whose key has a value: `[name=TAG]`."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"[{self.key}={self.value}]"


Step: TypeAlias = Key | Item
Steps: TypeAlias = tuple[Step, ...]


def steps_of(path: str) -> tuple[Steps, ...]:
    r"""The steps of a path, one tuple for each text that it goes through: `data.values\.yaml|image.tag` has two.

    Raises
    ------
    InputError   it isn't a path
    """
    texts: list[list[Step]] = [[]]
    at = 0
    while True:
        end = _end_of_key(path, at)
        if end > at or not _ITEM.match(path, at):
            texts[-1].append(Key(re.sub(r"\\([.\[\]|])", r"\1", path[at:end])))
        at = end
        while item := _ITEM.match(path, at):
            texts[-1].append(Item(item["key"], item["value"]))
            at = item.end()
        if at == len(path):
            return tuple(map(tuple, texts))
        if path[at] == "|":
            texts.append([])
        elif path[at] != ".":
            raise InputError(f"{path!r} is not a path: a dot is missing behind {path[:at]!r}")
        at += 1


def _end_of_key(path: str, at: int) -> int:
    found = _KEY.match(path, at)
    return found.end() if found else at


def shown(steps: Sequence[Step]) -> str:
    """The steps as a path."""
    text = ""
    for step in steps:
        text += f".{step}" if text and isinstance(step, Key) else str(step)
    return text


def is_key(node: Node, name: str) -> bool:
    """Whether a key of a mapping has this name, as it is written or as Helm reads it."""
    if node.kind != "scalar":
        return node.kind == "alias" and is_key(node.meant, name)
    return node.value == name or (node.is_plain and _as_helm_reads(node.value) == name)


def child_at(node: Node, step: Step) -> list[int]:
    """The indices among a node's children of those that a step names, in order; of equal keys the last counts."""
    match node.kind, step:
        case "mapping", Key(name):
            found = [at for at, (key, _) in enumerate(node.pairs) if not key.is_merge_key and is_key(key, name)]
            return [2 * found[-1] + 1] if found else []
        case "sequence", Key(name):
            return [int(name)] if name.isdecimal() and int(name) < len(node.children) else []
        case "sequence", Item(name, value):
            return [at for at, item in enumerate(node.children) if _has(item.meant, Key(name), value)]
    return []


def _has(node: Node, key: Key, value: str) -> bool:
    return any(node.children[at].meant.value == value for at in child_at(node, key))


def _as_helm_reads(text: str) -> str:
    try:
        return HELM.key(HELM.plain(text))
    except ValueError:
        return text


def last_for_new(root: Node | None, steps: Steps) -> Steps:
    """The steps with the index of the last item in place of each `-`."""
    found: list[Step] = []
    for step in steps:
        is_new = step == Key(APPEND) and root is not None and root.kind == "sequence"
        found.append(Key(str(len(root.children) - 1)) if is_new and root else step)
        at = child_at(root, found[-1]) if root else []
        root = root.children[at[0]] if root and at else None
    return tuple(found)


def located(value: Json, steps: Sequence[Step]) -> list[str | int] | None:
    """The keys and indices that lead to what the steps name in a value; None if they lead nowhere."""
    found: list[str | int] = []
    for step in steps:
        at = _in_value(value, step)
        if at is None:
            return None
        found.append(at)
        value = value[at]  # type: ignore[index]
    return found


def _in_value(value: Json, step: Step) -> str | int | None:
    if isinstance(value, Mapping) and isinstance(step, Key):
        return next((name for name in (step.name, _as_helm_reads(step.name)) if name in value), None)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if isinstance(step, Item):
            items = [at for at, each in enumerate(value) if _is_text(as_object(each).get(step.key), step.value)]
            return items[0] if len(items) == 1 else None
        return int(step.name) if step.name.isdecimal() and int(step.name) < len(value) else None
    return None


def _is_text(value: Json, text: str) -> bool:
    return value == text or (isinstance(value, (bool, int, float)) and _as_helm_reads(text) == HELM.key(value))
