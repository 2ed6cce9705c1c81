"""`scenedock:bake-skeleton`: bake a new project from a skeleton and answers, as a folder to fetch."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field, JsonValue

from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, Sensitive, action
from scenedock.model.json_documents import Model, TaskInput


class Input(TaskInput):
    """The skeleton to bake, and the answers."""

    skeleton: Annotated[str, "Name of the skeleton, as `list-skeletons` returns it"]
    answers: Annotated[
        dict[str, JsonValue],
        "Answers by question; a question without an answer uses its default",
        Field(default_factory=dict),
    ]
    secret_answers: Annotated[
        dict[str, JsonValue],
        "Answers to questions that ask for a secret; they are kept out of logs and stored tasks",
        Sensitive(),
        Field(default_factory=dict),
    ]


class Output(Model):
    """The project."""

    name: Annotated[str, "Name of the project's folder, as the skeleton defines it"]
    files: Annotated[tuple[str, ...], "All files, relative to the project's folder, sorted"]
    folder: Annotated[str, "Name of the result folder, which is kept as long as a task that names it"]
    url: Annotated[
        str | None, "Address for `fetch:plain`, valid for a limited time; null if the service has no port for folders"
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


@action("bake-skeleton", idempotent=True, dry_run=True, examples=EXAMPLES)
def bake_skeleton_action(context: Context[Effects], request: Input) -> Output:
    """Bake a skeleton with answers into the files of a new project.

    The result is kept as a folder. In a Template, `fetch:plain` copies it from the output `url` into the task's
    workspace, where any `publish:` action can use it. The template editor's dry run bakes, too.

    Raises
    ------
    NotFoundError     there is no skeleton of this name
    AnswersError      one or more answers are invalid; the message names them all
    InputError        the answer to a question for a secret is in `answers`, not in `secretAnswers`
    SkeletonError     the skeleton can't be baked
    NotAllowedError   the skeleton has code of its own that it isn't allowed to run
    InputError        the project is larger than SCENEDOCK_FOLDERS_BYTES
    """
    from scenedock.usecases.skeletons.bake_skeleton import BakeRequest, bake_skeleton

    effects = context.effects
    answers = {**request.answers, **request.secret_answers}
    bake = BakeRequest(request.skeleton, answers, logged=request.answers)
    keep = partial(effects.results.keep, task_id=context.task_id)
    tree, folder = bake_skeleton(effects.skeletons, effects.bakes, bake, keep)
    context.log(f"baked {request.skeleton} into {len(tree.files)} files of {tree.root}")
    return Output(
        name=tree.root,
        files=tuple(file.path.removeprefix(f"{tree.root}/") for file in tree.files),
        folder=folder,
        url=effects.results.url(folder),
    )
