"""Add annotations to an entity in a file that a person wrote; every other byte stays as it is."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence

from yaml import CBaseLoader, MappingNode, Node, ScalarNode, YAMLError

from scenedock.documents.reading import BACKSTAGE, DocumentError, read_documents
from scenedock.errors import InputError
from scenedock.gitops.in_place.writing import written
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import Json, JsonObject, as_object


def add_annotations(data: bytes, ref: EntityRef, annotations: Mapping[str, str], file: str) -> bytes:
    """The file with the annotations that its entity `ref` lacks; one that the entity has keeps its value.

    `file` names the file in errors.

    Raises
    ------
    InputError   it has no such entity, or they can't be added without changing anything else; with the line
    """
    before = _read(data, file)
    index = next((at for at, each in enumerate(before) if Entity(each).ref == ref), None)
    if index is None:
        raise InputError(f"{file}: it has no {ref}; somebody may have moved it")
    present = as_object(Entity(before[index]).metadata.get("annotations"))
    lacking = {name: value for name, value in annotations.items() if name not in present}
    if not lacking:
        return data
    text, nodes = _mappings(data)
    if len(nodes) != len(before):
        raise InputError(f"{file}: the file can't be edited in place; add the annotations of {ref} by hand")
    line = nodes[index].start_mark.line + 1
    wrong = InputError(
        f"{file}:{line}: the annotations of {ref} can't be added without changing anything else; add them by hand"
    )
    edited_text = _with_lines(text, nodes[index], [f"{written(name)}: {written(lacking[name])}" for name in lacking])
    if edited_text is None:
        raise wrong
    edited = data[: len(data) - len(text.encode())] + edited_text.encode()
    metadata: JsonObject = {**Entity(before[index]).metadata, "annotations": {**present, **lacking}}
    wanted = [*before[:index], {**before[index], "metadata": metadata}, *before[index + 1 :]]
    try:
        is_right = _as_json(_read(edited, file)) == _as_json(wanted)
    except InputError:
        is_right = False
    if not is_right:
        raise wrong
    return edited


def _read(data: bytes, file: str) -> list[JsonObject]:
    try:
        return [each.value for each in read_documents(data, meaning=BACKSTAGE) if isinstance(each.value, Mapping)]
    except DocumentError as error:
        raise error.in_file(file) from None


def _mappings(data: bytes) -> tuple[str, list[MappingNode]]:
    """The text without a byte-order mark, and the nodes of its documents; none if the parser gives up."""
    found: list[MappingNode] = []
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        loader = CBaseLoader(text)
        while loader.check_node():
            if isinstance(node := loader.get_node(), MappingNode):
                found.append(node)
    except (YAMLError, UnicodeDecodeError):
        return "", []
    return text, found


def _with_lines(text: str, entity: MappingNode, entries: Sequence[str]) -> str | None:
    """The text with these annotations; None where they aren't, or can't be, one in each line."""
    _, metadata = child_of(entity, "metadata") or (0, None)
    if not isinstance(metadata, MappingNode) or metadata.flow_style:
        return None
    found = child_of(metadata, "annotations")
    if found is None:
        _, name = child_of(metadata, "name") or (0, None)
        if name is None:
            return None
        indent = " " * metadata.value[0][0].start_mark.column
        lines = [f"{indent}annotations:", *(f"{indent}  {each}" for each in entries)]
        return _behind_line(text, name.end_mark.index, lines)
    start, annotations = found
    is_here = annotations.start_mark.index > start  # else it is an alias
    if not isinstance(annotations, MappingNode) or annotations.flow_style or not is_here:
        return None
    last = next((value for key, value in reversed(annotations.value) if _is_in_lines(key, value)), None)
    if last is None:
        return None
    indent = " " * annotations.value[0][0].start_mark.column
    return _behind_line(text, last.end_mark.index, [f"{indent}{each}" for each in entries])


def child_of(node: Node | None, key: str) -> tuple[int, Node] | None:
    """Where the key begins, and its value; if a key occurs twice, the last one counts, as in Helm."""
    if isinstance(node, MappingNode):
        for name, value in reversed(node.value):
            if isinstance(name, ScalarNode) and name.value == key:
                return name.start_mark.index, value
    return None


def _is_in_lines(key: Node, value: Node) -> bool:
    """Whether an entry ends in the line where its value does: no block, and no alias."""
    return (
        isinstance(value, ScalarNode) and value.style not in {"|", ">"} and value.start_mark.index > key.end_mark.index
    )


def _behind_line(text: str, at: int, lines: Sequence[str]) -> str:
    """The text with lines behind the one that has the character at an index."""
    newline = "\r\n" if "\r\n" in text else "\n"
    end = text.find("\n", at) + 1
    if not end:
        return text + "".join(f"{newline}{line}" for line in lines)
    return text[:end] + "".join(f"{line}{newline}" for line in lines) + text[end:]


def _as_json(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
