r"""The manifests in a chart's templates, as far as they are literal: what a template fills in stays open.

Nothing is rendered. A line of nothing but actions (`{{- if … }}`, `{{- end }}`) is left out; every other action stays
in its text as `{{…}}`. So a manifest in a loop is one whose name is open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scenedock.documents.reading import DocumentError, read_documents
from scenedock.model.json import Json
from scenedock.structs import dataclass

_ACTION = re.compile(rb"\{\{([^{}]*)\}\}")
_ONLY_ACTIONS = re.compile(rb"^[ \t]*(?:\{\{[^{}]*\}\}[ \t]*)+\r?$", re.MULTILINE)
_DOCUMENT_END = re.compile(rb"^---[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_WORD = re.compile(rb"^-?\s*(if|with|range|define|block|else|end)\b(.*)", re.DOTALL)
_VALUE = re.compile(r"\.Values\.([A-Za-z0-9_.]*[A-Za-z0-9_])")
_OTHERWISE = re.compile(r"\b(?:not|or|eq|ne|lt|gt|le|ge|empty|default|ternary|has)\b")
# A character that no YAML file has a use for, in place of an action.
_OPEN = "\ue000"
_OPEN_BYTES = _OPEN.encode()


@dataclass(frozen=True, slots=True)
class TemplateDocument:
    """One document of a template, and the line where it begins.

    `requires` are the chart's values, as dotted paths, that an `if` around all of it wants to be true.
    """

    value: Json
    line: int
    requires: tuple[str, ...] = ()


def read_template(data: bytes) -> Iterator[TemplateDocument]:
    r"""Each document of a template; those that aren't YAML without its actions are left out.

    >>> [each.value for each in read_template(b"{{- if .a }}\nkind: A\nname: x-{{ .b }}\n{{- end }}\n")]
    [{'kind': 'A', 'name': 'x-{{…}}'}]
    """
    if _OPEN_BYTES in data:
        return
    blocks: list[tuple[str, ...]] = []
    line = 1
    for part in _DOCUMENT_END.split(data):
        actions = list(_ACTION.finditer(part))
        literal = _ONLY_ACTIONS.sub(b"", _ACTION.sub(_on_one_line, part))
        start = len(literal) - len(literal.lstrip())
        requires = _requirements(blocks, actions, literal.count(b"\n", 0, start), part)
        try:
            for document in read_documents(_ACTION.sub(_OPEN_BYTES, literal)):
                yield TemplateDocument(_opened(document.value), line + document.line - 1, requires)
        except DocumentError:
            pass
        line += part.count(b"\n")


def _requirements(
    blocks: list[tuple[str, ...]], actions: list[re.Match[bytes]], begins: int, part: bytes
) -> tuple[str, ...]:
    """What the blocks that are open where a document begins require; `begins` is its first line, from 0 on.

    The blocks are brought to where the document ends.
    """
    required: tuple[str, ...] | None = None
    for action in actions:
        if required is None and part.count(b"\n", 0, action.start()) >= begins:
            required = tuple(each for block in blocks for each in block)
        word = _WORD.match(action[1])
        if word is None:
            continue
        if word[1] == b"end":
            del blocks[-1:]
        elif word[1] == b"else":
            blocks[-1:] = [()]
        else:
            blocks.append(_values_in(word[2].decode("utf-8", "replace")) if word[1] == b"if" else ())
    return tuple(each for block in blocks for each in block) if required is None else required


def _values_in(condition: str) -> tuple[str, ...]:
    """The values that a plain condition wants to be true; none of a condition that says more."""
    return () if _OTHERWISE.search(condition) else tuple(_VALUE.findall(condition))


def _on_one_line(action: re.Match[bytes]) -> bytes:
    lines = action[0].count(b"\n")
    return b"{{ }}" + b"\n" * lines if lines else action[0]


def _opened(value: Json) -> Json:
    if isinstance(value, str):
        return value.replace(_OPEN, "{{…}}")
    if isinstance(value, Mapping):
        return {key.replace(_OPEN, "{{…}}"): _opened(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [_opened(below) for below in value]
    return value
