"""Errors in a skeleton or in the answers, with messages for the person who can fix them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from scenedock.errors import InputError
from scenedock.structs import dataclass


class SkeletonError(InputError):
    """The skeleton has an error that its author must fix; the message names the file, and the line if it is known."""


class LimitError(SkeletonError):
    """Rendering exceeded a limit of time, text or files."""


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """One problem of one answer."""

    question: str
    message: str

    def __str__(self) -> str:
        return f"{self.question}: {self.message}"


class AnswersError(InputError):
    """One or more answers are invalid; `problems` has all problems, in the order of the questions."""

    heading: ClassVar[str] = "Invalid answers"

    def __init__(self, problems: Sequence[AnswerProblem]) -> None:
        super().__init__("\n  ".join([f"{self.heading}:", *map(str, problems)]))
        self.problems = tuple(problems)
