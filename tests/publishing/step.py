"""A step of a task, without the task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scenedock.actions import ACTIONS
from scenedock.actions.effects import Effects
from scenedock.model.action import Caller, Context


@dataclass
class Step:
    """What runs an action with effects, and keeps what it tells."""

    effects: Effects
    logged: list[str] = field(default_factory=list)

    def run(self, name: str, given: Mapping[str, Any], *, again: bool = False, task: str = "task-1") -> dict[str, Any]:
        """Run an action as the only step of a task, for Jane."""
        caller = Caller("token:ci", "token", user="user:default/jane", scope="run")
        context = Context(
            caller, self.effects, task_id=task, step_id="step-1", tried_before=again, log=self.logged.append
        )
        return dict({action.name: action for action in ACTIONS}[name].run(context, given))
