"""What can be wrong with a skeleton or with the answers, said to the person who can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from scenedock.errors import InputError


class SkeletonError(InputError):
    """The skeleton can't be baked as its author wrote it; the message names the file, and the line if there is one."""


class LimitError(SkeletonError):
    """Rendering asked for more time, text or files than a bake may have."""


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """One thing that is wrong with one answer."""

    question: str
    message: str

    def __str__(self) -> str:
        return f"{self.question}: {self.message}"


class AnswersError(InputError):
    """One or more answers are wrong; `problems` has all of them, in the order of the questions."""

    heading: ClassVar[str] = "The answers don't fit the questions"

    def __init__(self, problems: Sequence[AnswerProblem]) -> None:
        super().__init__("\n  ".join([f"{self.heading}:", *map(str, problems)]))
        self.problems = tuple(problems)
