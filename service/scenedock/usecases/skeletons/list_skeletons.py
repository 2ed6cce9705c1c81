"""List the skeletons that may be baked, and show what one asks."""

from __future__ import annotations

from scenedock.effects.skeletons.library import OpenedSkeleton, SkeletonLibrary
from scenedock.model.json import JsonObject
from scenedock.skeletons.questions.schema import questions_schema
from scenedock.skeletons.sources import SkeletonSource
from scenedock.usecases.skeletons.bake_skeleton import choose


def list_skeletons(library: SkeletonLibrary) -> list[SkeletonSource]:
    """Every skeleton that may be baked, sorted by name; nothing is fetched."""
    return library.all()


def show_skeleton(opened: OpenedSkeleton, answers: JsonObject) -> JsonObject:
    """The JSON Schema of what a skeleton asks.

    One that offers nested skeletons asks which; with that in `answers`, it is the schema of the nested one.

    Raises
    ------
    AnswersError    an answer names no nested skeleton
    SkeletonError   the skeleton can't be used
    """
    compiled = opened.compiled
    if answers:
        compiled = choose(compiled, answers).chain[-1]
    return questions_schema(compiled.questions, compiled.is_code)
