"""What an app of apps sets in the Applications that its templates write, where a template plainly says a value.

Nothing is rendered: a template with a block in the specification of its Application sets nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from typing import Final

from scenedock.catalog.reading.argo.written import folder_at
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import Document, DocumentError, read_document
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.releases.deployed import Layer
from scenedock.releases.images import Keys, text_of
from scenedock.releases.spots import always
from scenedock.structs import replace
from scenedock.usecases.releases.reading.parameters import nested, steps_of

_DOCUMENT_END: Final = re.compile(r"^---.*$", re.MULTILINE)
_SPECIFICATION: Final = re.compile(r"^spec:", re.MULTILINE)
_ACTION: Final = re.compile(r"\{\{([^{}\n]*)\}\}")
_ONLY_ACTIONS: Final = re.compile(r"^[ \t]*(?:\{\{[^{}\n]*\}\}[ \t]*)+$", re.MULTILINE)
# Characters that no YAML file has a use for, in place of the braces.
_OPEN, _CLOSE = "\ue000", "\ue001"
_GAP: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_AS_TEXT: Final = r"(?:\s*\|\s*(?:quote|squote|toString))?"
_VALUE: Final = re.compile(
    r"-?\s*(?:quote\s+)?(?:default\s+\"(?P<first>[^\"\\]*)\"\s+)?\$?\.Values\.(?P<keys>\w+(?:\.\w+)*)"
    rf"{_AS_TEXT}(?:\s*\|\s*default\s+\"(?P<then>[^\"\\]*)\")?{_AS_TEXT}\s*-?"
)


def template_layers(path: str, data: bytes, folder: str, parents: Sequence[Layer]) -> Iterator[Layer]:
    """What the template at a path sets in its Application of a folder, in the order in which it counts.

    `parents` are the layers of the app of apps in one environment. A text that is one of their values has the place of
    that: an edit goes there.
    """
    values = reduce(merge_values, (each.values for each in parents), as_object({}))
    for document in _applications(data.decode("utf-8", "replace")):
        spec = as_object(as_object(document.value).get("spec"))
        sources: list[tuple[Keys, Json]] = [(("spec", "source"), spec.get("source"))]
        sources += ((("spec", "sources", number), each) for number, each in enumerate(as_list(spec.get("sources"))))
        for keys, source in sources:
            if folder_at(as_text(as_object(source).get("path"))) != folder:
                continue
            helm = as_object(as_object(source).get("helm"))
            for written, line_of, shape in _written(document, (*keys, "helm"), helm):
                yield Layer(path, as_object(_filled(written, values)), line_of, shape, is_file=False)
                yield from _of_parents(written, (), shape, values, parents)


def _applications(text: str) -> Iterator[Document]:
    """The Applications in a template, with gaps for its actions; none whose specification has blocks."""
    start = 0
    for end in [*(each.start() for each in _DOCUMENT_END.finditer(text)), len(text)]:
        above, part = text.count("\n", 0, start), text[start:end].rstrip()
        start = end
        while (last := part.rpartition("\n"))[2] and _ONLY_ACTIONS.fullmatch(last[2]):
            part = last[0].rstrip()  # what closes the blocks around it
        spec = _SPECIFICATION.search(part)
        if spec is None or _OPEN in part or _ONLY_ACTIONS.search(part, spec.start()):
            continue
        literal = _ACTION.sub(rf"{_OPEN}\1{_CLOSE}", _ONLY_ACTIONS.sub("", _DOCUMENT_END.sub("", part)))
        try:
            document = read_document(("\n" * above + literal).encode())
        except DocumentError:
            continue
        if as_object(document.value).get("kind") == "Application":
            yield document


def _written(
    document: Document, keys: Keys, helm: JsonObject
) -> Iterator[tuple[JsonObject, Callable[[Keys], int], str]]:
    """The values that a source sets, with the lines of their paths and the shape of each, the lowest first."""
    if given := as_object(helm.get("valuesObject")):
        yield given, document.lines_below((*keys, "valuesObject")), "helm.valuesObject"
    elif text := as_text(helm.get("values")):
        try:
            inner = read_document(text.encode())
        except DocumentError:
            return
        start, is_block = document.line_of((*keys, "values")), "\n" in text.strip()
        yield as_object(inner.value), lambda path: start + inner.line_of(path) * is_block, "helm.values"
    for number, each in enumerate(map(as_object, as_list(helm.get("parameters")))):
        name, value = as_text(each.get("name")), each.get("value")
        if name and "[" not in name and _OPEN not in name:
            line = document.line_of((*keys, "parameters", number, "value"))
            yield nested(steps_of(name), value), partial(always, line), "helm.parameters"


def _of_parents(written: Json, keys: Keys, shape: str, values: JsonObject, parents: Sequence[Layer]) -> Iterator[Layer]:
    """A layer for each text that is a value of the app of apps, at the place of that value."""
    if isinstance(written, dict):
        for key, below in written.items():
            yield from _of_parents(below, (*keys, key), shape, values, parents)
    elif isinstance(written, str) and (gap := _GAP.fullmatch(written)) and (found := _VALUE.fullmatch(gap[1])):
        steps = found["keys"].split(".")
        for parent in reversed(parents):
            if text_of(value_at(parent.values, steps)):
                where, spot = parent.line_of(tuple(steps)), parent.spot_of(tuple(steps))
                filled = nested([str(key) for key in keys], _filled(written, values))
                there = Layer(parent.path, filled, partial(always, where), shape, is_file=False)
                yield replace(there, elsewhere=parent.elsewhere, spot_of=partial(always, spot))
                return


def _filled(written: Json, values: JsonObject) -> Json:
    """What a template writes, with the values of the app of apps; what else it would fill in stays an action."""
    if isinstance(written, dict):
        return {key: _filled(below, values) for key, below in written.items()}
    if isinstance(written, list):
        return [_filled(below, values) for below in written]
    return _GAP.sub(partial(_value, values), written) if isinstance(written, str) else written


def _value(values: JsonObject, gap: re.Match[str]) -> str:
    found = _VALUE.fullmatch(gap[1])
    if found is None:
        return f"{{{{{gap[1]}}}}}"
    value = value_at(values, found["keys"].split("."))
    if isinstance(value, (dict, list)):
        return f"{{{{{gap[1]}}}}}"
    return text_of(value) if value else found["first"] or found["then"] or text_of(value)
