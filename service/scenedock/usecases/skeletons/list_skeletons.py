"""List the skeletons that may be baked, and show what one asks."""

from __future__ import annotations

from pathlib import Path

from scenedock.effects.skeletons.library import SkeletonLibrary
from scenedock.model.json import JsonObject
from scenedock.skeletons.questions.schema import questions_schema
from scenedock.skeletons.sources import SkeletonSource
from scenedock.usecases.skeletons.bake_skeleton import choose


def list_skeletons(library: SkeletonLibrary) -> list[SkeletonSource]:
    """Every skeleton that may be baked, sorted by name; nothing is fetched."""
    return library.all()


def show_skeleton(library: SkeletonLibrary, skeleton: str | Path, answers: JsonObject) -> JsonObject:
    """The JSON Schema of what a skeleton asks: one of the library by its name, or one in a folder by its path.

    One that offers nested skeletons asks which; with that in `answers`, it is the schema of the nested one.

    Raises
    ------
    NotFoundError    there is no such skeleton
    AnswersError     an answer names no nested skeleton
    SkeletonError    the skeleton can't be used
    TemporaryError   its repository can't be reached
    """
    compiled = library.open(skeleton).compiled
    if answers:
        compiled = choose(compiled, answers).chain[-1]
    return questions_schema(compiled.questions, compiled.is_code)
