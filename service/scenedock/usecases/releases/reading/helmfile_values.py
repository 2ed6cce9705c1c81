"""What values files of helmfile that are templates set, as far as they plainly say it.

Nothing is rendered. A text, `{{ .StateValues.a.b }}` and the names of the environment and the release are plain, and so
is a block that asks for the environment's name. What another block sets, or another action fills in, stays open: where
that is a tag, nobody knows the version. Source: helmfile, "Using .gotmpl files", "Templating".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial, reduce
from typing import Final

from scenedock.documents.encryption import CIPHERTEXT
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import Document, DocumentError, read_document
from scenedock.model.json import Json, JsonObject, as_object, value_at
from scenedock.releases.deployed import Layer
from scenedock.releases.images import Keys, text_of
from scenedock.releases.spots import always
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.releases.reading.parameters import nested

# Possessive, as each text is looked at once: a template may be 5 MiB of blanks behind an opening brace.
_ACTION: Final = re.compile(r"\{\{-?\s*+((?:[^{}\"`\s]|\s++(?!-?\}\})|\"(?:[^\"\\]|\\.)*+\"|`[^`]*+`)*+)\s*+-?\}\}")
_BLOCK: Final = re.compile(r"(if|with|range|define|block|else|end)\b\s*(.*)", re.DOTALL)
_ASKED: Final = r"\(?\s*(eq|ne)\s+\.Environment\.Name\s+\"([^\"]*)\"\s*\)?"
_IF: Final = re.compile(_ASKED)
_SEVERAL: Final = re.compile(r"(or|and)((?:\s+\(\s*(?:eq|ne)\s+\.Environment\.Name\s+\"[^\"]*\"\s*\))+)")
_STATE: Final = re.compile(
    r"\(?\s*\.(?:StateValues|Values|Environment\.Values)\.(\w+(?:\.\w+)*)\s*\)?(?:\s*\|\s*quote)?"
)
_NAMES: Final = {".Environment.Name": "environment", ".Release.Name": "release"}
# The beginning of an item of a mapping or a list: all other lines go on with what is before them.
_BEGINS: Final = re.compile(r"\s*(?:- +)*[\"']?[\w./-]+[\"']?\s*:(?:\s|$)|\s*-(?:\s|$)|\s*#")
_INDENT: Final = re.compile(r"\b(n?)indent\s+(\d+)\s*-?\}\}")
_MANY_LINES: Final = re.compile(r"\b(?:indent|nindent|toYaml|include|tpl|template|readFile|exec)\b")
_TEXT_OF_IMAGE: Final = re.compile(r"(?:image|docker)?(?:tag|version|digest|repository|repo|registry|name)")
_MAY_SET_A_VERSION: Final = re.compile(r"(?:image|tag|version)\w*[\"']?\s*:", re.IGNORECASE)
# Characters that no YAML file has a use for, around what stays open.
_OPEN, _CLOSE, _RAW = "\ue000", "\ue001", "\ue002"
_ACTION_AGAIN: Final = "{{…}}"
_DEEPEST: Final = 100
"""Blocks inside one another: a person writes no more, and each line asks all that are around it."""
_UNKNOWN: Final = f"{_OPEN}?{_CLOSE}"
_GAP: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")


def value_template_layers(
    path: str, data: bytes, environment: str | None, release: str, state: Sequence[Layer]
) -> Iterator[Layer]:
    """What the template at a path sets for a release in an environment, in the order in which it counts.

    `state` are the values of the environment. A text that is one of them has the place of that: an edit goes there.
    """
    text = data.decode("utf-8", "replace")
    literal = _literal(text, {"environment": environment or _UNKNOWN, "release": release})
    try:
        document = read_document(literal.text.encode()) if literal else None
    except DocumentError:
        document = None
    if literal is None or document is None or not isinstance(document.value, (dict, type(None))):
        if _MAY_SET_A_VERSION.search(text) or "{{" in text:
            said = f"{path}: only helmfile can fill in this template"
            yield Layer(path, {}, _first_line, is_file=False, unreadable=said)
        return
    is_known = not any(each.unreadable for each in state)
    values = reduce(merge_values, (each.values for each in state if is_known), as_object({}))
    filling = _Filling(values, document, literal.doubtful)
    yield Layer(path, as_object(filling.of(document.value, ())), document.line_of, is_file=False)
    yield from _of_state(document.value, (), state, filling)
    if filling.opened:
        said = f"{path}:{{}}: only helmfile can fill in what is there"
        opened = tuple((keys, said.format(line)) for keys, line in filling.opened.items())
        yield Layer(path, {}, _first_line, is_file=False, unreadable=opened[0][1], open_at=opened)


@dataclass(frozen=True, slots=True)
class _Literal:
    """A template as YAML, line for line, with gaps for what stays open; `doubtful` are lines that may not count."""

    text: str
    doubtful: frozenset[int]


def _literal(text: str, names: dict[str, str]) -> _Literal | None:
    """What a template plainly says, without the blocks of other environments; None where blocks can't be followed."""
    blocks: list[tuple[bool | None, bool | None]] = []  # whether a branch counts, and whether one before it did
    lines: list[str] = []
    doubtful: set[int] = set()
    for line in text.split("\n"):
        actions, rest = _ACTION.findall(line), _ACTION.sub("", line)
        changes = [each for each in actions if _BLOCK.match(each)]
        is_alone = bool(actions) and re.fullmatch(r"\s*(?:#.*)?", rest) is not None
        if "{{" in rest or (changes and not is_alone and not _is_balanced(changes)):
            return None
        if changes and is_alone and not all(_enter(blocks, each, names["environment"]) for each in changes):
            return None
        if len(blocks) > _DEEPEST:
            return None
        counts = [each for each, _ in blocks]
        if is_alone:
            is_comment = line.lstrip().startswith("#") and not any(map(_MANY_LINES.search, actions))
            is_silent = is_comment or all(each in changes or _is_silent(each) for each in actions)
            is_left_out = is_silent or (False in counts and not changes)
            lines.append("" if is_left_out else _unknown_key(line))
        elif False in counts:
            lines.append("")
        else:
            filled = _with_gaps(line, names)
            if None in counts:
                doubtful.add(len(lines) + 1)
                filled += _UNKNOWN if rest.strip() and not _BEGINS.match(rest) else ""
            lines.append(filled)
    return None if blocks else _Literal("\n".join(lines), frozenset(doubtful))


def _is_balanced(changes: Sequence[str]) -> bool:
    """Whether blocks that begin in a line end there, too."""
    depth = 0
    for each in changes:
        depth += -1 if each == "end" else 0 if each.startswith("else") else 1
        if depth < 0 or (depth == 0 and each != "end"):
            return False
    return depth == 0


def _enter(blocks: list[tuple[bool | None, bool | None]], action: str, environment: str) -> bool:
    """Follow an action that begins, changes or ends a block; False for one that ends or changes none."""
    word = _BLOCK.match(action)
    if word is None or (word[1] in {"else", "end"} and not blocks):
        return False
    if word[1] == "end":
        blocks.pop()
    elif word[1] == "else":
        _, before = blocks.pop()
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


def _is_silent(action: str) -> bool:
    """Whether an action writes nothing: a comment, or a variable that it sets."""
    return action.startswith("/*") or re.match(r"\$\w*\s*:?=", action) is not None


def _unknown_key(line: str) -> str:
    """What an action writes that is alone in its line may be any keys and values there."""
    own, indented = line[: len(line) - len(line.lstrip())], _INDENT.search(line)
    indent = own if indented is None else " " * int(indented[2]) + ("" if indented[1] else own)
    return f"{indent}{_UNKNOWN}: {_UNKNOWN}"


def _with_gaps(line: str, names: dict[str, str]) -> str:
    """A line with what its actions plainly say, and gaps for the others."""
    made, end, quotes = [], 0, [0, 0]
    for action in _ACTION.finditer(line):
        between = line[end : action.start()]
        quotes = [number + between.count(mark) for number, mark in zip(quotes, "\"'", strict=True)]
        made += [between, _gap(action[1], names, is_quoted=any(number % 2 for number in quotes))]
        end = action.end()
    return "".join((*made, line[end:]))


def _gap(action: str, names: dict[str, str], *, is_quoted: bool) -> str:
    if action in _NAMES:
        return names[_NAMES[action]]
    state = _STATE.fullmatch(action)
    is_text = is_quoted or "quote" in action.split()
    return f"{_OPEN}{'' if is_text else _RAW}{state[1]}{_CLOSE}" if state else _UNKNOWN


@dataclass(slots=True)
class _Filling:
    """Fills in the values of an environment; `opened` are the keys of what helmfile alone knows, with lines."""

    values: JsonObject
    document: Document
    doubtful: frozenset[int]
    opened: dict[Keys, int] = field(default_factory=dict)
    _repeated: frozenset[tuple[str, int]] = frozenset()

    def __post_init__(self) -> None:
        repeated = self.document.repeated_keys if self.doubtful else ()
        self._repeated = frozenset((each.key, each.line) for each in repeated)

    def of(self, written: Json, keys: Keys) -> Json:
        """What is written at some keys; a text that stays open is an action again, or left out."""
        if isinstance(written, dict):
            return dict(self._items(written, keys))
        if isinstance(written, list):
            before = dict(self.opened)
            items = [self.of(each, (*keys, number)) for number, each in enumerate(written)]
            if len(self.opened) > len(before):  # Helm replaces lists as a whole
                self.opened = before
                self._open(keys)
            return items
        text = self.text_at(written, keys)
        if text == _ACTION_AGAIN:
            self._open(keys)
        return text

    def _items(self, written: JsonObject, keys: Keys) -> Iterator[tuple[str, Json]]:
        for key, below in written.items():
            at = (*keys, key)
            if _OPEN in key:
                self.opened.setdefault(keys, self.document.line_of(at))
                continue
            if self._repeated and (key, self.document.line_of(at)) in self._repeated:
                self._open(at)
            made = self.of(below, at)
            is_kept = made != _ACTION_AGAIN or _TEXT_OF_IMAGE.fullmatch(re.sub("[_-]", "", key).lower())
            if is_kept:
                yield key, made

    def text_at(self, written: Json, keys: Keys) -> Json:
        """A scalar with the values in it; an action again where it stays open."""
        if self.doubtful and self.document.line_of(keys) in self.doubtful:
            return _ACTION_AGAIN
        if not isinstance(written, str) or _OPEN not in written:
            return written
        said = [text_of(value_at(self.values, gap.lstrip(_RAW).split("."))) for gap in _GAP.findall(written)]
        if not all(said) or any("{{" in each or each.startswith(CIPHERTEXT) for each in said):
            return _ACTION_AGAIN
        found = iter(said)
        filled = _GAP.sub(lambda _gap: next(found), written)
        return _read_again(filled) if _RAW in written else filled

    def _open(self, keys: Keys) -> None:
        self.opened.setdefault(keys, self.document.line_of(keys))


def _read_again(text: str) -> Json:
    """What YAML makes of a text without quotes; an action again, if that isn't a scalar."""
    try:
        value = as_object(read_document(f"value: {text}".encode()).value).get("value")
    except DocumentError:
        return _ACTION_AGAIN
    return _ACTION_AGAIN if isinstance(value, (dict, list)) else value


def _of_state(written: Json, keys: Keys, state: Sequence[Layer], filling: _Filling) -> Iterator[Layer]:
    """A layer for each text that is a value of the environment, at the place of that value."""
    if isinstance(written, dict):
        for key, below in written.items():
            yield from _of_state(below, (*keys, key), state, filling)
    elif isinstance(written, str) and (gap := _GAP.fullmatch(written)):
        steps = gap[1].lstrip(_RAW).split(".")
        said = filling.text_at(written, keys)
        layer = next((each for each in reversed(state) if value_at(each.values, steps) is not None), None)
        if said != _ACTION_AGAIN and layer is not None:
            where, spot = layer.line_of(tuple(steps)), layer.spot_of(tuple(steps))
            there = replace(layer, values=nested([str(key) for key in keys], said), is_file=False)
            yield replace(there, line_of=partial(always, where), spot_of=partial(always, spot))


def _first_line(_keys: Keys) -> int:
    return 1
