"""List the skeletons that can be baked, and show the questions of one."""

from __future__ import annotations

from pathlib import Path

from scenedock.effects.skeletons.library import SkeletonLibrary
from scenedock.model.json import JsonObject
from scenedock.skeletons.questions.answers import check_answers
from scenedock.skeletons.questions.schema import questions_schema
from scenedock.skeletons.sources import SkeletonSource
from scenedock.structs import replace
from scenedock.usecases.skeletons.bake_skeleton import choose


def list_skeletons(library: SkeletonLibrary) -> list[SkeletonSource]:
    """Every skeleton that can be baked with its purpose, sorted by name; nothing is fetched."""
    return [replace(source, purpose=library.purpose(source)) for source in library.all()]


def show_skeleton(library: SkeletonLibrary, skeleton: str | Path, answers: JsonObject) -> JsonObject:
    """The JSON Schema of a skeleton's questions: one of the library by its name, or one in a folder by its path.

    A skeleton with nested ones asks which; if `answers` has that answer, it is the schema of the nested skeleton.

    Raises
    ------
    NotFoundError    there is no such skeleton
    AnswersError     an answer is not the name of a nested skeleton
    SkeletonError    the skeleton can't be used
    TemporaryError   its repository can't be reached
    """
    compiled = library.open(skeleton).compiled
    if answers:
        compiled = choose(compiled, answers).chain[-1]
    return questions_schema(compiled.questions, compiled.is_code)


def nested_choices(library: SkeletonLibrary, skeleton: str, answers: JsonObject) -> JsonObject:
    """Those of some answers that choose a nested skeleton.

    Raises
    ------
    AnswersError, NotFoundError, SkeletonError, TemporaryError   as `show_skeleton` does
    """
    chosen = choose(library.open(skeleton).compiled, answers).chosen if answers else {}
    return {name: answers[name] for name in chosen if name in answers}


def check_skeleton_answers(library: SkeletonLibrary, skeleton: str, answers: JsonObject) -> None:
    """Check answers as baking the skeleton would, before anything is baked.

    Raises
    ------
    AnswersError     one or more answers are invalid
    NotFoundError, SkeletonError, TemporaryError   as `show_skeleton` does
    """
    choice = choose(library.open(skeleton).compiled, answers)
    chosen = choice.chain[-1]
    check_answers(chosen.questions, choice.rest, chosen.is_code)
