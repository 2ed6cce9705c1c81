"""The values that templates see: the skeleton's defaults rendered, the answers verbatim.

There are two passes, as in cookiecutter 2.7.1 (`prompt_for_config`): simple variables, choices and booleans first, then
objects, because their keys and values may refer to the others. Unlike in cookiecutter, an answer is never a template:
only what the skeleton's author wrote is rendered.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from scenedock.skeletons.problems import AnswerProblem, AnswersError
from scenedock.skeletons.questions.answers import YES, Answers, check_choice
from scenedock.skeletons.questions.questions import Questions
from scenedock.structs import dataclass

_LINE_END = re.compile(r"\r\n|\r|\n")

Render = Callable[[str, str, dict[str, Any]], str]
"""(name of the variable, text, values so far) → rendered text."""


@dataclass(frozen=True, slots=True)
class Variables:
    """`values` is what templates see as `cookiecutter`, `raw` what they see as `_cookiecutter`."""

    values: dict[str, Any]
    raw: dict[str, Any]


class _Resolver:
    """Resolves the defaults and answers of one bake to values."""

    def __init__(self, questions: Questions, answers: Answers, render: Render, line_end: str) -> None:
        self._questions = questions
        self._answers = answers
        self._render = render
        self._line_end = line_end
        self._values: dict[str, Any] = OrderedDict()  # as in cookiecutter: a template may print it
        self.problems: list[AnswerProblem] = []

    def resolve(self, variables: dict[str, Any]) -> dict[str, Any]:
        for name, raw in variables.items():
            if name.startswith("_") and not name.startswith("__"):
                self._values[name] = raw
            elif name.startswith("__"):
                self._values[name] = self._rendered(name, raw)
            elif isinstance(raw, list):
                self._values[name] = self._chosen(name, raw)
            elif not isinstance(raw, dict):
                answered = name in self._answers
                self._values[name] = self._verbatim(self._answers[name]) if answered else self._rendered(name, raw)
        for name, raw in variables.items():
            if isinstance(raw, dict) and (name.startswith("__") or not name.startswith("_")):
                self._values[name] = self._filled(name, raw, self._answers.get(name, {}))
        return self._values

    def _rendered(self, name: str, raw: Any) -> Any:
        """A value from the skeleton, rendered recursively; numbers become text."""
        if raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, dict):
            return {self._rendered(name, key): self._rendered(name, value) for key, value in raw.items()}
        if isinstance(raw, list):
            return [self._rendered(name, value) for value in raw]
        return self._render(name, str(raw), self._values)

    def _verbatim(self, answer: Any) -> Any:
        """An unrendered answer. As in cookiecutter, numbers become text and line ends become those of templates."""
        if answer is None or isinstance(answer, bool):
            return answer
        if isinstance(answer, dict):
            return {self._verbatim(key): self._verbatim(value) for key, value in answer.items()}
        if isinstance(answer, list):
            return [self._verbatim(value) for value in answer]
        return _LINE_END.sub(lambda _: self._line_end, str(answer))

    def _chosen(self, name: str, raw: list[Any]) -> Any:
        """The chosen option. An answer may name it as its author wrote it, or as rendered."""
        options = [self._rendered(name, option) for option in raw]
        if name not in self._answers:
            return options[0]
        try:
            return options[check_choice(self._questions.questions[name], self._answers[name], raw, options)]
        except ValueError as error:
            self.problems.append(AnswerProblem(name, str(error)))
            return options[0]

    def _filled(self, name: str, raw: dict[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
        """An object's defaults, updated with the answer; keys that the defaults don't have come last."""
        filled: dict[str, Any] = {}
        for key, value in raw.items():
            rendered = self._rendered(name, key)
            if key not in answer:
                filled[rendered] = self._rendered(name, value)
            elif isinstance(value, dict) and isinstance(answer[key], dict):
                filled[rendered] = self._filled(name, value, answer[key])
            else:
                filled[rendered] = self._verbatim(_as_boolean(value, answer[key]))
        for key, value in answer.items():
            if key not in raw:
                filled[self._verbatim(key)] = self._verbatim(value)
        return filled


def resolve_variables(
    questions: Questions, variables: dict[str, Any], answers: Answers, render: Render, line_end: str
) -> Variables:
    """The values of all variables; `variables` is this bake's own copy of cookiecutter.json, and is modified.

    Raises
    ------
    AnswersError    an answer is not one of the choices
    SkeletonError   a default can't be rendered (from `render`)
    """
    variables.pop("__prompts__", None)
    resolver = _Resolver(questions, answers, render, line_end)
    values = resolver.resolve(variables)
    if resolver.problems:
        raise AnswersError(resolver.problems)
    raw = {name: _overwritten(raw, answers.get(name)) for name, raw in variables.items() if not name.startswith("_")}
    return Variables({name: values[name] for name in variables} | values, raw)


def _same(answer: Any, option: Any) -> bool:
    return bool(answer == option) and isinstance(answer, bool) == isinstance(option, bool)


def _as_boolean(default: Any, answer: Any) -> Any:
    return answer.strip().lower() in YES if isinstance(default, bool) and isinstance(answer, str) else answer


def _overwritten(raw: Any, answer: Any) -> Any:
    """A default as `_cookiecutter` has it in cookiecutter: overwritten by the answer, not rendered."""
    if answer is None:
        return raw
    if isinstance(raw, list):
        chosen = [option for option in raw if _same(answer, option)]
        return chosen[:1] + [option for option in raw if not _same(answer, option)] if chosen else raw
    if isinstance(raw, dict) and isinstance(answer, dict):
        merged = OrderedDict(
            (key, _merged(value, answer[key]) if key in answer else value) for key, value in raw.items()
        )
        return merged | {key: value for key, value in answer.items() if key not in raw}
    return answer


def _merged(raw: Any, answer: Any) -> Any:
    if isinstance(raw, dict) and isinstance(answer, dict):
        return _overwritten(raw, answer)
    return _as_boolean(raw, answer)
