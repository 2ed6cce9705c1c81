"""Compensations: how an action takes back what a completed step of it has done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from scenedock.model.action import Action, Context
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, replace


@dataclass(frozen=True, slots=True)
class DoneStep:
    """A step that has completed, with its output."""

    task_id: str
    step_id: str
    output: JsonObject


Compensation: TypeAlias = Callable[[Context[Any], DoneStep], Sequence[str]]
"""Takes back what a step has done, and says in sentences what it took back, and what it left and why.

It may be called again, after a kill or by somebody else: what is taken back already is no failure.
"""


def undone_by(compensation: Compensation) -> Callable[[Action[Any]], Action[Any]]:
    """Mark an action with its compensation, which stands beside it."""
    return lambda action: replace(action, compensation=compensation)
