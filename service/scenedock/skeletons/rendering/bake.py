"""Render a skeleton with answers to files in memory.

Paths, bytes and modes are the same as cookiecutter 2.7.1 writes for the same answers; the differences, and the reasons,
are in docs/decisions/0005-own-rendering.md.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scenedock.model.json import JsonObject
from scenedock.model.tasks.right_of_way import RIGHT_OF_WAY
from scenedock.skeletons.problems import AnswerProblem, AnswersError, SkeletonError
from scenedock.skeletons.questions.answers import Answers, check_answers
from scenedock.skeletons.questions.questions import line_of, secret_variables
from scenedock.skeletons.questions.variables import resolve_variables
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.output import BakedTree, OutputFolder, OutputPathError, contained
from scenedock.skeletons.rendering.plan import CopyFile, CopyFolder, MakeFolder, RenderStep
from scenedock.skeletons.sandbox.metering import BakeBudget, BakeLimits, metered
from scenedock.skeletons.skeleton import QUESTIONS_FILE
from scenedock.structs import dataclass

HIDDEN = "•••"
"""Replaces a secret answer in an error message."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What cookiecutter tells templates about itself, as `_template`, `_checkout`, `_repo_dir` and `_output_dir`."""

    template: str = "."
    checkout: str | None = None
    repo_dir: str = "."
    output_dir: str = "."


@dataclass(frozen=True, slots=True)
class Mix:
    """A skeleton with its answers, ready to render. `context` is what templates see; it is used for one bake only."""

    compiled: CompiledSkeleton
    answers: Answers
    context: Mapping[str, Any]

    @property
    def values(self) -> JsonObject:
        """The values of all questions, including defaults, except secrets and values that contain a secret."""
        values = self.context["cookiecutter"]
        hidden = secret_variables(self.compiled.questions)
        own = {name for name in self.answers if not self.compiled.questions.questions[name].secret}
        shown = [name for name in self.compiled.questions.questions if name in own or name not in hidden]
        return {n: values[n] for n in shown if not any(s in text for s in self.secrets for text in _texts(values[n]))}

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts of the secret questions' values."""
        questions = self.compiled.questions.questions
        return _texts([self.context["cookiecutter"][name] for name, question in questions.items() if question.secret])


@contextmanager
def _hiding(secrets: tuple[str, ...]) -> Iterator[None]:
    """Keep secrets out of error messages, including those of causes."""
    try:
        yield
    except (SkeletonError, OutputPathError) as error:
        if secrets:
            raise type(error)(_without(secrets, str(error))) from None
        raise
    except AnswersError as error:
        raise AnswersError([AnswerProblem(p.question, _without(secrets, p.message)) for p in error.problems]) from None


def _without(secrets: tuple[str, ...], message: str) -> str:
    for secret in secrets:
        message = message.replace(secret, HIDDEN)
    return message


def _texts(value: Any) -> tuple[str, ...]:
    """Every text in a value, longest first."""
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return tuple(sorted({text for part in value for text in _texts(part)}, key=len, reverse=True))
    return (value,) if isinstance(value, str) and value else ()


def mix(compiled: CompiledSkeleton, answers: JsonObject, surroundings: Surroundings, budget: BakeBudget) -> Mix:
    """The skeleton with its validated answers and its rendered defaults.

    Raises
    ------
    AnswersError    one or more answers are invalid; all are named
    SkeletonError   a default can't be rendered
    """
    questions = compiled.questions
    answers = check_answers(questions, answers, compiled.is_code)
    secret = [answers[name] for name, question in questions.questions.items() if question.secret and name in answers]

    def render(name: str, text: str, values: dict[str, Any]) -> str:
        line = line_of(questions.source, name) if compiled.is_code(text) else None
        return compiled.render_text(text, {"cookiecutter": values}, QUESTIONS_FILE, line)

    with metered(budget), _hiding(_texts(secret)):
        variables = resolve_variables(
            questions,
            json.loads(questions.source, object_pairs_hook=OrderedDict),
            answers,
            render,
            compiled.options.template_line_end,
        )
    about = {
        "_template": surroundings.template,
        "_output_dir": surroundings.output_dir,
        "_repo_dir": surroundings.repo_dir,
        "_checkout": surroundings.checkout,
    }
    return Mix(
        compiled, answers, {"cookiecutter": OrderedDict(variables.values | about), "_cookiecutter": variables.raw}
    )


def root_of(mixed: Mix, budget: BakeBudget) -> str:
    """The project's folder, relative to the output folder.

    Raises
    ------
    SkeletonError     its name can't be rendered
    OutputPathError   its name is empty, or it would be outside the output folder
    """
    with metered(budget), _hiding(mixed.secrets):
        return _root_of(mixed)


def _root_of(mixed: Mix) -> str:
    project = mixed.compiled.project
    root = contained(mixed.compiled.render_text(project, mixed.context, project), project, mixed.answers)
    if not root:
        raise OutputPathError(f"the project folder {project!r} would have an empty name")
    return root


def render(mixed: Mix, limits: BakeLimits, budget: BakeBudget) -> BakedTree:
    """All files and folders of the result.

    Raises
    ------
    SkeletonError     a template can't be rendered; its subclass LimitError if it exceeds a limit
    OutputPathError   an answer would put a file or folder where it must not be
    """
    with metered(budget), _hiding(mixed.secrets):
        output = OutputFolder(_root_of(mixed), limits)
        for step in mixed.compiled.steps:
            _take(step, mixed, output)
            budget.look_at_the_clock()
            budget.extend(RIGHT_OF_WAY.give_way())
        return output.tree()


def _take(step: RenderStep, mixed: Mix, output: OutputFolder) -> None:
    compiled = mixed.compiled
    source = f"{compiled.project}/{step.path}"
    path = contained(compiled.render_text(step.path, mixed.context, source), step.path, mixed.answers)
    if isinstance(step, MakeFolder):
        output.make_folder(path, step.path)
    elif isinstance(step, CopyFolder):
        output.copy_folder(path, step.path, step.folders, step.files)
    elif isinstance(step, CopyFile):
        output.write(path, step.path, step.file.content, step.file.mode)
    elif not output.is_folder(path):  # a file with an empty name, or the name of a folder, is left out
        output.write(path, step.path, compiled.render_body(step, mixed.context), step.file.mode)


def bake(
    compiled: CompiledSkeleton,
    answers: JsonObject,
    surroundings: Surroundings = Surroundings(),  # noqa: B008  # frozen
    limits: BakeLimits = BakeLimits(),  # noqa: B008  # frozen
) -> tuple[BakedTree, Mix]:
    """Validate the answers and render the skeleton: the files of the result, and the skeleton with its answers.

    Raises
    ------
    AnswersError, SkeletonError, OutputPathError   as in `mix` and `render`
    """
    budget = BakeBudget(limits)
    mixed = mix(compiled, answers, surroundings, budget)
    return render(mixed, limits, budget), mixed
