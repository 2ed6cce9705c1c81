"""Which document of a text is meant."""

from __future__ import annotations

from collections.abc import Sequence

from scenedock.errors import InputError
from scenedock.gitops.in_place.nodes import Node, Part
from scenedock.gitops.in_place.paths import Key, child_at


def index_of(parts: Sequence[Part], document: int | str | None, file: str) -> int:
    """The index of a document: the first, one by its number from 1, or one by `Kind/name`.

    Raises
    ------
    InputError   there is no such document, or several
    """
    if document is None:
        return 0
    if isinstance(document, int) or document.isdecimal():
        number = int(document)
        if 1 <= number <= len(parts):
            return number - 1
        raise InputError(f"{file}: there is no document {number}; the file has {len(parts)}")
    kind, _, name = document.partition("/")
    names = [name_of(part) for part in parts]
    found = [at for at, each in enumerate(names) if (each[0].lower(), each[1]) == (kind.lower(), name)]
    if len(found) == 1:
        return found[0]
    if found:
        lines = ", ".join(str(parts[at].line) for at in found)
        raise InputError(f"{file}: {len(found)} documents are {document}, in lines {lines}; give its number")
    has = ", ".join("/".join(each) for each in names if all(each)) or "none with a kind and a name"
    raise InputError(f"{file}: there is no document {document}; the file has {has}")


def name_of(part: Part) -> tuple[str, str]:
    """The `kind` and `metadata.name` of a document."""
    return _text_at(part.root, "kind"), _text_at(part.root, "metadata", "name")


def _text_at(node: Node | None, *keys: str) -> str:
    for key in keys:
        at = child_at(node, Key(key)) if node else []
        node = node.children[at[0]].meant if node and at else None
    return node.value if node and node.kind == "scalar" else ""
