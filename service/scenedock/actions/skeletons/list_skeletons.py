"""`scenedock:list-skeletons`: list the skeletons that can be baked, and their questions."""

from __future__ import annotations

from typing import Annotated

from pydantic import JsonValue

from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model
from scenedock.skeletons.sources import SkeletonSource


class Input(Model):
    """The skeletons to list."""

    name: Annotated[str | None, "Name of one skeleton, to get its questions; by default, all skeletons are listed"] = (
        None
    )
    answers: Annotated[
        dict[str, JsonValue] | None, "If the skeleton offers nested skeletons: the answers that choose one"
    ] = None


class SkeletonOutput(Model):
    """One skeleton."""

    name: Annotated[str, "Name to bake it by"]
    purpose: Annotated[str, "What it bakes, in one line; empty if neither the list nor the skeleton says it"]
    git: Annotated[str, "Repository that it comes from; empty for a skeleton on the service's own disk"]
    ref: Annotated[str, "Tag, branch or commit that is baked"]
    directory: Annotated[str, "Its folder in the repository"]
    allowed: Annotated[tuple[str, ...], "What it may do besides rendering, in a sandboxed process"]

    @classmethod
    def of(cls, source: SkeletonSource) -> SkeletonOutput:
        """The output for a skeleton."""
        allowed = tuple(sorted(source.allow))
        return cls(
            name=source.name,
            purpose=source.purpose,
            git=source.git,
            ref=source.ref,
            directory=source.directory,
            allowed=allowed,
        )


class Output(Model):
    """The skeletons, or the questions of one."""

    skeletons: Annotated[tuple[SkeletonOutput, ...], "Sorted by name"]
    questions: Annotated[dict[str, JsonValue] | None, "JSON Schema of the named skeleton's questions"]


EXAMPLES = [
    Example("All skeletons", {}),
    Example("The questions of one skeleton", {"name": "microservice-python"}),
]


@action("list-skeletons", read_only=True, idempotent=True, examples=EXAMPLES)
def list_skeletons_action(context: Context[Effects], request: Input) -> Output:
    """List the skeletons that can be baked, or the questions of one of them.

    Raises
    ------
    NotFoundError    there is no skeleton of this name
    SkeletonError    the skeleton can't be used
    TemporaryError   its repository can't be reached
    """
    from scenedock.usecases.skeletons.list_skeletons import list_skeletons, show_skeleton

    library = context.effects.skeletons
    listed = list_skeletons(library)
    if request.name is None:
        return Output(skeletons=tuple(map(SkeletonOutput.of, listed)), questions=None)
    questions = show_skeleton(library, request.name, request.answers or {})
    named = tuple(SkeletonOutput.of(source) for source in listed if source.name == request.name)
    return Output.model_validate({"skeletons": named, "questions": dict(questions)}, by_name=True)
