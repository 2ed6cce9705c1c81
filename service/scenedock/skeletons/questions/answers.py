"""Validate answers against the questions before anything is rendered, and report all problems at once."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject
from scenedock.skeletons.problems import AnswerProblem, AnswersError
from scenedock.skeletons.questions.questions import Question, Questions

YES = frozenset(["1", "true", "t", "yes", "y", "on"])
NO = frozenset(["0", "false", "f", "no", "n", "off"])
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DEEPEST = 20
_MOST_DIGITS = 4_000
"""Python converts numbers of at most 4,300 digits; a longer one is as good as infinite."""

Answers: TypeAlias = Mapping[str, Any]
"""Validated answers: text and numbers as text, as in cookiecutter; booleans and objects unchanged."""


def check_answers(questions: Questions, values: JsonObject, is_code: Callable[[str], bool]) -> Answers:
    """The validated answers, in the form in which they are rendered.

    Choices that contain Jinja (see `is_code`) are checked later, when the answers that they depend on are known.

    Raises
    ------
    AnswersError   one or more answers are invalid
    """
    problems = [AnswerProblem(name, _unknown(questions, name)) for name in values if name not in questions.questions]
    answers: dict[str, Any] = {}
    for name, question in questions.questions.items():
        if name not in values:
            if question.required:
                problems.append(AnswerProblem(name, "this question requires an answer"))
            continue
        try:
            answers[name] = _READERS[question.kind](question, values[name])
            if question.kind == "choice" and not any(is_code(str(choice)) for choice in choices_of(question)):
                check_choice(question, answers[name], choices_of(question))
        except ValueError as error:
            problems.append(AnswerProblem(name, str(error)))
    problems.extend(_equal_answers(questions, answers))
    if problems:
        raise AnswersError(problems)
    return answers


def _equal_answers(questions: Questions, answers: Answers) -> Iterator[AnswerProblem]:
    """The answers that must differ from another one, and don't; the default counts where there is no answer."""
    for name, question in questions.questions.items():
        if not (other := question.differs_from):
            continue
        mine, others = (answers.get(each, questions.questions[each].raw) for each in (name, other))
        if mine == others:
            yield AnswerProblem(name, f"{shown(question, mine)} is the answer to `{other}`, too; they must differ")


def typed_answer(question: Question | None, name: str, text: str) -> Json:
    """An answer from the command line: JSON if the question asks for an object, else the text itself.

    Raises
    ------
    InputError   it isn't JSON
    """
    if question is None or question.kind != "object":
        return text
    try:
        value: Json = json.loads(text)
    except ValueError as error:
        raise InputError(f"{name}: this question expects an object; write it as JSON ({error})") from None
    return value


def _unknown(questions: Questions, name: str) -> str:
    if name.startswith("_"):
        return "this is a private variable of the skeleton, not a question"
    return f"there is no such question; the skeleton asks for: {', '.join(questions.questions) or 'nothing'}"


def shown(question: Question, value: object) -> str:
    """The value for an error message; a secret one is hidden."""
    text = repr(value)
    return "the answer" if question.secret else text if len(text) <= 60 else f"{text[:57]}…"


def _text(question: Question, value: Json) -> Any:
    if value is None and question.raw is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and isinstance(question.raw, int | float):
        value = str(value)
    if not isinstance(value, str):
        hint = "; put it in quotes" if number else ""
        raise ValueError(f"{shown(question, value)} is not text{hint}")  # noqa: TRY004  # one exception for all readers
    _check_text(value)
    if question.required and not value.strip():
        raise ValueError("the answer must not be empty")
    if len(value) < question.min_length:
        raise ValueError(f"{shown(question, value)} is shorter than {question.min_length} characters")
    if len(value) > question.max_length:
        raise ValueError(f"{shown(question, value)} is longer than {question.max_length} characters")
    if question.pattern is not None and not question.pattern.is_valid(value):
        meaning = question.description or question.title
        hint = f" ({meaning})" if meaning != question.name else ""
        raise ValueError(f"{shown(question, value)} does not match `{question.pattern_text}`{hint}")
    return value


def _check_text(value: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("the text contains half of a surrogate pair, which can't be written as UTF-8") from None


def _integer(question: Question, value: Json) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or len(text) > question.max_length or not _INTEGER.fullmatch(text):
        raise ValueError(f"{shown(question, value)} is not a whole number")
    if question.minimum is None and question.maximum is None:
        return text
    number = int(text) if len(text) < _MOST_DIGITS else math.copysign(math.inf, -1 if text[0] == "-" else 1)
    if question.minimum is not None and number < question.minimum:
        raise ValueError(f"{shown(question, value)} is less than {question.minimum}")
    if question.maximum is not None and number > question.maximum:
        raise ValueError(f"{shown(question, value)} is more than {question.maximum}")
    return text


def _boolean(question: Question, value: Json) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in YES or word in NO:
        return word in YES
    raise ValueError(f"{shown(question, value)} is neither true nor false")


def _choice(_: Question, value: Json) -> Json:
    if isinstance(value, str):
        _check_text(value)
    return value


def choices_of(question: Question) -> list[Json]:
    """The choices as the author wrote them."""
    return list(question.raw) if isinstance(question.raw, list) else []


def check_choice(question: Question, answer: Json, written: Sequence[Json], rendered: Sequence[Any] = ()) -> int:
    """The index of the choice that matches an answer: as its author wrote it, as rendered, or as text.

    Raises
    ------
    ValueError   none matches
    """
    for index, choice in enumerate(written):
        names = (choice, rendered[index] if rendered else str(choice))
        if any(answer == name and isinstance(answer, bool) == isinstance(name, bool) for name in names):
            return index
    raise ValueError(f"{shown(question, answer)} is not one of {', '.join(map(str, rendered or written))}")


def _object(question: Question, value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise ValueError(f"{shown(question, value)} is not an object")  # noqa: TRY004  # one exception for all readers
    for part in _parts(value, _DEEPEST):
        if isinstance(part, str):
            _check_text(part)
            if len(part) > question.max_length:
                raise ValueError(f"it contains a text that is longer than {question.max_length} characters")
    _check_booleans(question.raw, value, question.name)
    return value


def _parts(value: Json, deeper: int) -> Iterator[Json]:
    if deeper == 0:
        raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"the key {key!r} is not text; put it in quotes")  # noqa: TRY004  # as above
            yield key
            yield from _parts(item, deeper - 1)
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item, deeper - 1)
    elif value is None or isinstance(value, str | int | float):
        yield value
    else:
        raise ValueError(f"a value of type {type(value).__name__} is not JSON; put it in quotes")


def _check_booleans(default: Json, value: JsonObject, place: str) -> None:
    """If a default is a boolean, an answer in text must be a word for true or false, as in cookiecutter."""
    for key, item in value.items():
        expected = default.get(key) if isinstance(default, dict) else None
        if isinstance(expected, bool) and isinstance(item, str) and item.strip().lower() not in YES | NO:
            raise ValueError(f"{place}.{key} is neither true nor false")
        if isinstance(expected, dict) and isinstance(item, dict):
            _check_booleans(expected, item, f"{place}.{key}")


_READERS: Mapping[str, Callable[[Question, Json], Any]] = {
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "choice": _choice,
    "object": _object,
}
