"""Bake a skeleton with answers into a new project."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.skeletons.library import OpenedSkeleton, SkeletonLibrary
from scenedock.errors import InputError
from scenedock.model.json import JsonObject
from scenedock.skeletons.problems import AnswerProblem, AnswersError, SkeletonError
from scenedock.skeletons.questions.answers import typed_answer
from scenedock.skeletons.rendering.bake import Surroundings, bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.needs import needs_of
from scenedock.skeletons.rendering.output import BakedTree
from scenedock.skeletons.rendering.provenance import Values, with_provenance
from scenedock.skeletons.sandbox.metering import BakeLimits
from scenedock.structs import dataclass, field

DEEPEST_NESTING = 5

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class BakeRequest:
    """A bake to do: `skeleton` is the name of one in the library, or the path of a folder.

    `typed` are answers as a person types them, in text; they take precedence over `answers`. `logged` are the names of
    answers that are also logged, so that they must not be secrets.
    """

    skeleton: str | Path
    answers: JsonObject
    typed: Mapping[str, str] = field(default_factory=dict)
    logged: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The skeleton to bake after nested ones were chosen, those around it, and their folders, outermost first."""

    chain: tuple[CompiledSkeleton, ...]
    folders: tuple[str, ...]
    chosen: JsonObject
    """The answers that chose it."""
    rest: JsonObject
    """The answers to its own questions."""


def bake_skeleton(
    library: SkeletonLibrary,
    confined: ConfinedBakes,
    request: BakeRequest,
    keep: Callable[[BakedTree], Kept],
    output_dir: str = ".",
) -> tuple[BakedTree, Kept]:
    """Bake a skeleton and keep the project with `keep`; return the project and what `keep` returned.

    `output_dir` is what templates see as `_output_dir`.

    Raises
    ------
    NotFoundError     there is no such skeleton
    AnswersError      one or more answers are invalid
    InputError        a secret is among the answers that are logged, or a typed answer has to be JSON and isn't
    SkeletonError     the skeleton can't be baked
    NotAllowedError   the skeleton has code of its own that it isn't allowed to run
    TemporaryError    its repository can't be reached
    """
    opened = library.open(request.skeleton)
    chain = choose(opened.compiled, {**request.answers, **request.typed}).chain
    asked = [question for each in chain for question in each.questions.questions.values()]
    if secrets := sorted({each.name for each in asked if each.secret} & set(request.logged)):
        raise InputError(f"{', '.join(secrets)}: a secret; move it to `secretAnswers`, which is never logged")
    by_name = {each.name: each for each in asked}
    typed = {name: typed_answer(by_name.get(name), name, text) for name, text in request.typed.items()}
    tree = bake_opened(opened, {**request.answers, **typed}, confined, output_dir)
    return tree, keep(tree)


def bake_opened(
    opened: OpenedSkeleton, answers: JsonObject, confined: ConfinedBakes, output_dir: str = "."
) -> BakedTree:
    """The files of the result, including the provenance file; nothing is written.

    Raises
    ------
    AnswersError      one or more answers are invalid
    SkeletonError     the skeleton can't be baked
    NotAllowedError   the skeleton has code of its own that it isn't allowed to run
    """
    choice = choose(opened.compiled, answers)
    needs = needs_of(choice.chain)
    needs.check(opened.provenance.skeleton, opened.allow)
    surroundings = Surroundings(
        template="/".join(filter(None, (opened.template, choice.folders[-1]))),
        checkout=opened.provenance.ref or None,
        repo_dir="/".join(filter(None, (opened.repo_dir, choice.folders[-1]))),
        output_dir=output_dir,
    )
    if needs:
        outermost = choice.chain[0].skeleton
        tree, values = confined.bake(outermost, choice.folders, choice.rest, surroundings, opened.allow, BakeLimits())
    else:
        tree, mixed = bake(choice.chain[-1], choice.rest, surroundings)
        values = mixed.values
        choice.chain[-1].code.keep()
    return with_provenance(tree, opened.provenance, _recorded(choice, values))


def _recorded(choice: Choice, values: JsonObject) -> Values:
    """The values for the provenance file: of an object only what was answered, as its other keys are defaults."""
    given = choice.rest
    answers = {name: given[name] if isinstance(given[name], dict) else values[name] for name in values if name in given}
    return Values(
        answers={**choice.chosen, **answers},
        computed={name: value for name, value in values.items() if name not in given},
        withheld=tuple(name for name in given if name not in values),
    )


def choose(compiled: CompiledSkeleton, answers: JsonObject) -> Choice:
    """Follow the answers through nested skeletons; without an answer, the first one offered is used.

    Raises
    ------
    AnswersError    an answer is not the name of a nested skeleton
    SkeletonError   a nested skeleton doesn't exist, or is nested too deep
    """
    chain = [compiled]
    folders = [""]
    chosen: dict[str, str] = {}
    rest = dict(answers)
    while name := chain[-1].questions.nested_question:
        if len(chain) > DEEPEST_NESTING:
            raise SkeletonError(f"{compiled.skeleton.label}: skeletons are nested more than {DEEPEST_NESTING} deep")
        offered = chain[-1].questions.nested
        chosen[name] = str(rest.pop(name, next(iter(offered))))
        if chosen[name] not in offered:
            raise AnswersError([AnswerProblem(name, f"{chosen[name]!r} is not one of {', '.join(offered)}")])
        folder = offered[chosen[name]]
        chain.append(chain[-1].nested(folder))
        folders.append("/".join(filter(None, (folders[-1], folder.strip("/").removeprefix("./")))))
    return Choice(tuple(chain), tuple(folders), chosen, rest)
