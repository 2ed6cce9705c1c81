"""Set scalars of a YAML file in place; comments, quotes, order and layout stay as they are."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from yaml import MappingNode, Node, ScalarNode, SequenceNode
from yaml.cyaml import CBaseLoader
from yaml.error import YAMLError

from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import HELM, DocumentError, read_document
from scenedock.errors import InputError
from scenedock.model.file_paths import is_utf8
from scenedock.model.json import Json, as_list

NewValue: TypeAlias = str | int | float | bool | None

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*(:[A-Za-z0-9._/+-]+)*")


def set_value(data: bytes, path: str, value: NewValue, file: str) -> bytes:
    r"""The file with a new scalar at a path of its first document.

    `path` has dots between keys, `\.` for a dot in a key, and numbers for the items of a list: `image.tag`,
    `containers.0.image`. A text keeps its quotes. `file` names the file in errors.

    Raises
    ------
    InputError   the value doesn't exist, or isn't a plain or quoted scalar; with the line
    """
    keys = _keys(path)
    if isinstance(value, str) and not is_utf8(value):
        raise InputError(f"{file}: {path}: the value is not UTF-8")
    if encryption := encryption_of(data):
        raise InputError(f"{file}: the file is encrypted with {encryption}; Scenedock can't edit it")
    before = _read(data, file)
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        loader = CBaseLoader(text)
        root = loader.get_node() if loader.check_node() else None
    except (YAMLError, UnicodeDecodeError):
        raise InputError(
            f"{file}: the file can't be edited in place: an anchor is defined twice, or it isn't UTF-8"
        ) from None
    node = _find(root, keys, file)
    start, end = node.start_mark.index, node.end_mark.index
    old = text[start:end]
    if old[:1] in {"&", "!"}:
        what = "an anchor" if old[0] == "&" else "a tag"
        raise InputError(f"{file}:{node.start_mark.line + 1}: {path} has {what}; edit it by hand")
    new = written(value, old[:1] if old[:1] in {"'", '"'} else "")
    if not old and not text[:start].endswith((" ", "\t")):
        new = f" {new}"
    edited = data[: len(data) - len(text.encode())] + (text[:start] + new + text[end:]).encode()
    if _as_json(_read(edited, file)) != _as_json(_with(before, keys, value)):
        raise InputError(
            f"{file}:{node.start_mark.line + 1}: {path} can't be set without changing another value; edit it by hand"
        )
    return edited


def get_value(data: bytes, path: str, file: str) -> Json:
    """The value at a path of a YAML file's first document; None if there is none.

    Raises
    ------
    InputError   the file can't be read
    """
    value = _read(data, file)
    for key in _keys(path):
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Sequence) and not isinstance(value, str) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _keys(path: str) -> list[str]:
    return [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path)]


def _read(data: bytes, file: str) -> Json:
    try:
        return read_document(data, meaning=HELM).value
    except DocumentError as error:
        raise error.in_file(file) from None


def _find(root: Node | None, keys: Sequence[str], file: str) -> ScalarNode:
    """The scalar at a path of keys, unless it comes from an alias or a merge key."""
    node, line = root, 1
    for depth, key in enumerate(keys):
        child = child_of(node, key)
        if child is None:
            parent = ".".join(keys[:depth]) or "the file"
            raise InputError(f"{file}:{line}: there is no {'.'.join(keys)!r}: {parent} has no {key!r} of its own")
        at, node = child
        if node.start_mark.index < at:
            raise InputError(
                f"{file}:{line}: {'.'.join(keys[: depth + 1])} is an alias of the value in line "
                f"{node.start_mark.line + 1}; edit it by hand"
            )
        line = node.start_mark.line + 1
    shown = f"{file}:{line}: {'.'.join(keys)}"
    if not isinstance(node, ScalarNode):
        raise InputError(f"{shown} is not a single value; name one below it")
    if node.style in {"|", ">"}:
        raise InputError(f"{shown} is a block scalar; edit it by hand")
    return node


def child_of(node: Node | None, key: str) -> tuple[int, Node] | None:
    """Where the key begins, and its value; if a key occurs twice, the last one counts, as in Helm."""
    if isinstance(node, MappingNode):
        for name, value in reversed(node.value):
            if isinstance(name, ScalarNode) and name.value == key:
                return name.start_mark.index, value
    if isinstance(node, SequenceNode) and key.isdecimal() and int(key) < len(node.value):
        return node.start_mark.index, node.value[int(key)]
    return None


def written(value: NewValue, quote: str = "") -> str:
    """The scalar in YAML; a text keeps the quotes of the old value."""
    if not isinstance(value, str):
        return json.dumps(value)
    if quote == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if not quote and _PLAIN.fullmatch(value) and HELM.plain(value) == value:
        return value
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(sign: str) -> str:
    """A character in double quotes; JSON's escapes of rare characters are not valid in YAML."""
    if sign in {'"', "\\"}:
        return f"\\{sign}"
    return sign if sign.isprintable() else {"\n": "\\n", "\t": "\\t"}.get(sign, f"\\U{ord(sign):08X}")


def _with(value: Json, keys: Sequence[str], new: NewValue) -> Json:
    """A copy of the value with a new scalar at a path of keys."""
    if not keys:
        return new
    if isinstance(value, Mapping):
        return {**value, keys[0]: _with(value.get(keys[0]), keys[1:], new)}
    return [_with(each, keys[1:], new) if str(at) == keys[0] else each for at, each in enumerate(as_list(value))]


def _as_json(value: Json) -> str:
    """The value as text that tells `1`, `1.0`, `true` and `"1"` apart."""
    return json.dumps(value)
