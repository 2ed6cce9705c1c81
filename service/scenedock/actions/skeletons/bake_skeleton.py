"""`scenedock:bake-skeleton`: a new project from a skeleton and answers, as a folder that can be fetched."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, Model, Sensitive, TaskInput, action
from scenedock.usecases.skeletons.bake_skeleton import BakeRequest, bake_skeleton


class Input(TaskInput):
    """What to bake."""

    skeleton: Annotated[str, "Name of the skeleton, as `list-skeletons` has it"]
    answers: Annotated[
        dict[str, JsonValue],
        "Answers by question; a question without one takes its default",
        Field(default_factory=dict),
    ]
    secret_answers: Annotated[
        dict[str, JsonValue],
        "Answers to questions that ask for a secret; they are kept out of logs and of what is stored of the task",
        Sensitive(),
        Field(default_factory=dict),
    ]


class Output(Model):
    """The project."""

    name: Annotated[str, "The project's folder, as the skeleton calls it"]
    files: Annotated[tuple[str, ...], "All files, relative to the project's folder, sorted"]
    folder: Annotated[str, "Name under which the service keeps the result for a while"]
    url: Annotated[
        str | None, "Address for `fetch:plain`, valid for a while; null where the service has no port for folders"
    ]


EXAMPLES = [
    Example(
        "A Python microservice",
        {
            "skeleton": "microservice-python",
            "answers": {"name": "billing", "description": "Bills what was bought", "owner": "group:default/payments"},
        },
    )
]


@action("bake-skeleton", idempotent=True, examples=EXAMPLES)
def bake_skeleton_action(context: Context[Effects], request: Input) -> Output:
    """Bake a skeleton with answers into the files of a new project.

    The result is kept as a folder. In a Template, `fetch:plain` of the output `url` puts it into the task's workspace,
    from where any `publish:` action takes it on.

    Raises
    ------
    NotFoundError     there is no skeleton of this name
    AnswersError      one or more answers are wrong; all are named
    InputError        a secret is among the answers that aren't secret
    SkeletonError     the skeleton can't be baked
    NotAllowedError   it has code of its own that it isn't allowed to run
    """
    effects = context.effects
    answers = {**request.answers, **request.secret_answers}
    bake = BakeRequest(request.skeleton, answers, logged=request.answers)
    tree, folder = bake_skeleton(effects.skeletons, effects.bakes, bake, effects.results.keep)
    context.log(f"baked {request.skeleton} into {len(tree.files)} files of {tree.root}")
    return Output(
        name=tree.root,
        files=tuple(file.path.removeprefix(f"{tree.root}/") for file in tree.files),
        folder=folder,
        url=effects.results.url(folder),
    )
