r"""Change values of a YAML file in place; comments, quotes, order and layout stay as they are.

A path has dots between keys, `\.` for a dot in a key, and numbers for the items of a list: `image.tag`,
`containers.0.image`. `env[name=TAG].value` names the item of a list, `args.-` is a new one. `|` goes on inside of a
text that is YAML itself: `spec.source.helm.values|image.tag`.

A file may have several documents: `document` is a number from 1, or `Kind/name`; without it, the first is meant. `file`
names the file in errors. Each result is read again: every node but the edited one is the same as before.
"""

from __future__ import annotations

import codecs
import json

from scenedock.documents.encryption import encryption_of
from scenedock.errors import InputError
from scenedock.gitops.in_place.editing import (
    Operation,
    Plan,
    Scene,
    document_values,
    inner_text,
    planned,
    same,
    scene_of,
    value_of,
)
from scenedock.gitops.in_place.finding import Found, Source, anchored
from scenedock.gitops.in_place.inserting import inserted, into_empty, item_value
from scenedock.gitops.in_place.nodes import Node
from scenedock.gitops.in_place.paths import APPEND, Item, Key, Steps, last_for_new, located, shown, steps_of
from scenedock.gitops.in_place.proving import Change
from scenedock.gitops.in_place.removing import depth_of_removal, removed
from scenedock.gitops.in_place.replacing import Splice, spliced, without_lines
from scenedock.gitops.in_place.writing import NewValue, Written, in_flow, written
from scenedock.model.file_paths import is_utf8
from scenedock.model.json import Json, as_list, as_object
from scenedock.structs import dataclass, replace

__all__ = [
    "NewValue",
    "Undo",
    "Written",
    "add_value",
    "anchored_path",
    "followers",
    "get_value",
    "remove_value",
    "set_value",
    "undo",
]


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes an edit back: at the path, what was `written` there, or nothing, if it is None."""

    path: str
    written: Written | None


def set_value(data: bytes, path: str, value: NewValue, file: str, document: int | str | None = None) -> bytes:
    """The file with a new scalar at a path. A text keeps its quotes, an anchor stays, and its aliases follow.

    Raises
    ------
    InputError   the value doesn't exist, or isn't a plain or quoted scalar; with the line
    """

    def operation(scene: Scene) -> Plan:
        return _setting(scene, scene.existing(), value)

    return _edited(data, path, value, file, document, operation)


def add_value(data: bytes, path: str, value: Json, file: str, document: int | str | None = None) -> bytes:
    """As `set_value`, but what is missing is made: the key, behind its siblings, its parents, an item of a list.

    Raises
    ------
    InputError   it can't be put there, or is something else already; with the line
    """

    def operation(scene: Scene) -> Plan:
        root = scene.part.root
        if root is None or (root.is_null and root.start == root.end):
            splices = into_empty(scene.text, scene.part, scene.steps, value, scene.source)
            return Plan(splices, Change("set", ()), *_afterwards(scene.steps, None, value))
        found = scene.find()
        if not found.missing:
            return _adding_existing(scene, found, value)
        splices = inserted(scene.text, scene.part, found, scene.steps, value, scene.source)
        node = found.node
        count = len(node.children) // 2 if node.kind == "mapping" else len(node.children)
        change = Change("set" if node.is_null else "added", found.where, count)
        return Plan(splices, change, *_afterwards(scene.steps, found, value))

    return _edited(data, path, value, file, document, operation)


def remove_value(data: bytes, path: str, file: str, document: int | str | None = None) -> bytes:
    """The file without the entry at a path: what `add_value` has made there is gone to the byte; `-` is the last item.

    A parent in lines goes along if it has nothing else, because it would be null; between brackets it stays, empty.
    Where that isn't what was there before, `undo` tells what puts it back.

    Raises
    ------
    InputError   it doesn't exist, or can't go without something else; with the line
    """

    def operation(scene: Scene) -> Plan:
        scene = replace(scene, steps=last_for_new(scene.part.root, scene.steps))
        found = scene.existing()
        depth = depth_of_removal(scene.text, found, scene.steps)
        for each in found.nodes[depth].inside():
            if each.anchor:
                raise InputError(
                    f"{scene.source.at(each.line)}: {shown(scene.steps)} has the anchor &{each.anchor}; remove it by "
                    "hand"
                )
        splices = removed(scene.text, found, depth, scene.steps, scene.source)
        where, at = found.where[: depth - 1], found.where[depth - 1]
        is_last = depth == 1 and len(found.nodes[0].children) <= 2 and not found.nodes[0].is_flow
        index = at // 2 if found.nodes[depth - 1].kind == "mapping" else at
        is_last = is_last and (found.nodes[0].kind == "mapping" or len(found.nodes[0].children) == 1)
        change = Change("set", ()) if is_last else Change("removed", where, index)
        return Plan(splices, change, scene.steps, is_there=False)

    return _edited(data, path, None, file, document, operation)


def get_value(data: bytes, path: str, file: str, document: int | str | None = None) -> Json:
    """The value at a path, as Helm reads it; None if there is none.

    Raises
    ------
    InputError   the file can't be read
    """
    texts = steps_of(path)
    scene = scene_of(_text(data, file), texts[0], document, Source(file))
    for steps in texts[1:]:
        text = value_of(scene)
        if not isinstance(text, str):
            return None
        scene = scene_of(text, steps, None, Source(file))
    return value_of(scene)


def anchored_path(data: bytes, path: str, file: str, document: int | str | None = None) -> str:
    """The path of the value that a path means: where it leads through an alias, that of what has the anchor.

    Raises
    ------
    InputError   the file can't be read
    """
    outer, *inner = steps_of(path)
    root = scene_of(_text(data, file), outer, document, Source(file)).part.root
    return "|".join(map(shown, [anchored(root, outer) if root else outer, *inner]))


def anchored_line(data: bytes, path: str, file: str, document: int | str | None = None) -> int | None:
    """The line of the value that `anchored_path` means; None for one in a text, or one to which no path leads.

    Raises
    ------
    InputError   the file can't be read
    """
    outer, *inner = steps_of(path)
    scene = scene_of(_text(data, file), outer, document, Source(file))
    root = scene.part.root
    if root is None or inner:
        return None
    try:
        return replace(scene, steps=anchored(root, outer)).find().node.line
    except InputError:
        return None


def undo(before: bytes, path: str, file: str, document: int | str | None = None) -> Undo:
    """What puts back what a file has at a path, after it was set or added: a value as it is written, or its removal.

    Raises
    ------
    InputError   the file can't be edited there
    """
    texts = steps_of(path)
    text, source = _text(before, file), Source(file)
    scene = scene_of(text, texts[0], document, source)
    for steps in texts[1:]:
        scene = scene_of(inner_text(scene, scene.existing()), steps, None, source)
    prefix = [shown(steps) for steps in texts[:-1]]
    steps, root = scene.steps, scene.part.root
    if root is None or (root.is_null and root.start == root.end):
        return Undo("|".join([*prefix, shown(_settled(steps, None)[:1])]), None)
    found = scene.find()
    depth = len(steps) - len(found.missing)
    node = found.node
    keeps = bool(depth and isinstance(steps[depth - 1], Item) and len(node.children) == 2)
    is_empty = node.is_null or (node.is_flow and not node.children)
    if not found.missing or (depth and is_empty) or keeps:
        return Undo("|".join([*prefix, shown(steps[:depth])]), _as_written(scene.text, node))
    return Undo("|".join([*prefix, shown(_settled(steps, found)[: depth + 1])]), None)


def followers(before: bytes, after: bytes, path: str, file: str, document: int | str | None = None) -> tuple[str, ...]:
    """The paths of other values that an edit at a path has changed, too: aliases, and what is merged."""
    steps = steps_of(path)[0]
    scenes = [scene_of(_text(data, file), steps, document, Source(file)) for data in (before, after)]
    values = [document_values(scene)[scene.index] for scene in scenes]
    old, new = (dict(_leaves(value)) for value in values)
    own = tuple(next(filter(None, (located(value, steps) for value in reversed(values))), ()))
    changed = [
        where
        for where in {**old, **new}
        if not (where in old and where in new and same(old[where], new[where]))
        and where[: len(own)] != own
        and own[: len(where)] != where
    ]
    return tuple(shown([Key(str(each)) for each in where]) for where in changed)


def _leaves(value: Json, where: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Json]]:
    inner: list[tuple[str | int, Json]] = [*as_object(value).items(), *enumerate(as_list(value))]
    return [leaf for at, each in inner for leaf in _leaves(each, (*where, at))] or [(where, value)]


def _text(data: bytes, file: str) -> str:
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file}: the file can't be edited in place: it isn't UTF-8") from None


def _edited(
    data: bytes, path: str, value: Json | Written, file: str, document: int | str | None, operation: Operation
) -> bytes:
    if not is_utf8(value.text if isinstance(value, Written) else json.dumps(value, ensure_ascii=False)):
        raise InputError(f"{file}: {path}: the value is not UTF-8")
    if encryption := encryption_of(data):
        raise InputError(f"{file}: the file is encrypted with {encryption}; Scenedock can't edit it")
    text = _text(data, file)
    splices = planned(text, steps_of(path), document, Source(file), operation)
    return data[: len(data) - len(text.encode())] + spliced(text, splices).encode()


def _setting(scene: Scene, found: Found, value: NewValue) -> Plan:
    node, text = found.node, scene.text
    if isinstance(value, Written):
        return Plan(_putting_back(text, node, value.text), Change("set", found.where), scene.steps, is_there=False)
    at = f"{scene.source.at(node.line)}: {shown(scene.steps)}"
    if node.kind != "scalar":
        raise InputError(f"{at} is not a single value; name one below it")
    if node.style in {"|", ">"}:
        inside = "; name a value in it, behind `|`" if node.style == "|" and ":" in node.value else ""
        raise InputError(f"{at} is a block scalar; edit it by hand{inside}")
    if node.tag and not node.tag.startswith("tag:yaml.org,2002:"):
        raise InputError(f"{at} has a tag; edit it by hand")
    return Plan(_replacing(text, node, written(value, node.style)), Change("set", found.where), scene.steps, value)


def _replacing(text: str, node: Node, new: str) -> list[Splice]:
    needs_space = node.content == node.end and not text[: node.content].endswith((" ", "\t"))
    return [Splice(node.content, node.end, f" {new}" if needs_space and new else new)]


def _as_written(text: str, node: Node) -> Written:
    """The text of a value; of none, the space before it, because one is put there with a value."""
    space = text[max(node.content - 1, 0) : node.content]
    return Written(text[node.content : node.end] or (space if space in {" ", "\t"} else ""))


def _putting_back(text: str, node: Node, new: str) -> list[Splice]:
    if new.strip():
        return _replacing(text, node, new)
    if node.kind == "scalar" or node.is_flow:
        return [Splice(node.content - (text[node.content - 1 : node.content] in {" ", "\t"}), node.end, new)]
    return [without_lines(text, node.content, node.end)]


def _adding_existing(scene: Scene, found: Found, value: Json) -> Plan:
    """Set what is there; a mapping or list only takes the place of nothing."""
    node = found.node
    if not isinstance(value, (dict, list)):
        return _setting(scene, found, value)  # type: ignore[arg-type]
    change = Change("set", found.where)
    if node.is_null or (node.is_flow and not node.children):
        return Plan(_replacing(scene.text, node, in_flow(value)), change, scene.steps, value)
    if same(value_of(scene), value):
        return Plan([], change, scene.steps, value)
    raise InputError(
        f"{scene.source.at(node.line)}: {shown(scene.steps)} is there already; name the values below it, or edit it by "
        "hand"
    )


def _afterwards(steps: Steps, found: Found | None, value: Json) -> tuple[Steps, Json]:
    """The path to an added value, and what is read there."""
    last = steps[-1]
    if isinstance(last, Item):
        value = item_value(last, value, "")
    return _settled(steps, found), value


def _settled(steps: Steps, found: Found | None) -> Steps:
    """A path to what was added: `-` is the index that the new item has."""
    first = len(steps) - len(found.missing) if found else 0
    return tuple(
        Key(str(len(found.node.children) if found and at == first and found.node.kind == "sequence" else 0))
        if step == Key(APPEND)
        else step
        for at, step in enumerate(steps)
    )
