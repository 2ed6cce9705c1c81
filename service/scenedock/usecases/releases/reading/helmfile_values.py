"""What values files of helmfile that are templates set, as far as they plainly say it.

Nothing is rendered. A text, `{{ .StateValues.a.b }}` and the names of the environment and the release are plain, and so
is a block that asks for the environment's name. What another block sets, or another action fills in, stays open: where
that is a tag, nobody knows the version. Source: helmfile, "Using .gotmpl files", "Templating".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Final, TypeVar

from scenedock.documents.merging import merge_values
from scenedock.documents.reading import DocumentError, read_document
from scenedock.model.json import Json, as_object, value_at
from scenedock.releases.deployed import Layer
from scenedock.releases.images import Keys, text_of
from scenedock.usecases.releases.reading.argo_values import nested

_ACTION: Final = re.compile(r"\{\{-?\s*((?:[^{}\"`]|\"(?:[^\"\\]|\\.)*\"|`[^`]*`)*?)\s*-?\}\}")
_ONLY_ACTIONS: Final = re.compile(r"\s*(?:\{\{[^{}\n]*\}\}\s*)+")
_BLOCK: Final = re.compile(r"(if|with|range|define|block|else|end)\b\s*(.*)", re.DOTALL)
_ASKED: Final = r"\(?\s*(eq|ne)\s+\.Environment\.Name\s+\"([^\"]*)\"\s*\)?"
_IF: Final = re.compile(_ASKED)
_SEVERAL: Final = re.compile(r"(or|and)((?:\s+\(\s*(?:eq|ne)\s+\.Environment\.Name\s+\"[^\"]*\"\s*\))+)")
_STATE: Final = re.compile(
    r"\(?\s*\.(?:StateValues|Values|Environment\.Values)\.(\w+(?:\.\w+)*)\s*\)?(?:\s*\|\s*quote)?"
)
_NAMES: Final = {".Environment.Name": "environment", ".Release.Name": "release"}
_SCALAR: Final = re.compile(r"^(\s*(?:- )?[\w./-]+:)[ \t]+(?![|>&*#{\[])\S.*$")
_MAY_SET_A_VERSION: Final = re.compile(r"(?:image|tag|version)\w*[\"']?\s*:", re.IGNORECASE)
# Characters that no YAML file has a use for, around what stays open.
_OPEN, _CLOSE = "\ue000", "\ue001"
_UNKNOWN: Final = f"{_OPEN}?{_CLOSE}"
_GAP: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")

_Answer = TypeVar("_Answer")


def value_template_layers(
    path: str, data: bytes, environment: str | None, release: str, state: Sequence[Layer]
) -> Iterator[Layer]:
    """What the template at a path sets for a release in an environment, in the order in which it counts.

    `state` are the values of the environment. A text that is one of them has the place of that: an edit goes there.
    """
    text = data.decode("utf-8", "replace")
    names = {"environment": environment or _UNKNOWN, "release": release}
    try:
        document = read_document(_literal(text, names).encode())
    except DocumentError:
        document = None
    if document is None or _is_open(document.value, "image"):
        if _MAY_SET_A_VERSION.search(text) or _OPEN in text:
            said = f"{path}: only helmfile can fill in this template"
            yield Layer(path, {}, _first_line, is_file=False, unreadable=said)
        return
    values = reduce(merge_values, (each.values for each in state), as_object({}))
    yield Layer(path, as_object(_filled(document.value, values)), document.line_of, is_file=False)
    yield from _of_state(document.value, (), state)


def _literal(text: str, names: dict[str, str]) -> str:
    """The text as YAML, line for line, with gaps for what stays open; blocks of other environments are left out."""
    blocks: list[tuple[bool | None, bool | None]] = []  # whether a branch counts, and whether one before it did
    lines = []
    for line in text.split("\n"):
        if _ONLY_ACTIONS.fullmatch(line) and (actions := _ACTION.findall(line)):
            is_block = False
            for action in actions:
                is_block |= _enter(blocks, action, names["environment"])
            lines.append("" if is_block or _is_silent(actions) else _unknown_key(line))
            continue
        filled = _ACTION.sub(partial(_gap, names), line)
        counts = [each for each, _ in blocks]
        if False in counts:
            filled = ""
        elif None in counts:
            filled = _SCALAR.sub(rf"\1 {_UNKNOWN}", filled)
        lines.append(filled)
    return "\n".join(lines)


def _enter(blocks: list[tuple[bool | None, bool | None]], action: str, environment: str) -> bool:
    """Follow an action that begins, changes or ends a block; False for any other."""
    word = _BLOCK.match(action)
    if word is None:
        return False
    if word[1] == "end":
        del blocks[-1:]
    elif word[1] == "else":
        _, before = blocks.pop() if blocks else (None, None)
        asked = _holds(word[2].removeprefix("if").strip(), environment) if word[2] else True
        counts = False if before else None if before is None else asked
        blocks.append((counts, True if before or counts else None if None in {before, counts} else False))
    else:
        holds = _holds(word[2], environment) if word[1] == "if" else None
        blocks.append((holds, holds))
    return True


def _holds(condition: str, environment: str) -> bool | None:
    """Whether a condition holds that asks for the environment's name; None for any other."""
    several = _SEVERAL.fullmatch(condition.strip())
    if not (several or _IF.fullmatch(condition.strip())) or _OPEN in environment:
        return None
    asked = [(word == "eq") is (name == environment) for word, name in _IF.findall(condition)]
    return any(asked) if several and several[1] == "or" else all(asked)


def _is_silent(actions: Sequence[str]) -> bool:
    """Whether actions write nothing: comments, and variables that they set."""
    return all(each.startswith("/*") or re.match(r"\$\w*\s*:?=", each) for each in actions)


def _unknown_key(line: str) -> str:
    """What an action writes that is alone in its line may be any keys and values there."""
    return f"{line[: len(line) - len(line.lstrip())]}{_UNKNOWN}: {_UNKNOWN}"


def _gap(names: dict[str, str], action: re.Match[str]) -> str:
    if action[1] in _NAMES:
        return names[_NAMES[action[1]]]
    state = _STATE.fullmatch(action[1])
    return f"{_OPEN}{state[1]}{_CLOSE}" if state else _UNKNOWN


def _is_open(value: Json, key: str) -> bool:
    """Whether there may be any keys at the root or in what is called an image."""
    if isinstance(value, list):
        return any(_is_open(below, key) for below in value)
    below = as_object(value)
    if key.lower().endswith(("image", "images")) and any(_OPEN in each for each in below):
        return True
    return any(_is_open(each, name) for name, each in below.items())


def _filled(written: Json, values: Json) -> Json:
    """What a template writes, with the environment's values; what stays open is an action again."""
    if isinstance(written, dict):
        return {key: _filled(below, values) for key, below in written.items() if _OPEN not in key}
    if isinstance(written, list):
        return [_filled(below, values) for below in written]
    return _GAP.sub(partial(_value, as_object(values)), written) if isinstance(written, str) else written


def _value(values: Json, gap: re.Match[str]) -> str:
    return text_of(value_at(as_object(values), gap[1].split("."))) or "{{…}}"


def _of_state(written: Json, keys: Keys, state: Sequence[Layer]) -> Iterator[Layer]:
    """A layer for each text that is a value of the environment, at the place of that value."""
    if isinstance(written, dict):
        for key, below in written.items():
            yield from _of_state(below, (*keys, key), state)
    elif isinstance(written, str) and (gap := _GAP.fullmatch(written)):
        steps = gap[1].split(".")
        for layer in reversed(state):
            if said := text_of(value_at(layer.values, steps)):
                where, spot = layer.line_of(tuple(steps)), layer.spot_of(tuple(steps))
                there = replace(layer, values=nested([str(key) for key in keys], said), is_file=False)
                yield replace(there, line_of=partial(_always, where), spot_of=partial(_always, spot))
                return


def _first_line(_keys: Keys) -> int:
    return 1


def _always(answer: _Answer, _keys: Keys) -> _Answer:
    return answer
