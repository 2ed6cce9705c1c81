"""The patches of Kustomize and Flux, as far as they change what the catalog reads.

A patch merges mappings and replaces everything else, as JSON merge patches do: Kustomize does the same with objects of
kinds that it doesn't know, such as Flux's. Lists of containers, which it merges by name, are not values to us.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from scenedock.documents.merging import merge_values
from scenedock.documents.reading import DocumentError, read_documents
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.model.units import Written
from scenedock.structs import dataclass, field

Verdict: TypeAlias = Literal["kept", "deleted"]

_DELETED = "$patch"
_WILDCARD = ".*"
_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:\\?\.[A-Za-z0-9_-]+)*")
_INLINE = ("{", "---", "apiVersion")
"""How a patch begins that is written in one line; any other line is a path."""
_START = re.compile(r"[A-Za-z0-9_-]*")
_ALTERNATIVES = frozenset("|()")
_GROUP = re.compile(r"([^()|]*)\(([^()]*)\)(?![?*+{])([^()|]*)")
"""Alternatives in the only parentheses of a pattern, with what is around them."""
_SELECTOR = re.compile(r"\s*([^\s=!,]+)\s*(!=|==?)\s*([^\s=!,]*)\s*")
_MOST_INLINE = 200_000
"""Characters of a patch that is written in a kustomization."""
_MOST_KEYS = 50
"""Of an operation's path; the objects that there are aren't nearly as deep."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch: in a file (`path`, as written) or inline (`text`); `target` says of what, or else the patch itself.

    An inline one is written `at` some keys. One that `renames` may change the name of its object.
    """

    path: str = ""
    text: str = ""
    target: JsonObject = field(default_factory=dict)
    at: tuple[str | int, ...] = field(default=(), compare=False)
    renames: bool = False


def patches_in(document: JsonObject, root: tuple[str, ...] = ()) -> Iterator[Patch]:
    """The patches of a kustomization, or of Flux's, which has them below a `root`, in the order in which they apply."""
    for number, each in enumerate(as_list(document.get("patchesStrategicMerge"))):
        text = as_text(each)
        if "\n" in text or text.lstrip().startswith(_INLINE):
            yield Patch(text=text, at=(*root, "patchesStrategicMerge", number))
        elif text:
            yield Patch(path=text)
    for key in ("patches", "patchesJson6902"):
        for number, item in enumerate(map(as_object, as_list(document.get(key)))):
            patch = item.get("patch")
            text, target = patch if isinstance(patch, str) else "", as_object(item.get("target"))
            renames = as_object(item.get("options")).get("allowNameChange") is True
            yield Patch(as_text(item.get("path")), text, target, (*root, key, number, "patch"), renames)


def inline_documents(text: str) -> tuple[Json, ...] | None:
    """The documents of an inline patch; None where it can't be read."""
    if len(text) > _MOST_INLINE:
        return None
    try:
        return tuple(each.value for each in read_documents(text.encode("utf-8", "replace")))
    except DocumentError:
        return None


def apply(document: JsonObject, patch: Json, *, renames: bool = False) -> JsonObject | None:
    """An object with a patch: a mapping merges, a list is of operations; None where the patch deletes it.

    The name in a mapping says which object it is for, and is the object's new one only where the patch `renames` it.
    """
    if isinstance(patch, Mapping):
        if patch.get(_DELETED) == "delete":
            return None
        kept = {key: value for key, value in patch.items() if key not in {"apiVersion", "kind", "metadata"}}
        name = (name_of(patch) if renames else "") or name_of(document)
        return merge_values(document, {**kept, "metadata": {**_labels(patch), "name": name}})
    made: dict[int, Json] = {}
    for operation in map(as_object, as_list(patch)):
        document = as_object(_operated(document, operation, made))
    return document


def name_of(document: JsonObject) -> str:
    """The name of an object."""
    return as_text(as_object(document.get("metadata")).get("name"))


def _labels(patch: JsonObject) -> dict[str, Json]:
    """What a patch says of an object's labels and annotations."""
    metadata = as_object(patch.get("metadata"))
    return {key: metadata[key] for key in ("labels", "annotations") if isinstance(metadata.get(key), dict)}


def _operated(document: JsonObject, operation: JsonObject, made: dict[int, Json]) -> JsonObject:
    """The object after one operation of a JSON patch; others than add, replace and remove change nothing."""
    pointer, kind = as_text(operation.get("path")), as_text(operation.get("op"))
    if not pointer.startswith("/") or kind not in {"add", "replace", "remove"}:
        return document
    keys = [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/", _MOST_KEYS)]
    return as_object(_set(document, keys, operation.get("value"), made, remove=kind == "remove"))


def _set(value: Json, keys: Sequence[str], new: Json, made: dict[int, Json], *, remove: bool) -> Json:
    """The value with what is at the keys replaced or removed; `made` are the copies that it changes in place, by id.

    Whatever else there is belongs to other objects, too, and is copied first: many operations copy a list once.
    """
    if not keys:
        return new
    key, rest = keys[0], keys[1:]
    if isinstance(value, dict):
        if rest and key not in value:
            return value
        changed = value if id(value) in made else dict(value)
        made[id(changed)] = changed
        if remove and not rest:
            changed.pop(key, None)
        else:
            changed[key] = _set(value.get(key), rest, new, made, remove=remove)
        return changed
    number = int(key) if key.isdigit() and len(key) < 6 else None
    if isinstance(value, list) and (
        (key == "-" and not rest and not remove) or (number is not None and number < len(value))
    ):
        items = value if id(value) in made else [*value]
        made[id(items)] = items
        if number is None:
            items.append(new)
        elif remove and not rest:
            del items[number]
        else:
            items[number] = _set(items[number], rest, new, made, remove=remove)
        return items
    return value


@dataclass(frozen=True, slots=True)
class Target:
    """What a patch is for. Empty parts fit all; others are patterns of Go, of which alternatives and `.*` are read.

    The name in a patch itself is taken as it is: it `is_literal`.
    """

    kind: str = ""
    name: str = ""
    namespace: str = ""
    group: str = ""
    labels: str = ""
    annotations: str = ""
    is_literal: bool = False

    @classmethod
    def of(cls, target: JsonObject) -> Target:
        """A patch's `target`."""
        keys = ("kind", "name", "namespace", "group", "labelSelector", "annotationSelector")
        kind, name, namespace, group, labels, annotations = (as_text(target.get(key)) for key in keys)
        return cls(kind, name, namespace, group, labels, annotations)

    @classmethod
    def of_patch(cls, patch: JsonObject) -> Target:
        """What a patch without one is for: the object that it names."""
        metadata = as_object(patch.get("metadata"))
        group = as_text(patch.get("apiVersion")).rpartition("/")[0]
        name, namespace = as_text(metadata.get("name")), as_text(metadata.get("namespace"))
        return cls(as_text(patch.get("kind")), name, namespace, group, is_literal=bool(patch))

    @property
    def only_name(self) -> str:
        """The one name that its objects have had; empty where they may have others."""
        is_one = self.is_literal or (_PLAIN.fullmatch(self.name) and "\\" not in self.name)
        return self.name if is_one else ""

    def fits(
        self, document: JsonObject, names: Sequence[str], namespace: str, *, is_labelled: bool = False
    ) -> bool | None:
        """Whether an object, which has had these names and this namespace, is one of its objects.

        None where nobody can tell: a pattern or a selector of another form, or one by labels and annotations of an
        object that `is_labelled`: a kustomization has added some, which aren't in its document.
        """
        metadata = as_object(document.get("metadata"))
        group = as_text(document.get("apiVersion")).rpartition("/")[0]
        verdicts = (
            _matches(self.kind, (as_text(document.get("kind")),)),
            self.name in ("", *names) if self.is_literal else _matches(self.name, names),
            _matches(self.group, (group,)),
            not namespace or _matches(self.namespace, (namespace,)),
            _selects(self.labels, as_object(metadata.get("labels")), is_labelled=is_labelled),
            _selects(self.annotations, as_object(metadata.get("annotations")), is_labelled=is_labelled),
        )
        return False if False in verdicts else None if None in verdicts else True


_ALL = Target()


@dataclass(frozen=True, slots=True)
class Change:
    """One document of a patch: what it is for, what it says, and where it is written; or a patch that `is_unread`.

    One that `renames` may change the name of its object.
    """

    target: Target
    said: Json
    written: Written
    is_unread: bool = False
    renames: bool = False

    @property
    def size(self) -> int:
        """How many changes it makes of an object."""
        return len(self.said) if isinstance(self.said, list) else 1


class Changes:
    """The documents of patches, in the order in which they apply; those for one name are found by it."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._changes = tuple(each for each in changes if each.is_unread or each.target != _ALL)
        self._others: list[int] = []
        self._named: dict[str, list[int]] = defaultdict(list)
        for number, each in enumerate(self._changes):
            name = each.target.only_name
            (self._named[name] if name else self._others).append(number)

    def __len__(self) -> int:
        return len(self._changes)

    def perhaps_of(self, names: Iterable[str]) -> Sequence[Change]:
        """Those that may be for an object which has had these names."""
        if not self._changes:
            return ()
        named = (number for name in set(names) for number in self._named.get(name, ()))
        return [self._changes[number] for number in sorted((*self._others, *named))]


def _matches(pattern: str, texts: Sequence[str]) -> bool | None:
    """Whether one of the texts is meant, by a plain one, alternatives, and `.*`; None for a pattern of another form.

    The pattern is a stranger's: it is never compiled.
    """
    if not pattern or pattern in texts:
        return True
    bare = pattern.removeprefix("^").removesuffix("$")
    group = _GROUP.fullmatch(bare)
    alternatives = [f"{group[1]}{each}{group[3]}" for each in group[2].split("|")] if group else bare.split("|")
    is_read = True
    for alternative in alternatives:
        parts = alternative.split(_WILDCARD)
        if all(not part or _PLAIN.fullmatch(part) for part in (part.strip("-_.") for part in parts)):
            plain = [part.replace("\\.", ".") for part in parts]
            if any(_fits(plain, text) for text in texts):
                return True
        elif not _ALTERNATIVES.isdisjoint(alternative) or any(
            text.startswith(_start_of(alternative)) for text in texts
        ):
            is_read = False
    return False if is_read else None


def _start_of(pattern: str) -> str:
    """The characters with which all texts begin that a pattern without alternatives fits."""
    plain = _START.match(pattern)
    start = plain[0] if plain else ""
    return start[:-1] if pattern[len(start) : len(start) + 1] in ("?", "*", "{") else start


def _fits(parts: Sequence[str], text: str) -> bool:
    """Whether a text consists of these parts, in their order, with anything between them."""
    first, *others = parts
    if not others:
        return text == first
    if not text.startswith(first) or len(text) < len(first) + len(others[-1]) or not text.endswith(others[-1]):
        return False
    at, end = len(first), len(text) - len(others[-1])
    for part in others[:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _selects(selector: str, labels: JsonObject, *, is_labelled: bool) -> bool | None:
    """Whether labels have what a selector asks for, by `=` and `!=`; None for one of another form.

    Where there are other labels besides, a label is only known to be there.
    """
    is_known = True
    for requirement in selector.split(",") if selector else ():
        found = _SELECTOR.fullmatch(requirement)
        is_there = found is not None and as_text(labels.get(found[1])) == found[3]
        if found is None or (is_labelled and (found[2] == "!=" or not is_there)):
            is_known = False
        elif is_there == (found[2] == "!="):
            return False
    return True if is_known else None
