"""Compare what is rendered before and after a change, or in two environments; what is equal isn't rendered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from scenedock.manifests.comparing import compare
from scenedock.manifests.difference import ManifestDiff, NewProblems
from scenedock.manifests.rendered import Rendered
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, replace
from scenedock.usecases.manifests.rendering import Printed, TargetRenderer
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import Target

_DOCUMENT_END: Final = re.compile(rb"^---[ \t]*(?:#.*)?\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Compared:
    """A target on both sides of a comparison; None where it isn't there."""

    before: Target | None
    after: Target | None


def compare_targets(before: State, after: State, asked: Sequence[Compared], renderer: TargetRenderer) -> ManifestDiff:
    """The difference of some targets, rendered on both sides; with schemas among the tools, also what it breaks.

    Raises
    ------
    NotAllowedError   this machine can't sandbox a process
    """
    sides = [(before, each.before) for each in asked], [(after, each.after) for each in asked]
    wanted = [(state, target) for side in sides for state, target in side if target]
    printed = iter(renderer.print_all(wanted))
    old, new = ([next(printed) if target else None for _, target in side] for side in sides)
    rendered: tuple[list[Rendered], list[Rendered]] = [], []
    for one, other in zip(old, new, strict=True):
        both = (one, other)
        if one and other and not (one.reason or other.reason):
            both = _without_equal(one, other)
        for side, each in zip(rendered, both, strict=True):
            side.extend([each.rendered()] if each else [])
    found = compare(*rendered)
    return replace(found, validation=_validated(old, new, *renderer.tools.schemas)) if renderer.tools.schemas else found


def _validated(
    old: Sequence[Printed | None], new: Sequence[Printed | None], version: str, definitions: JsonObject
) -> NewProblems:
    from scenedock.manifests.validation import new_problems

    before, after = ([each.rendered() for each in side if each] for side in (old, new))
    return new_problems(before, after, version, definitions)


def _without_equal(one: Printed, other: Printed) -> tuple[Printed, Printed]:
    """Both without the documents that have the same bytes: most have, and to read them costs as much as helm."""
    documents = Counter(_documents(one.texts)), Counter(_documents(other.texts))
    left = documents[0] - documents[1], documents[1] - documents[0]
    kept = [b"\n---\n".join(each.elements()) for each in left]
    return replace(one, texts=(kept[0],)), replace(other, texts=(kept[1],))


def _documents(texts: Iterable[bytes]) -> list[bytes]:
    return [each for text in texts for part in _DOCUMENT_END.split(text) if (each := part.strip())]
