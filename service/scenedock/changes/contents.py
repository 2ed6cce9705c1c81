"""The bytes of a file with another version: in YAML, in a text of YAML in it, of a variable, or as all that it has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from scenedock.changes.identity import documents_of, same_spot
from scenedock.errors import InputError
from scenedock.gitops.in_place.paths import steps_of
from scenedock.gitops.values_edits import add_value, anchored_line, anchored_path, remove_value, set_value, undo
from scenedock.model.json import Json, value_at
from scenedock.releases.images import split_reference, text_of
from scenedock.releases.spots import Spot

_VALUE_OF_VARIABLE = r"^(?:export[ \t]+)?%s=[\"']?([^\"'\r\n#]*)"
_SIGN = re.compile(r"[.|\\\[\]]")


def value_in(data: bytes, spot: Spot) -> Json:
    """The value at a spot; None where there is none, or the file can't be read."""
    if spot.form == "text":
        return data.decode("utf-8", "replace").strip()
    if spot.form == "env":
        found = _assigned(data, spot)
        return found[1].decode("utf-8", "replace").strip() if found else None
    value = value_at(documents_of(data).get(spot.document), spot.keys)
    if spot.inner is None:
        return value
    return value_at(documents_of(value.encode()).get(1), spot.inner) if isinstance(value, str) else None


def replaced(text: str, old: str, new: str) -> str | None:
    """A version, or a reference that ends with it, with another version; None where it is no such text.

    >>> replaced("1.0.0", "1.0.0", "1.1.0"), replaced("acme/billing:1.0.0", "1.0.0", "1.1.0")
    ('1.1.0', 'acme/billing:1.1.0')
    >>> replaced("x-1.0.0", "1.0.0", "1.1.0") is None
    True
    """
    if text == old:
        return new
    return text[: -len(old)] + new if old and split_reference(text)[1] == old and text.endswith(old) else None


def with_version(data: bytes, spot: Spot, old: str, new: str, file: str) -> bytes:
    """The file with a new version in the place of the old one; every other byte stays.

    Where that is an alias, the new one is written where the anchor is.

    Raises
    ------
    InputError   the old one isn't there, or can't be changed alone; with the line
    """
    text = text_of(value_in(data, spot))
    changed = replaced(text, old, new)
    if changed is None:
        what = repr(text) if text else "something else"
        raise InputError(f"{file}: where the version {old} is written, it has {what}")
    if spot.form == "yaml":
        return set_value(data, anchored_path(data, _path(spot), file, spot.document), changed, file, spot.document)
    found = re.search(re.escape(text.encode()), data) if spot.form == "text" else _assigned(data, spot)
    if found is None:
        raise InputError(f"{file}: it has no version")
    written = found[found.re.groups]
    start = found.start(found.re.groups) + len(written) - len(written.lstrip())
    return data[:start] + changed.encode() + data[start + len(text.encode()) :]


def line_with_version(data: bytes, spot: Spot, file: str) -> int | None:
    """The line in which `with_version` writes where that is an alias; None where it can't tell.

    Raises
    ------
    InputError   the file can't be read
    """
    return anchored_line(data, _path(spot), file, spot.document) if spot.form == "yaml" else None


def with_value(data: bytes, spot: Spot, value: Json, file: str) -> bytes:
    """The file with a value at a spot where there was none, and what leads to it.

    Raises
    ------
    InputError   it can't be inserted; with the line
    """
    return add_value(data, _path(spot), value, file, spot.document)


def restored(now: bytes, brought: bytes, before: bytes, spots: Sequence[Spot], file: str) -> bytes:
    """The file with what was at some spots before a commit; `brought` is the file as of that commit.

    If nothing has changed since, and the commit changed nothing else, that is the file as it was; else what is at the
    spots alone becomes as it was written, or goes.

    Raises
    ------
    InputError   it can't be restored without changing something else, or is no item of then for sure; with the line
    """
    then, after = (_all_then(now, data, spots, file) for data in (before, brought))
    if now == brought and (spots[0].form == "text" or _without(before, then) == _without(brought, after) is not None):
        return before
    gone = set[str]()
    for spot, was_at in sorted(zip(spots, then, strict=True), key=_from_the_end):
        if spot.form != "yaml":
            now = with_version(now, spot, text_of(value_in(now, spot)), text_of(value_in(before, spot)), file)
            continue
        was = undo(before, _path(was_at), file, was_at.document)
        path = _path(_as_deep(spot, was.path))
        if was.written is None:
            now = now if path in gone else remove_value(now, path, file, spot.document)
            gone.add(path)
        else:
            now = set_value(now, path, was.written, file, spot.document)
    return now


def _from_the_end(one: tuple[Spot, Spot]) -> tuple[int, ...]:
    """The later items of lists first, so that what goes moves none that follows."""
    return tuple(-key for key in one[0].keys if isinstance(key, int))


def version_at(data: bytes, spot: Spot, like: str, version: str) -> str:
    """The version at a spot of an earlier file, where a text `like` this had this version; empty if there is none.

    >>> version_at(b"image: acme/billing:1.0.0", Spot(("image",)), "acme/billing:1.1.0", "1.1.0")
    '1.0.0'
    """
    text = text_of(value_in(data, spot))
    return text if like == version else split_reference(text)[1]


def _all_then(now: bytes, then: bytes, spots: Sequence[Spot], file: str) -> list[Spot]:
    found = [each for each in (same_spot(now, then, spot) for spot in spots) if each]
    if len(found) < len(spots):
        raise InputError(f"{file}: it had no item that is certainly the same")
    return found


def _as_deep(spot: Spot, path: str) -> Spot:
    """What is above a spot, as far down as a path leads."""
    texts = steps_of(path)
    if spot.inner is None:
        return Spot(spot.keys[: len(texts[0])], spot.document)
    return Spot(spot.keys, spot.document, spot.inner[: len(texts[-1])])


def _path(spot: Spot) -> str:
    """The path of a spot, as edits take it."""
    texts = (spot.keys,) if spot.inner is None else (spot.keys, spot.inner)
    return "|".join(".".join(_SIGN.sub(r"\\\g<0>", str(key)) for key in keys) for keys in texts)


def _assigned(data: bytes, spot: Spot) -> re.Match[bytes] | None:
    """The last assignment of a variable, which counts for a shell."""
    pattern = _VALUE_OF_VARIABLE % re.escape(str(spot.keys[0]))
    return next(reversed([*re.finditer(pattern.encode(), data, re.MULTILINE)]), None)


def _without(data: bytes, spots: Sequence[Spot]) -> bytes | Mapping[int, Json] | None:
    """What a file says without what is at some spots, and without what is empty then; None where it can't be read."""
    found = dict(documents_of(data))
    for spot in spots:
        if spot.form == "env":
            match = _assigned(data, spot)
            return data[: match.start(1)] + data[match.end(1) :] if match else None
        value = value_at(found.get(spot.document), spot.keys)
        pruned = _pruned(found.get(spot.document), spot.keys)
        if spot.inner is not None and isinstance(value, str):
            text = _pruned(documents_of(value.encode()).get(1), spot.inner)
            pruned = {"rest": pruned, "text": text}
        found[spot.document] = pruned
    return found or None


def _pruned(value: Json, keys: Sequence[str | int]) -> Json:
    if not keys:
        return None
    if isinstance(value, dict):
        left = _pruned(value.get(str(keys[0])), keys[1:])
        others = {key: below for key, below in value.items() if key != keys[0]}
        return ({**others, str(keys[0]): left} if left else others) or None
    if isinstance(value, list) and isinstance(keys[0], int):
        return [_pruned(item, keys[1:]) if number == keys[0] else item for number, item in enumerate(value)]
    return value
