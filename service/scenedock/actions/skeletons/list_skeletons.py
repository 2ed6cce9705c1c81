"""`scenedock:list-skeletons`: what can be baked, and what it asks."""

from __future__ import annotations

from typing import Annotated

from pydantic import JsonValue

from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, Model, action
from scenedock.skeletons.sources import SkeletonSource
from scenedock.usecases.skeletons.list_skeletons import list_skeletons, show_skeleton


class Input(Model):
    """Which skeletons are wanted."""

    name: Annotated[str | None, "Name of one skeleton, whose questions are wanted; without it, all are listed"] = None
    answers: Annotated[
        dict[str, JsonValue] | None, "Where the skeleton offers nested ones: the answers that choose among them"
    ] = None


class SkeletonOutput(Model):
    """One skeleton."""

    name: Annotated[str, "What it is called when baked"]
    git: Annotated[str, "Repository that it comes from; empty for one on the service's own disk"]
    ref: Annotated[str, "Tag, branch or commit that is baked"]
    directory: Annotated[str, "Its folder in the repository"]
    allowed: Annotated[tuple[str, ...], "What it may do beyond rendering, in a confined process"]

    @classmethod
    def of(cls, source: SkeletonSource) -> SkeletonOutput:
        """The skeleton as the action tells it."""
        allowed = tuple(sorted(source.allow))
        return cls(name=source.name, git=source.git, ref=source.ref, directory=source.directory, allowed=allowed)


class Output(Model):
    """What there is."""

    skeletons: Annotated[tuple[SkeletonOutput, ...], "Sorted by name"]
    questions: Annotated[dict[str, JsonValue] | None, "JSON Schema of what the named skeleton asks"]


EXAMPLES = [
    Example("All skeletons", {}),
    Example("What one of them asks", {"name": "microservice-python"}),
]


@action("list-skeletons", read_only=True, idempotent=True, examples=EXAMPLES)
def list_skeletons_action(context: Context[Effects], request: Input) -> Output:
    """List the skeletons that can be baked, or show what one of them asks.

    Raises
    ------
    NotFoundError    there is no skeleton of this name
    SkeletonError    it can't be used
    TemporaryError   its repository can't be reached
    """
    library = context.effects.skeletons
    listed = list_skeletons(library)
    if request.name is None:
        return Output(skeletons=tuple(map(SkeletonOutput.of, listed)), questions=None)
    questions = show_skeleton(library, request.name, request.answers or {})
    named = tuple(SkeletonOutput.of(source) for source in listed if source.name == request.name)
    return Output.model_validate({"skeletons": named, "questions": dict(questions)}, by_name=True)
