"""Bake a skeleton with answers into files in memory."""

from __future__ import annotations

from dataclasses import dataclass

from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.skeletons.library import OpenedSkeleton
from scenedock.model.json import JsonObject
from scenedock.skeletons.problems import AnswersError, Problem, SkeletonError
from scenedock.skeletons.rendering.bake import Surroundings, bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.needs import needs_of
from scenedock.skeletons.rendering.output import BakedTree
from scenedock.skeletons.rendering.provenance import with_provenance
from scenedock.skeletons.sandbox.metering import Limits

DEEPEST_NESTING = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """The skeleton to bake after nested ones were chosen: it, those around it, and their folders, outermost first."""

    chain: tuple[CompiledSkeleton, ...]
    folders: tuple[str, ...]
    chosen: JsonObject
    """The answers that chose it."""
    rest: JsonObject
    """The answers to its own questions."""


def bake_skeleton(
    opened: OpenedSkeleton,
    answers: JsonObject,
    confined: ConfinedBakes,
    limits: Limits = Limits(),  # noqa: B008  # frozen
    output_dir: str = ".",
) -> BakedTree:
    """The files of the result, the provenance file among them; nothing is written.

    `output_dir` is what templates see as `_output_dir`.

    Raises
    ------
    AnswersError      one or more answers are wrong
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
        tree, values = confined.bake(outermost, choice.folders, choice.rest, surroundings, opened.allow, limits)
    else:
        tree, mixed = bake(choice.chain[-1], choice.rest, surroundings, limits)
        values = mixed.values
    return with_provenance(tree, opened.provenance, {**choice.chosen, **values})


def choose(compiled: CompiledSkeleton, answers: JsonObject) -> Choice:
    """Follow the answers through nested skeletons; without an answer the first one offered is taken.

    Raises
    ------
    AnswersError    an answer names no nested skeleton
    SkeletonError   what is offered isn't there, or is nested too deep
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
            raise AnswersError([Problem(name, f"{chosen[name]!r} is not one of {', '.join(offered)}")])
        folder = offered[chosen[name]]
        chain.append(chain[-1].nested(folder))
        folders.append("/".join(filter(None, (folders[-1], folder.strip("/").removeprefix("./")))))
    return Choice(tuple(chain), tuple(folders), chosen, rest)
