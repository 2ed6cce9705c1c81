"""Limit the time and text of one bake while its templates run.

A template is code, and a thread can't be stopped from outside. So the environment checks the bake's `BakeBudget` before
it allocates anything large, and after each loop step, call, filter and concatenation. What this can and can't limit is
explained in docs/decisions/0006-limits-of-a-bake.md.
"""

from __future__ import annotations

import time
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from contextlib import contextmanager
from contextvars import ContextVar

from jinja2.environment import TemplateModule
from jinja2.utils import Namespace

from scenedock.skeletons.problems import LimitError
from scenedock.structs import dataclass

LARGEST_NUMBER = 100_000
"""The largest width, count or repetition that a template may use, and the longest `range`."""

POINTER = 8
"""The cost of one element of a list, in bytes; text is counted by the character."""

STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 128


@dataclass(frozen=True, slots=True)
class BakeLimits:
    """The limits of one bake. The defaults are far above the needs of every public skeleton that we tried."""

    seconds: float = 10.0
    """Wall-clock time for rendering, without the time in which it lets requests go first."""
    steps: int = 2_000_000
    """Loop steps, calls and filters."""
    text: int = 64 * 1024 * 1024
    """Characters of text that templates create, including intermediate results."""
    output_bytes: int = 64 * 1024 * 1024
    """Bytes of all files of the result together."""
    files: int = 10_000
    """Files and folders of the result."""


class BakeBudget:
    """What is left of one bake's limits. It belongs to one thread.

    `modules` are the templates that this bake has imported: their variables must not outlive the bake.
    """

    def __init__(self, limits: BakeLimits) -> None:
        self.modules: dict[str | None, object] = {}
        self._limits = limits
        self._steps = limits.steps
        self._text = limits.text
        self._deadline = time.monotonic() + limits.seconds

    def step(self) -> None:
        """Count one step, and check the clock from time to time."""
        self._steps -= 1
        if self._steps < 0:
            raise LimitError(
                f"rendering took more than {self._limits.steps} steps; look for a loop that an answer can lengthen"
            )
        if self._steps % STEPS_BETWEEN_LOOKS_AT_THE_CLOCK == 0:
            self.look_at_the_clock()

    def extend(self, seconds: float) -> None:
        """Let the bake take so much longer: it has waited, which is no work of its templates."""
        self._deadline += seconds

    def look_at_the_clock(self) -> None:
        """Raise LimitError after the deadline."""
        if time.monotonic() > self._deadline:
            raise LimitError(f"rendering took longer than {self._limits.seconds:g} s; simplify the skeleton's loops")

    def take(self, characters: int) -> None:
        """Count text that was created or is about to be created."""
        self._text -= characters
        if self._text < 0:
            raise LimitError(
                f"rendering created more than {self._limits.text} characters of text; "
                "look for a width, a repetition or a loop that an answer can enlarge"
            )

    def take_value(self, value: object) -> None:
        """Count a new value: text by the character, containers by the element."""
        if isinstance(value, str | bytes):
            self.take(len(value))
        elif isinstance(value, list | tuple | set | frozenset | dict):
            self.take(POINTER * len(value))

    def take_spread(self, text: str) -> None:
        """Count a text as a list of its characters."""
        self.take(POINTER * len(text))

    def take_printed(self, value: object) -> None:
        """Count a value as it is printed. A container may hold the same large part many times, so look inside."""
        if isinstance(value, str | bytes):
            self.take(len(value))
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self.step()
                self.take_printed(key)
                self.take_printed(item)
        elif isinstance(value, list | tuple | set | frozenset | KeysView | ValuesView | ItemsView):
            for item in value:
                self.step()
                self.take_printed(item)
        elif isinstance(value, Namespace):
            self.take_printed(object.__getattribute__(value, "_Namespace__attrs"))  # it hides everything else
        elif isinstance(value, TemplateModule):
            self.take(len(str(value)))
        self.take(1)


_budget: ContextVar[BakeBudget] = ContextVar("bake_budget")


@contextmanager
def metered(budget: BakeBudget) -> Iterator[None]:
    """Count everything that templates do inside the block, in this thread, against the budget."""
    token = _budget.set(budget)
    try:
        yield
    finally:
        _budget.reset(token)


def budget() -> BakeBudget:
    """The budget of the bake that runs in this thread."""
    return _budget.get()


def allow_number(number: object) -> int:
    """The number, if it is within the limit for a width, count or repetition.

    Raises
    ------
    LimitError   it is larger
    """
    if isinstance(number, int) and number > LARGEST_NUMBER:
        raise LimitError(f"a template uses {number:.0e} as a width, count or repetition; the limit is {LARGEST_NUMBER}")
    return number if isinstance(number, int) else 0
