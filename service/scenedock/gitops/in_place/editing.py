"""Edit one text: plan the pieces, replace them, read the result again, and prove that nothing else has changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeAlias

from yaml import YAMLError

from scenedock.documents.reading import HELM, DocumentError, read_documents
from scenedock.errors import InputError
from scenedock.gitops.in_place.documents import index_of
from scenedock.gitops.in_place.finding import Found, Source, find, missing
from scenedock.gitops.in_place.nodes import Part, parts_of
from scenedock.gitops.in_place.paths import Steps, located, shown
from scenedock.gitops.in_place.proving import Change, are_alike, is_only_change
from scenedock.gitops.in_place.replacing import Splice, lifted, spliced
from scenedock.model.json import Json
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    """A text, the document of it that an edit is about, and the path in this."""

    text: str
    parts: Sequence[Part]
    index: int
    steps: Steps
    source: Source

    @property
    def part(self) -> Part:
        """The document."""
        return self.parts[self.index]

    def find(self) -> Found:
        """What the path names; it may name nothing.

        Raises
        ------
        InputError   it leads through an alias, or the document is empty
        """
        root = self.part.root
        if root is None:
            raise InputError(f"{self.source.at(1)}: there is no {shown(self.steps)!r}: the file is empty")
        return find(root, self.steps, self.source)

    def existing(self) -> Found:
        """What the path names.

        Raises
        ------
        InputError   it names nothing, with what was probably meant, or it leads through an alias
        """
        found = self.find()
        if found.missing and self.part.root:
            raise missing(found, self.steps, self.part.root, self.parts, self.source)
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """Pieces to replace, what they change, and, if `is_there` then, the value that is read at `steps` afterwards."""

    splices: Sequence[Splice]
    change: Change
    steps: Steps
    wanted: Json = None
    is_there: bool = True


Operation: TypeAlias = Callable[[Scene], Plan]


def scene_of(text: str, steps: Steps, document: int | str | None, source: Source) -> Scene:
    """The scene of an edit.

    Raises
    ------
    InputError   it isn't YAML, or has no such document
    """
    try:
        read_documents(text.encode(), meaning=HELM)
        parts = parts_of(text)
    except DocumentError as error:
        raise InputError(f"{source.at(error.line or 1)}:{error.column or 1}: {error}") from None
    except YAMLError:
        raise InputError(f"{source.at(1)}: the file can't be edited in place") from None
    return Scene(text, parts, index_of(parts, document, source.file), steps, source)


def planned(
    text: str, texts: Sequence[Steps], document: int | str | None, source: Source, operation: Operation
) -> Sequence[Splice]:
    """The pieces by which an operation changes a text, or a text inside of it; proven.

    Raises
    ------
    InputError   it can't be done, or not without changing something else
    """
    scene = scene_of(text, texts[0], document, source)
    if len(texts) == 1:
        plan = operation(scene)
    else:
        found = scene.existing()
        block = inner_text(scene, found)
        inner = planned(block, texts[1:], None, Source(source.file, source.line(found.node.line)), operation)
        try:
            splices = lifted(inner, text, found.node)
        except ValueError:
            splices = []
        plan = Plan(splices, Change("set", found.where), scene.steps, spliced(block, inner))
    if not _is_proven(scene, plan):
        line = scene.find().node.line if scene.part.root else 1
        raise InputError(
            f"{source.at(line)}: {shown(scene.steps)} can't be {plan.change.how} without changing something else; edit "
            f"it by hand"
        )
    return plan.splices


def inner_text(scene: Scene, found: Found) -> str:
    """The text of a block that is YAML itself.

    Raises
    ------
    InputError   it isn't the text of a literal block
    """
    if found.node.style != "|" or not found.node.value:
        raise InputError(
            f"{scene.source.at(found.node.line)}: {shown(scene.steps)} is no text in lines below `|`, so nothing in it "
            "can be edited in place"
        )
    return found.node.value


def _is_proven(scene: Scene, plan: Plan) -> bool:
    text = spliced(scene.text, plan.splices)
    try:
        after = scene_of(text, plan.steps, scene.index + 1, scene.source)
    except InputError:
        return False
    if len(after.parts) != len(scene.parts):
        return False
    for at, (old, new) in enumerate(zip(scene.parts, after.parts, strict=True)):
        if at != scene.index and not are_alike(old.root, new.root):
            return False
    if not is_only_change(scene.part.root, after.part.root, plan.change):
        return False
    return not plan.is_there or same(value_of(after), plan.wanted)


def value_of(scene: Scene) -> Json:
    """What Helm reads at the path; None if there is nothing."""
    value = document_values(scene)[scene.index]
    where = located(value, scene.steps)
    if where is None:
        return None
    for at in where:
        value = value[at]  # type: ignore[index]
    return value


def document_values(scene: Scene) -> list[Json]:
    """What Helm reads in each document."""
    values = iter(read_documents(scene.text.encode(), meaning=HELM))
    read: list[Json] = []
    for part in scene.parts:
        document = next(values, None) if part.root is not None and not part.root.is_null else None
        read.append(document.value if document else None)
    return read


def same(one: Json, other: Json) -> bool:
    """Whether two values are equal, with `1`, `1.0`, `true` and `"1"` told apart."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
