"""The text of a file for a new environment: a copy in which some values are others, and some are gone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from scenedock.changes.environments.decisions import Decision
from scenedock.changes.environments.entries import Entries, Entry, entries_of
from scenedock.changes.environments.evidence import same
from scenedock.changes.environments.secrets import secret_in_comment
from scenedock.changes.environments.words import Words
from scenedock.documents.scalars import HELM, Scalar
from scenedock.errors import InputError
from scenedock.gitops.in_place.nodes import BREAK, line_end, line_start, parts_of
from scenedock.gitops.in_place.paths import Item, Key, shown, steps_of
from scenedock.gitops.in_place.replacing import Splice, spliced
from scenedock.gitops.in_place.writing import written
from scenedock.gitops.values_edits import add_value, get_value, remove_value
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.model.json import Json

_COMMENT = re.compile(r"(?m)(^[ \t]*|(?<![ \t])[ \t]+)(#[^\r\n]*)")
_EMPTY = frozenset({"{}", "[]"})
_Decided: TypeAlias = tuple[Entry, Decision | None]


def copied(data: bytes, decisions: Sequence[Decision], old: Words, new: str, path: str) -> bytes:
    """The bytes of a file with what is decided of its keys; comments, order and layout stay as they are.

    Keys without a decision are copied. Read again, it has exactly the values that are decided. Where a key can't go
    alone, its value is left empty.

    Raises
    ------
    InputError   a value can't be changed without changing something else; with the line
    """
    here = entries_of(data, path)
    by_entry = {(each.entry.start, each.entry.is_key): each for each in decisions}
    whole = _documents_left_out(here, by_entry)
    text = _without_documents(data.decode(), whole) if whole else data.decode()
    kept = [
        (entry, by_entry.get((entry.start, entry.is_key)))
        for entry in here
        if entry.document not in whole and not (entry.is_key and (entry.start, True) not in by_entry)
    ]
    text, kept = _without_keys(text, kept, here.form, path, old)
    pairs = _aligned(entries_of(text.encode(), path), kept, path)
    changed = [(entry, each) for entry, each in pairs if each and each.outcome != "copied" and not _stays(each)]
    text = spliced(text, [_splice(text, entry, each, old, new) for entry, each in changed])
    result = _without_secret_comments(text, path).encode()
    if changed and here.form == "yaml" and text.startswith("\ufeff"):
        raise InputError(
            f"{path}:1: it begins with a byte order mark, with which nothing in it can be changed; save it without, as "
            "`sed -i '1s/^\\xEF\\xBB\\xBF//'` does"
        )
    _prove(entries_of(result, path), [each or entry for entry, each in pairs], path)
    return result


def _without_secret_comments(text: str, path: str) -> str:
    """The text without comments that have a secret; a line that is nothing else goes as a whole."""
    entries = entries_of(text.encode(), path)
    if entries.form not in {"yaml", "assignments"}:
        return text
    splices = []
    for found in _COMMENT.finditer(text):
        inside = any(each.start <= found.end(1) < each.end for each in entries)
        if inside or not secret_in_comment(found[2]):
            continue
        is_line = line_start(text, found.start(2)) == found.start(1)
        ending = BREAK.match(text, found.end()) if is_line else None
        splices.append(Splice(found.start(1), ending.end() if ending else found.end(), ""))
    return spliced(text, splices)


def _stays(decision: Decision) -> bool:
    return same(decision.value, decision.entry.value)


def _documents_left_out(here: Entries, by_entry: Mapping[tuple[int, bool], Decision]) -> Collection[int]:
    """The documents of which no key is copied."""
    values = [each for each in here if not each.is_key]
    left_out = [each for each in values if (one := by_entry.get((each.start, False))) and one.outcome == "left out"]
    kept = {each.document for each in values if each not in left_out}
    return {each.document for each in left_out} - kept if here.form == "yaml" else set()


def _without_documents(text: str, numbers: Collection[int]) -> str:
    parts = parts_of(text)
    ends = [0, *(part.end for part in parts)]
    splices = []
    for number in numbers:
        start, end = ends[number - 1], ends[number]
        if number == 1 and len(parts) > 1:  # with the marker behind it, so that the next one begins the file
            end = parts[1].start
            end += len(found[0]) if (found := BREAK.match(text, end)) else 0
        splices.append(Splice(start, end, ""))
    return spliced(text, _joined(splices))


def _joined(splices: Iterable[Splice]) -> list[Splice]:
    """Splices that overlap as one."""
    found: list[Splice] = []
    for each in sorted(splices):
        if found and each.start <= found[-1].end:
            found[-1] = Splice(found[-1].start, max(found[-1].end, each.end), "")
        else:
            found.append(each)
    return found


def _without_keys(text: str, kept: Sequence[_Decided], form: str, path: str, old: Words) -> tuple[str, list[_Decided]]:
    """The text without what is left out, and what is decided of the rest."""
    left, documents = list(kept), sorted({entry.document for entry, _ in kept})
    gone = [(entry, each) for entry, each in reversed(kept) if each and each.outcome == "left out"]
    for entry, each in sorted(gone, key=lambda at: form == "yaml" and _names_an_item(at[0])):
        if form != "yaml":
            start, end = line_start(text, entry.start), line_end(text, entry.end)
            found = BREAK.match(text, end)
            text = text[:start] + text[found.end() if found else end :]
        else:
            number = documents.index(entry.document) + 1
            try:
                text = _without_entry(text.encode(), entry, path, number, old).decode()
            except InputError:
                if not _is_gone(text, entry, path, number):
                    continue
        left.remove((entry, each))
    return text, left


def _names_an_item(entry: Entry) -> bool:
    """Whether paths of other entries have this one in them, so that it goes last."""
    steps = steps_of(entry.path)[0] if entry.path else ()
    return len(steps) > 1 and isinstance(steps[-2], Item) and steps[-1] == Key(steps[-2].key)


def _without_entry(data: bytes, entry: Entry, path: str, document: int, old: Words) -> bytes:
    """The file without an entry. What had nothing else stays, and is empty: a template may read something below it.

    Only what is inside a list goes along, up to the item.
    """
    steps = steps_of(entry.path)[0]
    values = [get_value(data, shown(steps[:depth]), path, document) for depth in range(1, len(steps))]
    listed = next((at for at, each in enumerate(values, 1) if isinstance(each, list)), None)
    while listed and len(steps) > listed + 1 and _size(values[len(steps) - 2]) == 1:
        steps = steps[:-1]
    result = remove_value(data, shown(steps), path, document)
    above = () if posixpath.basename(path) in KUSTOMIZATIONS else steps[:listed] if listed else steps[:-1]
    if not above or old.are_in(shown(above)) or get_value(result, shown(above), path, document) is not None:
        return result
    try:
        return add_value(result, shown(above), [] if listed else {}, path, document)
    except InputError:
        return result


def _size(value: Json) -> int:
    return len(value) if isinstance(value, Mapping | list) else 0


def _is_gone(text: str, entry: Entry, path: str, document: int) -> bool:
    """Whether a key has gone with another one."""
    return entry.value is not None and get_value(text.encode(), entry.path, path, document) is None


def _aligned(entries: Entries, kept: Sequence[_Decided], path: str) -> list[_Decided]:
    """The entries of a text from which some are gone, each with its decision.

    Names of keys go with all that was below them, and mappings may be empty now.

    Raises
    ------
    InputError   something else has gone, too
    """
    found: list[_Decided] = []
    waiting = list(reversed(kept))
    for entry in entries:
        while waiting and waiting[-1][0].is_key and not (entry.is_key and entry.value == waiting[-1][0].value):
            if entry.is_key:
                break
            waiting.pop()
        is_next = bool(waiting) and waiting[-1][0].is_key == entry.is_key and same(waiting[-1][0].value, entry.value)
        if is_next:
            found.append((entry, waiting.pop()[1]))
        elif not entry.is_key and entry.value not in _EMPTY:
            waiting.append((entry, None))
            break
    if any(not entry.is_key for entry, _ in waiting):
        raise InputError(f"{path}: what is left out can't go without something else; take it out by hand first")
    return found


def _splice(text: str, entry: Entry, decision: Decision, old: Words, new: str) -> Splice:
    raw, value = text[entry.start : entry.end], decision.value
    renamed = old.replaced(raw, new)
    if isinstance(entry.value, str) and value == old.replaced(entry.value, new) and _is_safe(renamed, value, entry):
        return Splice(entry.start, entry.end, str(renamed))
    if entry.identity[0] in {"env", "text"} and not entry.style:
        return Splice(entry.start, entry.end, str(value))
    if entry.style in {"|", ">"}:
        behind = re.search(r"[\r\n]*\Z", raw)
        return Splice(entry.start, entry.end, written(value, '"') + (behind[0] if behind else ""))
    space = "" if entry.end > entry.start or text[: entry.start].endswith((" ", "\t")) else " "
    return Splice(entry.start, entry.end, space + written(value, entry.style))


def _is_safe(renamed: str | None, value: Scalar, entry: Entry) -> bool:
    """Whether the words in a text may simply be others: what has no quotes must be the same text without them."""
    if renamed is None:
        return False
    return bool(entry.style) or entry.identity[0] in {"env", "text"} or HELM.plain(renamed) == value


def _prove(after: Entries, kept: Sequence[Decision | Entry], path: str) -> None:
    """Read the result again.

    Raises
    ------
    InputError   it has other values than decided; with the line
    """
    expected = [each for each in kept if not (each if isinstance(each, Entry) else each.entry).is_key]
    values = [each for each in after if not each.is_key]
    if len(values) != len(expected):
        values = [each for each in values if each.value not in _EMPTY]
        expected = [each for each in expected if each.value not in _EMPTY]
    for each, entry in zip(expected, values, strict=False):
        wanted = each.value
        if not same(wanted, entry.value):
            at = each if isinstance(each, Entry) else each.entry
            raise InputError(f"{path}:{at.line}: {at.path} can't be changed without changing something else")
    if len(expected) != len(values):
        raise InputError(f"{path}: it can't be copied without changing something else")
